import { fc, test } from '@fast-check/jest'
import { arange, full, reshape, tensor, zeros } from '@tapegrad/autograd'

describe('formatTensor', () => {
  test('shows dtype, shape and elements, a scalar bare', () => {
    expect(String(tensor(5))).toBe('Tensor float32 []\n5')
    expect(String(tensor(Float64Array.of(0.1, -2)))).toBe('Tensor float64 [2]\n[0.1,  -2]')
    expect(String(tensor([true, false]))).toBe('Tensor bool [2]\n[ true, false]')
  })

  test('aligns columns and separates matrices by an empty line', () => {
    const x = reshape(arange(0, 12, 1, { dtype: 'int32' }), [2, 3, 2])
    expect(String(x)).toBe(
      [
        'Tensor int32 [2, 3, 2]',
        '[[[ 0,  1],',
        '  [ 2,  3],',
        '  [ 4,  5]],',
        '',
        ' [[ 6,  7],',
        '  [ 8,  9],',
        '  [10, 11]]]',
      ].join('\n'),
    )
  })

  test('shows float32 to the digits that it can promise, float64 in full', () => {
    expect(String(tensor([0.1, 1 / 3, 1e-7, 3e38]))).toContain('0.1, 0.3333333,      1e-7,     3e+38')
    expect(String(tensor(0.1 + 0.2, { dtype: 'float64' }))).toContain('0.30000000000000004')
  })

  test('shows NaN and infinities', () => {
    expect(String(tensor([NaN, Infinity, -Infinity]))).toContain('[      NaN,  Infinity, -Infinity]')
  })

  test('leaves out the middle of the long axes of tensors of more than 200 elements', () => {
    expect(String(arange(0, 200)).match(/\d+/g)).toHaveLength(200 + 2)
    expect(String(arange(0, 201))).toBe('Tensor float32 [201]\n[  0,   1,   2, …, 198, 199, 200]')
    expect(String(full([1000, 2], 7))).toBe(
      'Tensor float32 [1000, 2]\n[[7, 7],\n [7, 7],\n [7, 7],\n …,\n [7, 7],\n [7, 7],\n [7, 7]]',
    )
  })

  test.prop([fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 4 })])(
    'stays short for large tensors',
    (shape) => {
      expect(String(zeros(shape)).length).toBeLessThan(10_000)
    },
  )

  test('stays short for tensors of many short axes', () => {
    expect(String(zeros(new Array<number>(16).fill(2))).length).toBeLessThan(10_000)
  })

  test('says that there is nothing in an empty tensor, however long its axes', () => {
    expect(String(zeros([0]))).toBe('Tensor float32 [0]\n(no elements)')
    expect(String(zeros([2 ** 30, 0, 2 ** 30]))).toBe(
      'Tensor float32 [1073741824, 0, 1073741824]\n(no elements)',
    )
  })
})
