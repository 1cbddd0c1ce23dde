/** Reductions made of others: mean, variance, standardDeviation, prod. */
import { ones } from '../create.js'
import { isFloat, sumOf } from '../dtype.js'
import { ArgumentError } from '../errors.js'
import { add, div, mul, sub } from '../primitives/arithmetic.js'
import { cast } from '../primitives/cast.js'
import { sqrt, square } from '../primitives/elementwise.js'
import type { ReductionOptions } from '../primitives/reductions.js'
import { sum } from '../primitives/reductions.js'
import { concat, reshape, slice, transpose } from '../primitives/shape.js'
import { normalizeAxes, reducedShape, sizeOf } from '../shape.js'
import type { Join, Value } from '../value.js'
import { checkValue, dtypeOf, kindOf, shapeOf } from '../value.js'

/** `x` in floats: integers as float32, so that sums of them can't overflow. */
function inFloats(x: Value): Value {
  return isFloat(dtypeOf(x)) ? x : cast(x, 'float32')
}

/** How many elements of `x` are reduced into one. */
function countAlong(name: string, x: Value, axis: ReductionOptions['axis']): number {
  const shape = shapeOf(x)
  return sizeOf(normalizeAxes(name, axis, shape.length).map((k) => shape[k]))
}

/** Σ x / n over the axes. Integers give float32; a mean over nothing is NaN. Throws ShapeError for an unknown axis. */
export function mean<A extends Value>(x: A, options?: ReductionOptions): Join<A>
export function mean(x: Value, options: ReductionOptions = {}): Value {
  checkValue('mean', x)
  const count = countAlong('mean', x, options.axis)
  return div(sum(inFloats(x), options), count)
}

export interface VarianceOptions extends ReductionOptions {
  /** What is taken off n in the denominator: 0 for the variance of a population, 1 for the estimate from a sample. */
  readonly correction?: number | undefined
}

/** Σ (x − mean)² / (n − correction) over the axes. Integers give float32. Throws ShapeError for an unknown axis. */
export function variance<A extends Value>(x: A, options?: VarianceOptions): Join<A>
export function variance(x: Value, { correction = 0, ...options }: VarianceOptions = {}): Value {
  checkValue('variance', x)
  if (!Number.isFinite(correction))
    throw new ArgumentError(
      'CORRECTION',
      `variance: correction is ${correction}; wants a finite number, usually 0 or 1`,
    )
  const floats = inFloats(x)
  const deviations = sub(floats, mean(floats, { axis: options.axis, keepDims: true }))
  const count = countAlong('variance', x, options.axis)
  return div(sum(square(deviations), options), count - correction)
}

/** The square root of `variance`; where it is 0 the derivative is NaN, the limit depending on the direction. */
export function standardDeviation<A extends Value>(x: A, options?: VarianceOptions): Join<A>
export function standardDeviation(x: Value, options: VarianceOptions = {}): Value {
  checkValue('standardDeviation', x)
  return sqrt(variance(x, options))
}

/**
 * The product over the axes; 1 over nothing. Floats keep their dtype, bool and uint8 give int32. Multiplied as a
 * tree of pairs, so the derivative is right where elements are 0 too. Throws ShapeError for an unknown axis.
 */
export function prod<A extends Value>(x: A, options?: ReductionOptions): Join<A>
export function prod(x: Value, options: ReductionOptions = {}): Value {
  checkValue('prod', x)
  if (kindOf(x) === 'number') return x
  const shape = shapeOf(x)
  const axes = normalizeAxes('prod', options.axis, shape.length)
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
  const keptShape = kept.map((axis) => shape[axis])
  const lines = reshape(transpose(x, [...axes, ...kept]), [
    sizeOf(axes.map((axis) => shape[axis])),
    ...keptShape,
  ])
  return reshape(productOfFirstAxis(lines), reducedShape(shape, axes, options.keepDims ?? false))
}

function productOfFirstAxis(x: Value): Value {
  const [extent, ...rest] = shapeOf(x)
  let factors: Value = cast(x, sumOf(dtypeOf(x)))
  // A sum over nothing is 0, and on the tape of `x` as a product of its elements would be.
  if (extent === 0) return add(sum(factors, { axis: 0 }), ones(rest, { dtype: dtypeOf(factors) }))
  for (let count = extent; count > 1; count = Math.ceil(count / 2)) {
    const half = Math.floor(count / 2)
    const pairs: Value = mul(slice(factors, [0], [half]), slice(factors, [half], [2 * half]))
    factors = count % 2 === 0 ? pairs : concat([pairs, slice(factors, [2 * half])])
  }
  return factors
}
