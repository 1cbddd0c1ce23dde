/** Rearrangements made of others: flatten, expandDims, squeeze, stack, split, tile; and outer and dot. */
import { dtypeOfNumberBeside, promote } from '../dtype.js'
import { ArgumentError, ShapeError } from '../errors.js'
import { mul } from '../primitives/arithmetic.js'
import { cast } from '../primitives/cast.js'
import { matmul } from '../primitives/linearAlgebra.js'
import type { JoinAll } from '../primitives/shape.js'
import { broadcastTo, checkList, concat, reshape, slice } from '../primitives/shape.js'
import { formatShape, normalizeAxes, normalizeAxis, sameShape, sizeOf } from '../shape.js'
import type { Join, JoinTensor, Value } from '../value.js'
import { checkValue, dtypeOf, kindOf, shapeOf } from '../value.js'

/** All elements as a vector. */
export function flatten<A extends Value>(x: A): JoinTensor<A>
export function flatten(x: Value): Value {
  checkValue('flatten', x)
  return reshape(x, [sizeOf(shapeOf(x))])
}

/** `x` with an axis of size 1 put in at `axis` of the result; −1 puts it last. Throws ShapeError for an unknown axis. */
export function expandDims<A extends Value>(x: A, axis: number): JoinTensor<A>
export function expandDims(x: Value, axis: number): Value {
  checkValue('expandDims', x)
  const shape = shapeOf(x)
  return reshape(x, shape.toSpliced(normalizeAxis('expandDims', axis, shape.length + 1), 0, 1))
}

/** `x` without the given axes, or without all axes, of size 1. Throws ShapeError for an axis of another size. */
export function squeeze<A extends Value>(x: A, axes?: number | readonly number[]): JoinTensor<A>
export function squeeze(x: Value, axes?: number | readonly number[]): Value {
  checkValue('squeeze', x)
  const shape = shapeOf(x)
  if (axes === undefined)
    return reshape(
      x,
      shape.filter((extent) => extent !== 1),
    )
  const dropped = normalizeAxes('squeeze', axes, shape.length)
  const wide = dropped.find((axis) => shape[axis] !== 1)
  if (wide !== undefined)
    throw new ShapeError(
      'NOT_SIZE_ONE',
      `squeeze: axis ${wide} of shape ${formatShape(shape)} has size ${shape[wide]}; only axes of size 1 can be dropped`,
    )
  return reshape(
    x,
    shape.filter((_, axis) => !dropped.includes(axis)),
  )
}

/**
 * Values of one shape put side by side along a new axis. Numbers alone make a float64 tensor; tensors beside them
 * decide the dtype as in arithmetic. Throws ArgumentError for an empty list, ShapeError where the shapes differ.
 */
export function stack<A extends Value>(xs: readonly A[], axis?: number): JoinAll<A>
export function stack(xs: readonly Value[], axis = 0): Value {
  checkList('stack', xs)
  const first = shapeOf(xs[0])
  const other = xs.find((x) => !sameShape(shapeOf(x), first))
  if (other !== undefined)
    throw new ShapeError(
      'STACK_SHAPES',
      `stack: shapes ${formatShape(first)} and ${formatShape(shapeOf(other))} differ; wants values of one shape`,
    )
  const dtypes = xs.filter((x) => kindOf(x) === 'tensor').map(dtypeOf)
  const numberDType = dtypes.length === 0 ? 'float64' : dtypeOfNumberBeside(dtypes.reduce(promote))
  return concat(
    xs.map((x): Value => expandDims(kindOf(x) === 'number' ? cast(x, numberDType) : x, axis)),
    normalizeAxis('stack', axis, first.length + 1),
  )
}

/**
 * `x` cut along `axis`: into so many equal parts, or into parts of the given sizes. Throws ShapeError where the
 * axis can't be cut so.
 */
export function split<A extends Value>(
  x: A,
  parts: number | readonly number[],
  axis?: number,
): JoinTensor<A>[]
export function split(x: Value, parts: number | readonly number[], axis = 0): Value[] {
  checkValue('split', x)
  const shape = shapeOf(x)
  const along = normalizeAxis('split', axis, shape.length)
  const sizes = typeof parts === 'number' ? equalSizes(shape[along], parts) : parts
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (!sizes.every((size) => Number.isInteger(size) && size >= 0) || total !== shape[along])
    throw new ShapeError(
      'SPLIT_SIZES',
      `split: axis ${axis} of size ${shape[along]} can't be cut into ${typeof parts === 'number' ? `${parts} equal parts` : `parts of ${formatShape(parts)}`}`,
    )
  let start = 0
  return sizes.map((size) => {
    const from = shape.map((_, k) => (k === along ? start : 0))
    start += size
    return slice(x, from, shape.with(along, start))
  })
}

/** The sizes of so many equal parts; what no number of parts can be gives a size that doesn't fit. */
function equalSizes(extent: number, count: number): number[] {
  return Number.isInteger(count) && count > 0 ? new Array<number>(count).fill(extent / count) : [NaN]
}

/**
 * `x` repeated so many times along each axis. As in NumPy, the shorter of shape and repeats is filled up with
 * ones in front. Throws ArgumentError for repeats that are no whole numbers from 0.
 */
export function tile<A extends Value>(x: A, repeats: readonly number[]): JoinTensor<A>
export function tile(x: Value, repeats: readonly number[]): Value {
  checkValue('tile', x)
  if (!repeats.every((count) => Number.isInteger(count) && count >= 0))
    throw new ArgumentError(
      'REPEATS',
      `tile: repeats are ${formatShape(repeats)}; wants whole numbers of at least 0`,
    )
  const rank = Math.max(shapeOf(x).length, repeats.length)
  const filledUp = (list: readonly number[]): number[] => [
    ...new Array<number>(rank - list.length).fill(1),
    ...list,
  ]
  const shape = filledUp(shapeOf(x))
  const counts = filledUp(repeats)
  // Each axis becomes a pair (repeat, element), of which the first is broadcast; merging the pairs lays the copies out.
  const paired = reshape(
    x,
    shape.flatMap((extent) => [1, extent]),
  )
  const repeated = broadcastTo(
    paired,
    shape.flatMap((extent, axis) => [counts[axis], extent]),
  )
  return reshape(
    repeated,
    shape.map((extent, axis) => extent * counts[axis]),
  )
}

/** All products a[i] · b[j] of the elements of two values, as a matrix; both are flattened first. */
export function outer<A extends Value, B extends Value>(a: A, b: B): JoinTensor<Join<A, B>>
export function outer(a: Value, b: Value): Value {
  checkValue('outer', a)
  checkValue('outer', b)
  return mul(reshape(a, [-1, 1]), reshape(b, [1, -1]))
}

/** The inner product of vectors, Σ a[i] · b[i]; as in NumPy the matrix product of matrices, and the product with a scalar. */
export function dot<A extends Value, B extends Value>(a: A, b: B): Join<A, B>
export function dot(a: Value, b: Value): Value {
  checkValue('dot', a)
  checkValue('dot', b)
  const [aRank, bRank] = [shapeOf(a).length, shapeOf(b).length]
  if (aRank === 0 || bRank === 0) return mul(a, b)
  if (aRank > 2 || bRank > 2)
    throw new ShapeError(
      'DOT_RANK',
      `dot: got shapes ${formatShape(shapeOf(a))} and ${formatShape(shapeOf(b))}; wants at most matrices. For batches use matmul`,
    )
  return matmul(a, b)
}
