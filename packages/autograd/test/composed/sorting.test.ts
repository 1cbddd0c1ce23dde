/** Sorting: against JavaScript's sort, and where derivatives go. */
import fc from 'fast-check'
import { axisOf, shape, tensor as anyTensor } from '@tapegrad/autograd/testing'
import { ArgumentError, ShapeError, grad, mul, sort, sum, tensor, topK } from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { at, elementsOf, expectTensor } from '../support/reference.js'

const calls = anyTensor({ shape: shape({ minRank: 1 }) }).chain((x) =>
  fc.tuple(fc.constant(x), axisOf(x.rank), fc.boolean()),
)

test('sort gives what Array.prototype.sort gives, along any axis and in either order', () => {
  fc.assert(
    fc.property(calls, ([x, axis, descending]) => {
      const along = axis < 0 ? axis + x.rank : axis
      const expected = elementsOf(x.shape, (index) => {
        const line = Array.from({ length: x.shape[along] }, (_, k) => at(x, index.with(along, k)))
        return line.sort((a, b) => (descending ? b - a : a - b))[index[along]]
      })
      expectTensor(sort(x, { axis, descending }), x.shape, 'float64', expected)
    }),
  )
})

test('sort puts NaN last in either order, and keeps the dtype', () => {
  expectTensor(sort(tensor([2, NaN, 1])), [3], 'float32', [1, 2, NaN])
  expectTensor(sort(tensor([2, NaN, 1]), { descending: true }), [3], 'float32', [2, 1, NaN])
  expectTensor(sort(tensor([2, 0, 1], { dtype: 'int32' })), [3], 'int32', [0, 1, 2])
})

test('topK is the beginning of the descending order, with the places', () => {
  fc.assert(
    fc.property(
      calls.chain(([x, axis]) =>
        fc.tuple(fc.constant(x), fc.constant(axis), fc.nat({ max: x.shape.at(axis)! })),
      ),
      ([x, axis, k]) => {
        const { values, indices } = topK(x, k, { axis })
        const along = axis < 0 ? axis + x.rank : axis
        const whole = sort(x, { axis, descending: true })
        const kept = x.shape.with(along, k)
        expectTensor(
          values,
          kept,
          'float64',
          elementsOf(kept, (index) => at(whole, index)),
        )
        expect(indices.dtype).toBe('int32')
        const picked = elementsOf(kept, (index) => at(x, index.with(along, at(indices, index))))
        expectTensor(values, kept, 'float64', picked)
      },
    ),
  )
})

test('of equal elements topK takes the first, and NaN only where numbers run out', () => {
  expect(topK(tensor([1, NaN, 1, 1]), 2).indices.toArray()).toEqual([0, 2])
  expect(topK(tensor([1, NaN]), 2).indices.toArray()).toEqual([0, 1])
})

test('derivatives go back to where the elements came from', () => {
  const x = tensor([3, 1, 2])
  expect(grad((y) => sum(mul(sort(y), tensor([10, 20, 30]))))(x).toArray()).toEqual([30, 10, 20])
  expect(grad((y) => sum(topK(y, 2).values))(x).toArray()).toEqual([1, 0, 1])
})

test('sort and topK say what they can not do', () => {
  expectError(() => sort(tensor([1]), { axis: 1 }), ShapeError, 'UNKNOWN_AXIS', /^sort: /)
  expectError(() => topK(2, 0), ShapeError, 'UNKNOWN_AXIS', /^topK: /)
  for (const k of [-1, 4, 0.5])
    expectError(
      () => topK(tensor([1, 2, 3]), k),
      ArgumentError,
      'TOP_K',
      `topK: k is ${k} along an axis of size 3; wants a whole number from 0 to 3`,
    )
})

test('sort and topK are methods too', () => {
  expect(tensor([2, 1]).sort().toArray()).toEqual([1, 2])
  expect(tensor([2, 1]).topK(1).values.toArray()).toEqual([2])
})
