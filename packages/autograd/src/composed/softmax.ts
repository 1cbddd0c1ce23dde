/** The softmax family, computed from differences to the maximum so that nothing overflows. */
import { add, div, sub } from '../primitives/arithmetic.js'
import { equal, where } from '../primitives/comparison.js'
import { abs, exp, log } from '../primitives/elementwise.js'
import type { ReductionOptions } from '../primitives/reductions.js'
import { max, sum } from '../primitives/reductions.js'
import { reshape } from '../primitives/shape.js'
import { stopGradient } from '../primitives/stopGradient.js'
import { normalizeAxes, reducedShape, sizeOf } from '../shape.js'
import type { Join, Value } from '../value.js'
import { checkValue, kindOf, shapeOf } from '../value.js'

/**
 * The maximum along the axes, kept, as the constant that is taken off before exponentiating: any constant gives
 * the same result and derivatives. Where it is infinite, 0 is taken off instead (∞ − ∞ would be NaN).
 */
function shift(x: Value, axis: ReductionOptions['axis']): Value {
  const largest = stopGradient(max(x, { axis, keepDims: true }))
  return where(equal(abs(largest), Infinity), 0, largest)
}

/** log Σ exp(x) over the axes, without overflow; −∞ over nothing. Integers give float32. Throws ShapeError for an unknown axis. */
export function logSumExp<A extends Value>(x: A, options?: ReductionOptions): Join<A>
export function logSumExp(x: Value, options: ReductionOptions = {}): Value {
  checkValue('logSumExp', x)
  const shape = shapeOf(x)
  const axes = normalizeAxes('logSumExp', options.axis, shape.length)
  if (sizeOf(axes.map((axis) => shape[axis])) === 0) return log(sum(exp(x), options))
  const taken = shift(x, axes)
  const total = add(log(sum(exp(sub(x, taken)), { axis: axes, keepDims: true })), taken)
  const keeps = options.keepDims === true || kindOf(x) === 'number'
  return keeps ? total : reshape(total, reducedShape(shape, axes, false))
}

export interface SoftmaxOptions {
  /** The axis along which the result adds up to 1; the last by default. */
  readonly axis?: number | undefined
}

/**
 * exp(x) / Σ exp(x) along the axis, without overflow. Integers give float32. Throws ShapeError for an unknown axis,
 * a number's included.
 */
export function softmax<A extends Value>(x: A, options?: SoftmaxOptions): Join<A>
export function softmax(x: Value, { axis = -1 }: SoftmaxOptions = {}): Value {
  checkValue('softmax', x)
  if (isEmptyAlong('softmax', x, axis)) return exp(x)
  const powers = exp(sub(x, shift(x, axis)))
  return div(powers, sum(powers, { axis, keepDims: true }))
}

/** log softmax(x) = x − logSumExp(x) along the axis, without overflow. Integers give float32. Throws ShapeError for an unknown axis. */
export function logSoftmax<A extends Value>(x: A, options?: SoftmaxOptions): Join<A>
export function logSoftmax(x: Value, { axis = -1 }: SoftmaxOptions = {}): Value {
  checkValue('logSoftmax', x)
  if (isEmptyAlong('logSoftmax', x, axis)) return exp(x)
  const shifted = sub(x, shift(x, axis))
  return sub(shifted, log(sum(exp(shifted), { axis, keepDims: true })))
}

function isEmptyAlong(name: string, x: Value, axis: number): boolean {
  const [k] = normalizeAxes(name, axis, shapeOf(x).length)
  return shapeOf(x)[k] === 0
}
