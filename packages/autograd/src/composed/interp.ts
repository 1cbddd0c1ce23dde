/** interp: the piecewise linear function through given points. */
import { ShapeError } from '../errors.js'
import { add, div, mul, sub } from '../primitives/arithmetic.js'
import { take } from '../primitives/indexing.js'
import { segmentOf } from '../primitives/searchSorted.js'
import { slice } from '../primitives/shape.js'
import { formatShape, sameShape } from '../shape.js'
import type { Join, JoinTensor, Value } from '../value.js'
import { checkValue, shapeOf } from '../value.js'
import { clip } from './activations.js'

/**
 * The function that is linear between the points (xs[i], ys[i]) and constant beyond the first and last, at each
 * element of `x`: of the shape of `x`; NaN gives NaN. `xs` and `ys` are vectors of equal length, at least 2, and
 * `xs` increases. Differentiable in all three; the derivative by x is, at a point, the slope of the segment on its
 * right; at the last point, that of the last segment; and beyond the ends 0.
 *
 * Throws ShapeError where the vectors aren't such, ArgumentError where `xs` doesn't increase.
 */
export function interp<A extends Value, B extends Value, C extends Value>(
  x: A,
  xs: B,
  ys: C,
): JoinTensor<Join<Join<A, B>, C>>
export function interp(x: Value, xs: Value, ys: Value): Value {
  checkValue('interp: x', x)
  checkValue('interp: xs', xs)
  checkValue('interp: ys', ys)
  const shape = shapeOf(xs)
  if (shape.length !== 1 || shape[0] < 2 || !sameShape(shape, shapeOf(ys)))
    throw new ShapeError(
      'INTERPOLATION_POINTS',
      `interp: got xs of shape ${formatShape(shape)} and ys of shape ${formatShape(shapeOf(ys))}; ` +
        'wants two vectors of equal length, at least 2',
    )
  const inside = clip(x, take(xs, 0), take(xs, -1))
  const segment = segmentOf(xs, inside, undefined)
  const left = take(xs, segment)
  const width = sub(take(slice(xs, [1]), segment), left)
  const share = div(sub(inside, left), width)
  // Weighing both ends hits each exactly.
  return add(mul(sub(1, share), take(ys, segment)), mul(share, take(slice(ys, [1]), segment)))
}
