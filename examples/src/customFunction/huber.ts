/** The Huber loss, a differentiable function with a derivative of its own. */
import { abs, clip, differentiable, lessEqual, mul, square, sub, where, type Value } from '@tapegrad/autograd'

/**
 * The Huber loss of residuals, element by element: r²/2 where |r| ≤ `delta`, beyond that the line
 * delta · (|r| − delta/2), so that a single outlier can't pull without limit. Its derivative is r, clipped to ±delta.
 */
export function huber(delta: number): (residuals: Value) => Value {
  return differentiable('huber', {
    forward: (r: Value) =>
      where(lessEqual(abs(r), delta), mul(0.5, square(r)), mul(delta, sub(abs(r), delta / 2))),
    backward: (upstream, { inputs: [r] }) => [mul(upstream, clip(r, -delta, delta))],
  })
}
