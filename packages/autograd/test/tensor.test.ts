import { inspect } from 'node:util'
import { fc, test } from '@fast-check/jest'
import type { NestedNumbers } from '@tapegrad/autograd'
import { ArgumentError, ShapeError, arange, reshape, tensor, zeros } from '@tapegrad/autograd'
import { sizeOf } from '../src/shape.js'
import { dtype, filledShape, shape } from './support/arbitraries.js'
import { expectError } from './support/errors.js'

function nested(shape: readonly number[]): fc.Arbitrary<NestedNumbers> {
  if (shape.length === 0) return fc.float({ noNaN: true }).map((x) => x)
  const [extent, ...rest] = shape
  return fc.array(nested(rest), { minLength: extent, maxLength: extent })
}

describe('Tensor', () => {
  test.prop([filledShape.chain((shape) => fc.tuple(fc.constant(shape), nested(shape)))])(
    'toArray gives back the nested arrays that it was made from',
    ([shape, elements]) => {
      const x = tensor(elements)
      expect(x.toArray()).toEqual(elements)
      expect(x.shape).toEqual(shape)
      expect(x.rank).toBe(shape.length)
      expect(x.size).toBe(sizeOf(shape))
      expect(x.data).toHaveLength(x.size)
    },
  )

  test.prop([shape, dtype])('toArray has the structure of the shape, empty axes too', (shape, dtype) => {
    const x = zeros(shape, { dtype })
    const structure = (array: NestedNumbers): number[] =>
      typeof array === 'number' ? [] : [array.length, ...(array.length > 0 ? structure(array[0]) : [])]
    const firstEmpty = shape.indexOf(0)
    expect(structure(x.toArray())).toEqual(firstEmpty < 0 ? shape : shape.slice(0, firstEmpty + 1))
  })

  test('item gives the only element, whatever the rank', () => {
    expect(tensor(5).item()).toBe(5)
    expect(tensor([[[7]]]).item()).toBe(7)
    expect(tensor(true).item()).toBe(1)
  })

  test('item of another size says how many elements there are', () => {
    expectError(
      () => tensor([[1, 2]]).item(),
      ShapeError,
      'NOT_ONE_ELEMENT',
      'item: a tensor of shape [1, 2] has 2 elements, not one; read toArray() or data',
    )
    expectError(() => zeros([0]).item(), ShapeError, 'NOT_ONE_ELEMENT', /shape \[0\] has 0 elements/)
  })

  test('reshape shares the data', () => {
    const x = arange(0, 6)
    expect(reshape(x, [2, 3]).data).toBe(x.data)
  })

  test('reads as text in templates, in String and when inspected', () => {
    const x = tensor([1, 2])
    const text = 'Tensor float32 [2]\n[1, 2]'
    expect(`${x}`).toBe(text)
    expect(String(x)).toBe(text)
    expect(inspect(x)).toBe(text)
  })

  test("refuses JavaScript's operators, which would give NaN, and names what to write", () => {
    const x = tensor([1, 2]) as unknown as number
    const message =
      "tensor: JavaScript's operators (*, +, <, …) don't work on a tensor; write mul(x, 2) or x.mul(2), add, less, …"
    for (const use of [() => x * 2, () => 2 - x, () => x + 1, () => x < 3, () => -x, () => +x, () => `a` + x])
      expectError(use, ArgumentError, 'OPERATOR', message)
  })
})
