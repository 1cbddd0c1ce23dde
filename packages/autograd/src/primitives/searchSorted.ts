/** Finding the places of values in a sorted vector: searchSorted, and the segments that interp needs. No derivatives. */
import type { TypedArray } from '../dtype.js'
import { allocate } from '../dtype.js'
import { ArgumentError, ShapeError } from '../errors.js'
import { defineBinary } from '../primitive.js'
import { formatShape } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { Join, JoinTensor, Spec, Value } from '../value.js'
import { checkValue, shapeOf } from '../value.js'

export interface SearchSortedOptions {
  /** Among equal elements, before the first (`'left'`, the default) or after the last (`'right'`). */
  readonly side?: 'left' | 'right' | undefined
}

function inferPlaces([, values]: readonly Spec[]): Spec {
  return { kind: 'tensor', shape: values.shape, dtype: 'int32' }
}

/** The int32 tensor of what `place` gives for each value. */
function placesOf({ data, shape }: Tensor, place: (value: number) => number): Tensor {
  const out = allocate('int32', data.length)
  for (let i = 0; i < out.length; i++) out[i] = place(data[i])
  return new Tensor(out, shape, 'int32')
}

const searchPlaces = defineBinary<{ readonly side: 'left' | 'right' }>({
  name: 'searchSorted',
  infer: inferPlaces,
  tensor: (sorted, values, _spec, { side }) => {
    if (!isOrdered(sorted.data, (before, after) => before <= after))
      throw notSorted('searchSorted', sorted, 'is sorted in increasing order')
    const isBefore =
      side === 'left'
        ? (element: number, value: number) => element < value
        : (element: number, value: number) => element <= value
    return placesOf(values, (value) => placeOf(value, sorted.data, isBefore))
  },
  reverse: [null, null],
  forward: [null, null],
})

/**
 * @internal For each value the position of the segment of an increasing vector that it lies in, by that of the
 * element it begins at: at an element the segment that begins there, beyond the ends the first or last.
 */
export const segmentOf = defineBinary<undefined>({
  name: 'segmentOf',
  infer: inferPlaces,
  tensor: (sorted, values) => {
    if (!isOrdered(sorted.data, (before, after) => before < after))
      throw notSorted('interp', sorted, 'increases from element to element')
    const last = sorted.size - 2
    return placesOf(values, (value) => {
      const place = placeOf(value, sorted.data, (element, x) => element <= x)
      return Math.min(Math.max(place - 1, 0), last)
    })
  },
  reverse: [null, null],
  forward: [null, null],
})

function isOrdered(data: TypedArray, inOrder: (before: number, after: number) => boolean): boolean {
  for (let i = 1; i < data.length; i++) if (!inOrder(data[i - 1], data[i])) return false
  return true
}

function notSorted(name: string, { data, shape }: Tensor, wanted: string): ArgumentError {
  const shown = Array.from(data.subarray(0, 8)).join(', ')
  return new ArgumentError(
    'NOT_SORTED',
    `${name}: got the vector [${shown}${data.length > 8 ? ', …' : ''}] of shape ${formatShape(shape)}; wants one that ${wanted}`,
  )
}

/** The number of elements before a value, found by bisection; NaN goes behind all. */
function placeOf(
  value: number,
  sorted: TypedArray,
  isBefore: (element: number, value: number) => boolean,
): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(sorted[middle], value) || Number.isNaN(value)) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * How many elements of the sorted vector are less than each of `values` (with side `'right'`: not greater): the
 * place where it would keep the vector sorted. int32, of the shape of `values`, and without derivative; NaN goes
 * behind all. Throws ShapeError where `sorted` is no vector, ArgumentError where it isn't sorted.
 */
export function searchSorted<A extends Value, B extends Value>(
  sorted: A,
  values: B,
  options?: SearchSortedOptions,
): JoinTensor<Join<A, B>>
export function searchSorted(
  sorted: Value,
  values: Value,
  { side = 'left' }: SearchSortedOptions = {},
): Value {
  checkValue('searchSorted: sorted vector', sorted)
  checkValue('searchSorted: values', values)
  if (shapeOf(sorted).length !== 1)
    throw new ShapeError(
      'NOT_A_VECTOR',
      `searchSorted: got shape ${formatShape(shapeOf(sorted))} to search in; wants a vector`,
    )
  return searchPlaces(sorted, values, { side })
}
