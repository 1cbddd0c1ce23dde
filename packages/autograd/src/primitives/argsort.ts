/** The order of elements along an axis, from which sort and topK are made. */
import { allocate } from '../dtype.js'
import type { UnaryCall } from '../primitive.js'
import { defineUnary } from '../primitive.js'
import { reductionBlock } from '../reduce.js'
import { normalizeAxis } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { JoinTensor, Value } from '../value.js'
import { checkValue, shapeOf } from '../value.js'

export interface SortOptions {
  /** The axis to sort along; the last by default. */
  readonly axis?: number | undefined
  /** Put the largest first. */
  readonly descending?: boolean | undefined
}

/**
 * Sorts the places 0, 1, … of a line by the elements there: a merge sort, which leaves equal elements in their order,
 * with NaN after everything else. `spare` is room for as many places; the sorted ones are in either of the two.
 */
function sortPlaces(line: Float64Array, places: Int32Array, spare: Int32Array): Int32Array {
  const count = line.length
  for (let k = 0; k < count; k++) places[k] = k
  let from = places
  let to = spare
  for (let width = 1; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const middle = Math.min(start + width, count)
      mergeRuns(line, from, to, start, middle, Math.min(middle + width, count))
    }
    ;[from, to] = [to, from]
  }
  return from
}

/** Merges the sorted runs [start, middle) and [middle, end) of `from` into `to`. */
function mergeRuns(
  line: Float64Array,
  from: Int32Array,
  to: Int32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let left = start
  let right = middle
  for (let k = start; k < end; k++) {
    const isLeft = right === end || (left < middle && precedes(line[from[left]], line[from[right]]))
    to[k] = from[isLeft ? left++ : right++]
  }
}

/** Whether x may stay before y. */
function precedes(x: number, y: number): boolean {
  return x <= y || Number.isNaN(y)
}

const order: UnaryCall<{ readonly axis: number; readonly descending: boolean }> = defineUnary({
  name: 'argsort',
  infer: ([x]) => ({ kind: 'tensor', shape: x.shape, dtype: 'int32' }),
  tensor: (x, { shape, dtype }, { axis, descending }) => {
    const { data, outer, count, inner } = reductionBlock(x, [axis])
    const out = allocate(dtype, x.size)
    const line = new Float64Array(count)
    const places = new Int32Array(count)
    const spare = new Int32Array(count)
    // Negated, the largest are the smallest.
    const sign = descending ? -1 : 1
    for (let i = 0; i < outer; i++)
      for (let j = 0; j < inner; j++) {
        const first = i * count * inner + j
        for (let k = 0; k < count; k++) line[k] = sign * data[first + k * inner]
        const sorted = sortPlaces(line, places, spare)
        for (let k = 0; k < count; k++) out[first + k * inner] = sorted[k]
      }
    return new Tensor(out, shape, dtype)
  },
  reverse: null,
  forward: null,
})

/**
 * The positions, int32, of the elements along the axis in the order in which `sort` puts them. Equal elements stay
 * in the order they are in; NaN comes last, ascending or descending. Throws ShapeError for an axis that isn't there.
 */
export function argsort<A extends Value>(x: A, options?: SortOptions): JoinTensor<A>
export function argsort(x: Value, { axis = -1, descending = false }: SortOptions = {}): Value {
  checkValue('argsort', x)
  return order(x, { axis: normalizeAxis('argsort', axis, shapeOf(x).length), descending })
}
