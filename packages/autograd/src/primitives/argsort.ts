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

/** The order of two elements: NaN after everything else. */
function compare(x: number, y: number, descending: boolean): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
  if (x === y) return 0
  return x < y !== descending ? -1 : 1
}

const order: UnaryCall<{ readonly axis: number; readonly descending: boolean }> = defineUnary({
  name: 'argsort',
  infer: ([x]) => ({ kind: 'tensor', shape: x.shape, dtype: 'int32' }),
  tensor: (x, { shape, dtype }, { axis, descending }) => {
    const { data, outer, count, inner } = reductionBlock(x, [axis])
    const out = allocate(dtype, x.size)
    const places = new Int32Array(count)
    const line = new Float64Array(count)
    for (let i = 0; i < outer; i++)
      for (let j = 0; j < inner; j++) {
        const first = i * count * inner + j
        for (let k = 0; k < count; k++) {
          places[k] = k
          line[k] = data[first + k * inner]
        }
        places.sort((p, q) => compare(line[p], line[q], descending) || p - q)
        for (let k = 0; k < count; k++) out[first + k * inner] = places[k]
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
