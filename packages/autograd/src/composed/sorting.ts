/** Sorting, made of an order and of picking by it: sort, topK. */
import { ArgumentError } from '../errors.js'
import type { SortOptions } from '../primitives/argsort.js'
import { argsort } from '../primitives/argsort.js'
import { takeAlongAxis } from '../primitives/indexing.js'
import { slice } from '../primitives/shape.js'
import { normalizeAxis } from '../shape.js'
import type { JoinTensor, Value } from '../value.js'
import { checkValue, shapeOf } from '../value.js'

/**
 * The elements along the axis (the last by default) from the smallest to the largest, or the other way round.
 * Equal elements stay in the order they are in; NaN comes last either way. The derivative goes back to where each
 * element came from. Keeps shape and dtype. Throws ShapeError for an axis that isn't there.
 */
export function sort<A extends Value>(x: A, options?: SortOptions): JoinTensor<A>
export function sort(x: Value, { axis = -1, descending = false }: SortOptions = {}): Value {
  checkValue('sort', x)
  const along = normalizeAxis('sort', axis, shapeOf(x).length)
  return takeAlongAxis(x, argsort(x, { axis: along, descending }), along)
}

export interface TopKOptions {
  /** The axis along which to look for the largest; the last by default. */
  readonly axis?: number | undefined
}

/** What topK gives: the largest elements, and where along the axis they are. */
export interface TopK<V extends Value> {
  readonly values: V
  /** int32. */
  readonly indices: V
}

/**
 * The k largest elements along the axis (the last by default), from the largest on, and their positions. Of equal
 * elements the first is taken first; NaN is taken only where numbers run out. The derivative of `values` goes back
 * to where each came from. Throws ArgumentError for more than there are, ShapeError for an axis that isn't there.
 */
export function topK<A extends Value>(x: A, k: number, options?: TopKOptions): TopK<JoinTensor<A>>
export function topK(x: Value, k: number, { axis = -1 }: TopKOptions = {}): TopK<Value> {
  checkValue('topK', x)
  const shape = shapeOf(x)
  const along = normalizeAxis('topK', axis, shape.length)
  if (!Number.isInteger(k) || k < 0 || k > shape[along])
    throw new ArgumentError(
      'TOP_K',
      `topK: k is ${k} along an axis of size ${shape[along]}; wants a whole number from 0 to ${shape[along]}`,
    )
  const start = shape.map(() => 0)
  const indices = slice(argsort(x, { axis: along, descending: true }), start, shape.with(along, k))
  return { values: takeAlongAxis(x, indices, along), indices }
}
