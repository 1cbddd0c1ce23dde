/** What loops run through, index by index: what merged loops and linear forms are held against. */
import type { Linear } from '../../src/lowering/linear.js'

/** All indices of loops of the given extents, the last fastest. */
export function indicesOf(extents: readonly number[]): number[][] {
  return extents.reduce<number[][]>(
    (indices, extent) => indices.flatMap((i) => Array.from({ length: extent }, (_, k) => [...i, k])),
    [[]],
  )
}

/** The value of a form at an index; never −0. */
export function at({ offset, steps }: Linear, index: readonly number[]): number {
  return steps.reduce((sum, step, loop) => sum + step * index[loop], offset) + 0
}
