/** Holds interp to its definition and to its conventions at the points and beyond the ends. */
import { fc, test } from '@fast-check/jest'
import { ArgumentError, ShapeError, grad, interp, sum, tensor } from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { expectClose, expectTensor, tensorOf } from '../support/reference.js'

const [xs, ys] = [tensorOf([0, 1, 3], [3]), tensorOf([10, 20, 0], [3])]

test.prop([fc.double({ min: -1, max: 4, noNaN: true })])(
  'it is linear between points and constant beyond',
  (x) => {
    const expected = x < 0 ? 10 : x < 1 ? 10 + 10 * x : x < 3 ? 20 - 10 * (x - 1) : 0
    expectClose(interp(x, xs, ys).item(), expected, 1e-14)
  },
)

test.prop([
  fc
    .uniqueArray(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2 })
    .map((list) => list.map((x) => x + 0)),
  fc.infiniteStream(fc.double({ min: -5, max: 5, noNaN: true })),
])('it goes through the points exactly', (points, heights) => {
  const inOrder = [...new Set(points)].sort((a, b) => a - b)
  fc.pre(inOrder.length > 1)
  const values = inOrder.map(() => heights.next().value)
  const knots = tensorOf(inOrder, [inOrder.length])
  expectTensor(interp(knots, knots, tensorOf(values, knots.shape)), knots.shape, 'float64', values)
})

test('beyond the ends it has the values there, and NaN gives NaN', () => {
  const x = tensor([[-Infinity, Infinity, NaN]], { dtype: 'float64' })
  expectTensor(x.interp(xs, ys), [1, 3], 'float64', [10, 0, NaN])
})

test('the derivative at a point is the slope on its right, at the last point the last slope, beyond 0', () => {
  const x = tensorOf([-1, 0, 0.5, 1, 2, 3, 4], [7])
  const slopes = grad((at) => sum(interp(at, xs, ys)))(x)
  expect(slopes.toArray()).toEqual([0, 10, 10, -10, -10, -10, 0])
})

test('beyond an end only the end point counts', () => {
  const [byKnots, byHeights] = grad((knots, heights) => sum(interp(-1, knots, heights)), [0, 1])(xs, ys)
  expect(byKnots.toArray()).toEqual([0, 0, 0])
  expect(byHeights.toArray()).toEqual([1, 0, 0])
})

test('dtypes are promoted; integers give float32', () => {
  const points = tensor([0, 2], { dtype: 'int32' })
  expectTensor(interp(1, points, points), [], 'float32', [1])
  expectTensor(interp(tensor([1]), tensorOf([0, 2], [2]), points), [1], 'float64', [1])
})

test('what are no increasing points is an error', () => {
  expectError(
    () => interp(1, tensor([1, 2]), tensor([1, 2, 3])),
    ShapeError,
    'INTERPOLATION_POINTS',
    'interp: got xs of shape [2] and ys of shape [3]; wants two vectors of equal length, at least 2',
  )
  expectError(() => interp(1, tensor([1]), tensor([1])), ShapeError, 'INTERPOLATION_POINTS', /at least 2/)
  expectError(
    () => interp(1, tensor([1, 1]), tensor([1, 2])),
    ArgumentError,
    'NOT_SORTED',
    'interp: got the vector [1, 1] of shape [2]; wants one that increases from element to element',
  )
})
