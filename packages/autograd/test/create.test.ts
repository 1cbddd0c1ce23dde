import { fc, test } from '@fast-check/jest'
import type { DType, NestedNumbers } from '@tapegrad/autograd'
import {
  ArgumentError,
  DTypeError,
  ShapeError,
  Tape,
  arange,
  eye,
  full,
  linspace,
  matmul,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
} from '@tapegrad/autograd'
import { sizeOf } from '../src/shape.js'
import { dtype, filledShape, shape, wholeTensor } from './support/arbitraries.js'
import { expectError } from './support/errors.js'

describe('tensor', () => {
  test.each<[DType, Float32Array | Float64Array | Int32Array | Uint8Array]>([
    ['float32', Float32Array.of(1, 2)],
    ['float64', Float64Array.of(1, 2)],
    ['int32', Int32Array.of(1, 2)],
    ['uint8', Uint8Array.of(1, 2)],
  ])('takes a typed array over without copying: %s', (dtype, data) => {
    const x = tensor(data)
    expect(x.data).toBe(data)
    expect(x.dtype).toBe(dtype)
    expect(x.shape).toEqual([2])
    expect(tensor(data, { shape: [2, 1] }).data).toBe(data)
  })

  test('reads clamped bytes, such as of a canvas, in place', () => {
    const pixels = Uint8ClampedArray.of(1, 2, 3)
    const x = tensor(pixels.subarray(1))
    expect(x.dtype).toBe('uint8')
    expect(x.toArray()).toEqual([2, 3])
    expect(x.data.buffer).toBe(pixels.buffer)
  })

  test.prop([filledShape.chain(wholeTensor), dtype])(
    'gives a tensor back, in the dtype asked for',
    (x, dtype) => {
      const converted = tensor(x, { dtype })
      expect(converted.dtype).toBe(dtype)
      expect(converted.shape).toEqual(x.shape)
      const convert: Record<DType, (x: number) => number> = {
        float32: Math.fround,
        float64: (x) => x,
        int32: (x) => x | 0,
        uint8: (x) => x & 255,
        bool: (x) => (x === 0 ? 0 : 1),
      }
      expect(Array.from(converted.data)).toEqual(Array.from(x.data, convert[dtype]))
    },
  )

  test('shares the data of a tensor or array that already has the dtype', () => {
    const x = tensor([1, 2, 3, 4])
    expect(tensor(x, { shape: [2, 2] }).data).toBe(x.data)
    const flags = tensor([true, false])
    expect(tensor(flags, { dtype: 'uint8' }).data).toBe(flags.data)
  })

  test('bytes become bool by whether they are 0, in a copy', () => {
    const bytes = Uint8Array.of(0, 1, 7)
    const flags = tensor(bytes, { dtype: 'bool' })
    expect(flags.toArray()).toEqual([0, 1, 1])
    expect(bytes).toEqual(Uint8Array.of(0, 1, 7))
  })

  test('nested arrays become float32 unless all their elements are booleans', () => {
    expect(tensor([[1, 2]]).dtype).toBe('float32')
    expect(tensor([true, false]).dtype).toBe('bool')
    expect(tensor([true, 2]).dtype).toBe('float32')
    expect(tensor([]).dtype).toBe('float32')
    expect(tensor([[1, 2]], { dtype: 'int32' }).dtype).toBe('int32')
  })

  test('nested arrays are copied', () => {
    const rows = [[1, 2]]
    const x = tensor(rows)
    rows[0][0] = 9
    expect(x.toArray()).toEqual([[1, 2]])
  })

  test('a shape given by the caller is copied', () => {
    const shape = [2, 1]
    const x = tensor([1, 2], { shape })
    shape[0] = 9
    expect(x.shape).toEqual([2, 1])
  })

  test('arrays may be empty', () => {
    expect(tensor([]).shape).toEqual([0])
    expect(tensor([[], []]).shape).toEqual([2, 0])
  })

  test.each<[NestedNumbers, string]>([
    [[[1, 2], [3]], 'found an array of 1 at depth 1, where the first had an array of 2'],
    [[[1, 2], 3], 'found the element 3 at depth 1, where the first had an array of 2'],
    [[1, [2]], 'found an array of 1 at depth 1, where the first had a number'],
    [[[], [1]], 'found an array of 1 at depth 1, where the first had an array of 0'],
    [[[[1]], [[1, 2]]], 'found an array of 2 at depth 2, where the first had an array of 1'],
  ])('ragged arrays are an error that says where: %j', (elements, found) => {
    expectError(() => tensor(elements), ShapeError, 'RAGGED_ARRAY', `tensor: ragged array: ${found}`)
  })

  test.each([
    ['string', ['1']],
    ['undefined', [undefined]],
    ['null', [null]],
    ['bigint', [[1n]]],
    ['object', [{}]],
    ['object', [tensor(1)]],
    ['string', '12'],
  ])('an element that is a %s is an error', (kind, elements) => {
    expectError(
      () => tensor(elements as never),
      ArgumentError,
      'NOT_A_NUMBER',
      `tensor: got ${kind} among the elements; wants numbers, booleans, or arrays of them. To join tensors or variables use stack or concat`,
    )
  })

  test('typed arrays that no tensor holds are an error', () => {
    expectError(
      () => tensor(Int16Array.of(1) as never),
      DTypeError,
      'UNKNOWN_STORAGE',
      'tensor: got a Int16Array; wants a Float32Array, Float64Array, Int32Array or Uint8Array',
    )
  })

  test('elements that do not fill the shape are an error', () => {
    expectError(
      () => tensor([1, 2, 3], { shape: [2, 2] }),
      ShapeError,
      'DATA_SIZE',
      "tensor: 3 elements don't fill shape [2, 2], which takes 4",
    )
  })

  test('an unknown dtype is an error', () => {
    expectError(
      () => tensor([1], { dtype: 'float16' as DType }),
      DTypeError,
      'UNKNOWN_DTYPE',
      'tensor: unknown dtype float16; there are float32, float64, int32, uint8, bool',
    )
  })
})

describe('full, zeros, ones', () => {
  test.prop([shape, dtype, fc.integer({ min: 0, max: 200 })])('fill the shape', (shape, dtype, value) => {
    for (const [x, element] of [
      [zeros(shape, { dtype }), 0],
      [ones(shape, { dtype }), 1],
      [full(shape, value, { dtype }), dtype === 'bool' ? Math.min(value, 1) : value],
    ] as const) {
      expect(x.dtype).toBe(dtype)
      expect(x.shape).toEqual(shape)
      expect(Array.from(x.data)).toEqual(new Array(sizeOf(shape)).fill(element))
    }
  })

  test('are float32 unless said otherwise', () => {
    expect([zeros([1]).dtype, ones([1]).dtype, full([1], 2).dtype]).toEqual(['float32', 'float32', 'float32'])
  })

  test.each([[[-1]], [[1.5]], [[2, NaN]], [[Infinity]], [['2']]])('refuse the shape %j', (shape) => {
    expectError(
      () => zeros(shape as number[]),
      ShapeError,
      'INVALID_SHAPE',
      `zeros: invalid shape [${shape.join(', ')}]; sizes are whole numbers of at least 0`,
    )
  })

  test.each([[3], [undefined], ['23'], [{ length: 1 }]])('refuse %j, which is no shape', (shape) => {
    expectError(
      () => ones(shape as unknown as number[]),
      ShapeError,
      'INVALID_SHAPE',
      /^ones: the shape is .*; wants an array of sizes, such as \[2, 3\]$/,
    )
  })

  test('refuse absurd sizes before allocating anything', () => {
    expectError(
      () => zeros([2 ** 20, 2 ** 20]),
      ShapeError,
      'TOO_LARGE',
      'zeros: shape [1048576, 1048576] has 1099511627776 elements; at most 2147483648 fit',
    )
    expectError(() => zeros(new Array<number>(40).fill(2 ** 52)), ShapeError, 'TOO_LARGE', /at most/)
    expectError(() => tensor([1], { shape: [2 ** 40] }), ShapeError, 'TOO_LARGE', /^tensor: /)
    expectError(() => eye(2 ** 20), ShapeError, 'TOO_LARGE', /^eye: /)
    expectError(() => arange(0, 2 ** 40), ShapeError, 'TOO_LARGE', /^arange: /)
    expectError(() => linspace(0, 1, 2 ** 40), ShapeError, 'TOO_LARGE', /^linspace: /)
  })
})

describe('zerosLike, onesLike', () => {
  test.prop([shape, dtype])('have the shape and dtype of their example', (shape, dtype) => {
    const x = full(shape, 3, { dtype })
    expect(zerosLike(x)).toEqual(zeros(shape, { dtype }))
    expect(onesLike(x)).toEqual(ones(shape, { dtype }))
    expect(zerosLike(new Tape().variable(x))).toEqual(zeros(shape, { dtype }))
  })

  test('a number gives a number', () => {
    expect([zerosLike(5), onesLike(5), onesLike(new Tape().variable(5))]).toEqual([0, 1, 1])
  })

  test('refuse what is no value', () => {
    expectError(
      () => zerosLike([1] as never),
      ArgumentError,
      'WRONG_TYPE',
      'zerosLike: got plain array, wants a number, Tensor or Variable; wrap arrays with tensor(…)',
    )
  })
})

describe('eye', () => {
  test.prop([fc.integer({ min: 0, max: 6 })])('is 1 on the diagonal and 0 beside it', (n) => {
    const rows = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)))
    expect(eye(n).toArray()).toEqual(rows)
    expect(eye(n).shape).toEqual([n, n])
  })

  test.prop([fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })).chain(wholeTensor)])(
    'is neutral in matrix products',
    (x) => {
      expect(matmul(eye(x.shape[0], { dtype: 'float64' }), x).toArray()).toEqual(x.toArray())
    },
  )
})

describe('arange', () => {
  const end = fc.double({ min: -1000, max: 1000, noNaN: true })
  const step = fc.double({ min: 0.5, max: 100, noNaN: true })

  test.prop([end, end, step, fc.boolean()])(
    'steps from the start and ends before the stop',
    (start, stop, size, down) => {
      const step = down ? -size : size
      const range = arange(start, stop, step, { dtype: 'float64' })
      range.data.forEach((x, i) => {
        expect(x).toBe(start + i * step)
        expect(down ? x > stop : x < stop).toBe(true)
      })
      const next = start + (range.size + 1e-9) * step
      expect(down ? next <= stop : next >= stop).toBe(true)
    },
  )

  test('leaves the stop out where rounding makes the number of steps too large', () => {
    // (1.3 − 1) / 0.1 is 3.0000000000000004.
    expect(arange(1, 1.3, 0.1).size).toBe(3)
  })

  test('counts up by 1 unless said otherwise', () => {
    expect(arange(2, 5).toArray()).toEqual([2, 3, 4])
    expect(arange(5, 2).toArray()).toEqual([])
    expect(arange(5, 2, -1, { dtype: 'int32' }).toArray()).toEqual([5, 4, 3])
  })

  test.each([
    [0, 1, 0],
    [1, 0, 0],
    [1, 1, 0],
    [0, Infinity, 1],
    [0, -Infinity, 1],
    [Infinity, 0, 1],
    [NaN, 1, 1],
    [0, 1, NaN],
    [0, 1, Infinity],
  ])('refuses the range from %d to %d in steps of %d', (start, stop, step) => {
    expectError(
      () => arange(start, stop, step),
      ArgumentError,
      'INVALID_RANGE',
      `arange: from ${start} to ${stop} in steps of ${step} is no finite range; wants finite ends and a step other than 0`,
    )
  })
})

describe('linspace', () => {
  const end = fc.double({ min: -1e6, max: 1e6, noNaN: true })

  test.prop([end, end, fc.integer({ min: 2, max: 50 })])(
    'hits both ends exactly and is evenly spaced between',
    (start, stop, count) => {
      const { data } = linspace(start, stop, count, { dtype: 'float64' })
      expect(data).toHaveLength(count)
      // Adding 0 makes no difference between zeros of either sign.
      expect(data[0] + 0).toBe(start + 0)
      expect(data[count - 1] + 0).toBe(stop + 0)
      for (let i = 1; i < count; i++)
        expect(Math.abs(data[i] - data[i - 1] - (stop - start) / (count - 1))).toBeLessThan(1e-8)
    },
  )

  test('of one number is the start, of none empty', () => {
    expect(linspace(3, 7, 1).toArray()).toEqual([3])
    expect(linspace(3, 7, 0).toArray()).toEqual([])
  })

  test('refuses a count that is no size', () => {
    expectError(() => linspace(0, 1, -1), ShapeError, 'INVALID_SHAPE', /^linspace: invalid shape \[-1\]/)
  })
})
