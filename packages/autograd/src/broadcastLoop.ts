/** Walks broadcast operands row by row, so that elementwise kernels are plain inner loops. */
import type { Shape } from './shape.js'
import { stridesOf } from './shape.js'

/**
 * One row: `count` elements of the result from `out` on, and of operand k those from `offsets[k]` on that lie
 * `steps[k]` (0 or 1) apart. The arrays are reused from row to row.
 */
export type RowVisitor = (
  out: number,
  offsets: readonly number[],
  steps: readonly number[],
  count: number,
) => void

/**
 * Calls `visit` for each row of `shape` with the offsets of the operands, whose shapes broadcast to it.
 * Neighbouring axes that every operand walks alike are merged first, so that equal shapes, or a shape and a
 * scalar, are a single row.
 */
export function forEachRow(shape: Shape, operands: readonly Shape[], visit: RowVisitor): void {
  const axes = mergedAxes(shape, operands)
  if (axes.some(({ extent }) => extent === 0)) return
  // The innermost merged axis is contiguous or repeated in each operand: its strides are 1 or 0.
  const { extent: count, strides: steps } = axes.pop() ?? { extent: 1, strides: operands.map(() => 0) }
  const offsets = operands.map(() => 0)
  let out = 0
  const walk = (depth: number): void => {
    if (depth === axes.length) {
      visit(out, offsets, steps, count)
      out += count
      return
    }
    const { extent, strides } = axes[depth]
    for (let i = 0; i < extent; i++) {
      walk(depth + 1)
      for (let k = 0; k < offsets.length; k++) offsets[k] += strides[k]
    }
    for (let k = 0; k < offsets.length; k++) offsets[k] -= extent * strides[k]
  }
  walk(0)
}

interface Axis {
  readonly extent: number
  /** How far a step along this axis moves in each operand. */
  readonly strides: readonly number[]
}

function mergedAxes(shape: Shape, operands: readonly Shape[]): Axis[] {
  const strides = operands.map((operand) => broadcastStrides(operand, shape))
  const merged: Axis[] = []
  for (let axis = 0; axis < shape.length; axis++) {
    const next = { extent: shape[axis], strides: strides.map((stride) => stride[axis]) }
    if (next.extent === 1) continue
    const last = merged.at(-1)
    if (last?.strides.every((stride, k) => stride === next.extent * next.strides[k]) === true)
      merged[merged.length - 1] = { ...next, extent: last.extent * next.extent }
    else merged.push(next)
  }
  return merged
}

/** The strides with which an array of `shape` is read as one of `target`: 0 along the axes where it repeats. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = stridesOf(shape)
  const missing = target.length - shape.length
  return target.map((_, axis) =>
    axis < missing || shape[axis - missing] === 1 ? 0 : strides[axis - missing],
  )
}
