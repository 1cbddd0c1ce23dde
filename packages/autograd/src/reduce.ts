/** How reductions see a tensor: as a block [outer, reduced, inner], whatever the axes. */
import { transposeData } from './transposeData.js'
import type { TypedArray } from './dtype.js'
import type { Tensor } from './tensor.js'

/** Row-major data of shape [outer, count, inner], to be reduced along the middle. */
export interface ReductionBlock {
  readonly data: TypedArray
  readonly outer: number
  readonly count: number
  readonly inner: number
}

/** `x` arranged so that `axes` (sorted, from the front) are the middle of a block. Copies only where they are apart. */
export function reductionBlock({ data, shape }: Tensor, axes: readonly number[]): ReductionBlock {
  const first = axes[0] ?? shape.length
  const last = axes.at(-1) ?? shape.length - 1
  const product = (from: number, to: number): number =>
    shape.slice(from, to).reduce((size, extent) => size * extent, 1)
  if (last - first + 1 === axes.length)
    return {
      data,
      outer: product(0, first),
      count: product(first, last + 1),
      inner: product(last + 1, shape.length),
    }
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
  const count = axes.reduce((size, axis) => size * shape[axis], 1)
  const outer = kept.reduce((size, axis) => size * shape[axis], 1)
  return { data: transposeData(data, shape, [...kept, ...axes]), outer, count, inner: 1 }
}
