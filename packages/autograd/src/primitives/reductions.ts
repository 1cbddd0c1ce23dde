/** Reductions over axes that have derivatives of their own: sum, max, min, norm, cumsum; and argmax, argmin. */
import type { DType, TypedArray } from '../dtype.js'
import { allocate, floatOf, sumOf } from '../dtype.js'
import { ArgumentError, ShapeError } from '../errors.js'
import type { UnaryCall } from '../primitive.js'
import { defineUnary } from '../primitive.js'
import type { ReductionBlock } from '../reduce.js'
import { reductionBlock } from '../reduce.js'
import type { Shape } from '../shape.js'
import { formatShape, normalizeAxes, normalizeAxis, reducedShape, sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { Join, Spec, Value } from '../value.js'
import { checkValue, kindOf, shapeOf } from '../value.js'
import { div, mul } from './arithmetic.js'
import { equal, where } from './comparison.js'
import { broadcastTo, reshape } from './shape.js'

export interface ReductionOptions {
  /** The axis or axes to reduce, counted from the end where negative; all of them when left out. */
  readonly axis?: number | readonly number[] | undefined
  /** Keep the reduced axes, with size 1. */
  readonly keepDims?: boolean | undefined
}

/** A reduction over axes. A number is its own sum, mean, product, maximum and minimum. */
export type ReductionOperation = <A extends Value>(x: A, options?: ReductionOptions) => Join<A>

/** Axes as a primitive has them: sorted, counted from the front. */
export interface Reduction {
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

function normalizeReduction(
  name: string,
  x: Value,
  { axis, keepDims = false }: ReductionOptions = {},
): Reduction {
  checkValue(name, x)
  return { axes: normalizeAxes(name, axis, shapeOf(x).length), keepDims }
}

function inferReduction(x: Spec, { axes, keepDims }: Reduction, dtype: DType): Spec {
  return x.kind === 'number' ? x : { kind: 'tensor', shape: reducedShape(x.shape, axes, keepDims), dtype }
}

/** A reduced value spread over the reduced axes again, to the shape it was reduced from. */
function spread(reduced: Value, x: Value, { axes }: Reduction): Value {
  if (kindOf(x) === 'number') return reduced
  const shape = shapeOf(x)
  return broadcastTo(reshape(reduced, reducedShape(shape, axes, true)), shape)
}

/** Fills `out` with the reduction of each line of a block: start from `initial`, then `step` element by element. */
function reduceLines(
  { data, outer, count, inner }: ReductionBlock,
  out: TypedArray,
  initial: number,
  step: (accumulated: number, element: number) => number,
): void {
  for (let i = 0; i < outer; i++)
    for (let j = 0; j < inner; j++) {
      let accumulated = initial
      for (let k = 0, offset = i * count * inner + j; k < count; k++, offset += inner)
        accumulated = step(accumulated, data[offset])
      out[i * inner + j] = accumulated
    }
}

/** Sums in float64, written out since sums are what most reverse walks are made of. */
function sumLines({ data, outer, count, inner }: ReductionBlock, out: TypedArray): void {
  if (inner === 1) {
    for (let i = 0; i < outer; i++) {
      let total = 0
      for (let k = i * count; k < (i + 1) * count; k++) total += data[k]
      out[i] = total
    }
    return
  }
  const totals = new Float64Array(inner)
  for (let i = 0; i < outer; i++) {
    totals.fill(0)
    for (let k = 0; k < count; k++) {
      const row = (i * count + k) * inner
      for (let j = 0; j < inner; j++) totals[j] += data[row + j]
    }
    out.set(totals, i * inner)
  }
}

const sumAxes = defineUnary<Reduction>({
  name: 'sum',
  infer: ([x], reduction) => inferReduction(x, reduction, sumOf(x.dtype)),
  number: (x) => x,
  tensor: (x, { shape, dtype }, { axes }) => {
    const out = allocate(dtype, sizeOf(shape))
    sumLines(reductionBlock(x, axes), out)
    return new Tensor(out, shape, dtype)
  },
  reverse: (upstream, x, _output, reduction) => spread(upstream, x, reduction),
  forward: 'linear',
})

/**
 * Σ x over the axes. Floats keep their dtype (added up in float64), bool and uint8 give int32; a sum over
 * nothing is 0. Throws ShapeError for an axis that isn't there.
 */
export function sum<A extends Value>(x: A, options?: ReductionOptions): Join<A>
export function sum(x: Value, options?: ReductionOptions): Value {
  return sumAxes(x, normalizeReduction('sum', x, options))
}

/** Declares max or min: the extreme element, whose derivative the elements that reach it share equally. */
function defineExtreme(
  name: string,
  initial: number,
  pick: (a: number, b: number) => number,
): ReductionOperation {
  const reached = (x: Value, output: Value, reduction: Reduction): Value =>
    equal(x, spread(output, x, reduction))
  const extreme = defineUnary<Reduction>({
    name,
    infer: ([x], reduction) => {
      checkNotEmpty(name, x.shape, reduction.axes)
      return inferReduction(x, reduction, x.dtype)
    },
    number: (x) => x,
    tensor: (x, { shape, dtype }, { axes }) => {
      const out = allocate(dtype, sizeOf(shape))
      reduceLines(reductionBlock(x, axes), out, initial, pick)
      return new Tensor(out, shape, dtype)
    },
    reverse: (upstream, x, output, reduction) => {
      const mask = reached(x, output, reduction)
      return where(mask, spread(div(upstream, sumAxes(mask, reduction)), x, reduction), 0)
    },
    forward: (tangent, x, output, reduction) => {
      const mask = reached(x, output, reduction)
      return div(sumAxes(where(mask, tangent, 0), reduction), sumAxes(mask, reduction))
    },
  })
  return (x, options) => extreme(x, normalizeReduction(name, x, options)) as Join<typeof x>
}

function checkNotEmpty(name: string, shape: Shape, axes: readonly number[]): void {
  if (axes.some((axis) => shape[axis] === 0))
    throw new ShapeError(
      'EMPTY_REDUCTION',
      `${name}: nothing to reduce in shape ${formatShape(shape)} along axes ${formatShape(axes)}; wants at least one element`,
    )
}

/**
 * The largest element along the axes; NaN where one is. Equal largest elements share the derivative equally.
 * Keeps the dtype. Throws ShapeError for an axis that isn't there or has no elements.
 */
export const max: ReductionOperation = defineExtreme('max', -Infinity, Math.max)

/**
 * The smallest element along the axes; NaN where one is. Equal smallest elements share the derivative equally.
 * Keeps the dtype. Throws ShapeError for an axis that isn't there or has no elements.
 */
export const min: ReductionOperation = defineExtreme('min', Infinity, Math.min)

/** Declares argmax or argmin: where along the axis, or in the flattened value, the first extreme element is. */
function defineArgument(
  name: string,
  better: (candidate: number, best: number) => boolean,
): ReductionOperation {
  const argument = defineUnary<Reduction>({
    name,
    infer: ([x], reduction) => {
      checkNotEmpty(name, x.shape, reduction.axes)
      return inferReduction(x, reduction, 'int32')
    },
    number: () => 0,
    tensor: (x, { shape, dtype }, { axes }) => {
      const { data, outer, count, inner } = reductionBlock(x, axes)
      const out = allocate(dtype, sizeOf(shape))
      for (let i = 0; i < outer; i++)
        for (let j = 0; j < inner; j++) {
          const at = (k: number): number => data[(i * count + k) * inner + j]
          let best = 0
          // A NaN is the answer as soon as one is met, as it is the value of max and min.
          for (let k = 1; k < count && !Number.isNaN(at(best)); k++)
            if (better(at(k), at(best)) || Number.isNaN(at(k))) best = k
          out[i * inner + j] = best
        }
      return new Tensor(out, shape, dtype)
    },
    reverse: null,
    forward: null,
  })
  return (x, options) => {
    const { axis } = options ?? {}
    if (axis !== undefined && typeof axis !== 'number')
      throw new ArgumentError(
        'ONE_AXIS',
        `${name}: got axes ${formatShape(axis)}; wants one axis, or none for the flattened value`,
      )
    return argument(x, normalizeReduction(name, x, options)) as Join<typeof x>
  }
}

/** The position of the first largest element along one axis (or of the flattened value), as int32; the first NaN counts as largest. */
export const argmax: ReductionOperation = defineArgument('argmax', (candidate, best) => candidate > best)

/** The position of the first smallest element along one axis (or of the flattened value), as int32; the first NaN counts as smallest. */
export const argmin: ReductionOperation = defineArgument('argmin', (candidate, best) => candidate < best)

const normAxes = defineUnary<Reduction>({
  name: 'norm',
  infer: ([x], reduction) => inferReduction(x, reduction, floatOf(x.dtype)),
  number: Math.abs,
  tensor: (x, { shape, dtype }, { axes }) => {
    const block = reductionBlock(x, axes)
    const size = sizeOf(shape)
    const largest = new Float64Array(size)
    reduceLines(block, largest, 0, (most, element) => Math.max(most, Math.abs(element)))
    const out = allocate(dtype, size)
    for (let line = 0; line < size; line++) {
      const scale = largest[line]
      // Divided by the largest element, no square can overflow, and none that matters can vanish.
      out[line] =
        scale === 0 || !Number.isFinite(scale) ? scale : scale * Math.sqrt(sumOfSquares(block, line, scale))
    }
    return new Tensor(out, shape, dtype)
  },
  reverse: (upstream, x, output, reduction) =>
    mul(spread(upstream, x, reduction), direction(x, output, reduction)),
  forward: (tangent, x, output, reduction) =>
    sumAxes(mul(tangent, direction(x, output, reduction)), reduction),
})

function sumOfSquares({ data, count, inner }: ReductionBlock, line: number, scale: number): number {
  const start = Math.floor(line / inner) * count * inner + (line % inner)
  let total = 0
  for (let k = 0; k < count; k++) total += (data[start + k * inner] / scale) ** 2
  return total
}

/** The derivative of the norm: x / ‖x‖, whose elements neither overflow nor vanish; 0 where the norm is. */
function direction(x: Value, norms: Value, reduction: Reduction): Value {
  return div(x, spread(where(equal(norms, 0), 1, norms), x, reduction))
}

/**
 * The Euclidean norm √Σx² over the axes, without overflow; its derivative at 0 is 0. Integers give float32.
 * Throws ShapeError for an axis that isn't there.
 */
export function norm<A extends Value>(x: A, options?: ReductionOptions): Join<A>
export function norm(x: Value, options?: ReductionOptions): Value {
  return normAxes(x, normalizeReduction('norm', x, options))
}

const cumulate: UnaryCall<{ readonly axis: number; readonly reverse: boolean }> = defineUnary({
  name: 'cumsum',
  infer: ([x]) => ({ kind: 'tensor', shape: x.shape, dtype: sumOf(x.dtype) }),
  tensor: (x, { shape, dtype }, { axis, reverse }) => {
    const { data, outer, count, inner } = reductionBlock(x, [axis])
    const out = allocate(dtype, x.size)
    for (let i = 0; i < outer; i++)
      for (let j = 0; j < inner; j++) {
        let total = 0
        for (let k = 0; k < count; k++) {
          const offset = (i * count + (reverse ? count - 1 - k : k)) * inner + j
          total += data[offset]
          out[offset] = total
        }
      }
    return new Tensor(out, shape, dtype)
  },
  reverse: (upstream, _x, _output, { axis, reverse }) => cumulate(upstream, { axis, reverse: !reverse }),
  forward: 'linear',
})

/** The running sums x₀, x₀ + x₁, … along `axis`. Dtypes as of `sum`. Throws ShapeError for an axis that isn't there. */
export function cumsum<A extends Value>(x: A, options: { readonly axis: number }): Join<A>
export function cumsum(x: Value, { axis }: { readonly axis?: number } = {}): Value {
  checkValue('cumsum', x)
  if (axis === undefined)
    throw new ArgumentError('NO_AXIS', 'cumsum: wants { axis }, the axis along which to add up')
  return cumulate(x, { axis: normalizeAxis('cumsum', axis, shapeOf(x).length), reverse: false })
}
