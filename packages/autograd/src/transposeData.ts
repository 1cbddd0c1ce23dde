/** Copies data into another order of its axes. */
import type { TypedArray } from './dtype.js'
import type { Shape } from './shape.js'
import { stridesOf } from './shape.js'

/** The row-major data of `shape` rearranged so that axis k of the result is axis `axes[k]` of the source. */
export function transposeData(data: TypedArray, shape: Shape, axes: readonly number[]): TypedArray {
  const strides = stridesOf(shape)
  return gatherStrided(
    data,
    axes.map((axis) => shape[axis]),
    axes.map((axis) => strides[axis]),
    0,
  )
}

/** A contiguous copy of the elements that lie `strides` apart from `start` on; strides may be 0 or negative. */
export function gatherStrided(
  data: TypedArray,
  shape: Shape,
  strides: readonly number[],
  start: number,
): TypedArray {
  const size = shape.reduce((product, extent) => product * extent, 1)
  const out = new (data.constructor as new (length: number) => TypedArray)(size)
  if (size === 0) return out
  const rank = shape.length
  const rowLength = rank === 0 ? 1 : shape[rank - 1]
  const rowStride = rank === 0 ? 0 : strides[rank - 1]
  let next = 0
  const walk = (axis: number, offset: number): void => {
    if (axis >= rank - 1) {
      if (rowStride === 1) out.set(data.subarray(offset, offset + rowLength), next)
      else for (let i = 0; i < rowLength; i++) out[next + i] = data[offset + i * rowStride]
      next += rowLength
      return
    }
    for (let i = 0; i < shape[axis]; i++) walk(axis + 1, offset + i * strides[axis])
  }
  walk(0, start)
  return out
}
