/** Fits a derivative to the value it belongs to: the one place where broadcasting and promotion are undone. */
import { ShapeError } from './errors.js'
import { cast } from './primitives/cast.js'
import { toNumber } from './primitives/toNumber.js'
import { sum } from './primitives/reductions.js'
import { broadcastTo, reshape } from './primitives/shape.js'
import type { Shape } from './shape.js'
import { broadcastAxes, broadcastsTo, formatShape, sameShape } from './shape.js'
import type { Spec, Value } from './value.js'
import { dtypeOf, kindOf, shapeOf } from './value.js'

/**
 * `derivative` with the kind, shape and dtype of `spec`: summed over the axes along which the value was
 * broadcast, or broadcast itself where a rule gave less than the whole; cast; and made a number where the value
 * is one. Differentiable.
 */
export function fit(derivative: Value, { kind, shape, dtype }: Spec): Value {
  let fitted = derivative
  if (!sameShape(shapeOf(fitted), shape)) fitted = fitShape(fitted, shape)
  if (kind === 'number') return toNumber(fitted)
  if (dtypeOf(fitted) !== dtype || kindOf(fitted) === 'number') fitted = cast(fitted, dtype)
  return fitted
}

function fitShape(derivative: Value, shape: Shape): Value {
  const given = shapeOf(derivative)
  if (broadcastsTo(given, shape)) return broadcastTo(derivative, shape)
  if (!broadcastsTo(shape, given))
    throw new ShapeError(
      'DERIVATIVE_SHAPE',
      `a derivative of shape ${formatShape(given)} doesn't fit a value of shape ${formatShape(shape)}`,
    )
  const summed = sum(derivative, { axis: broadcastAxes(shape, given), keepDims: true })
  return reshape(summed, shape)
}
