/** The loops of a kernel made few: axes that are walked as one are merged, and axes of size 1 dropped. */
import type { Shape } from '@tapegrad/autograd'
import type { Linear } from '../lowering/linear.js'

/** Loops, at least one, and how to say a form of the original ones in them. */
export interface MergedLoops {
  readonly extents: readonly number[]
  merge(position: Linear): Linear
}

/**
 * Merges neighbouring loops where a step of the outer one is, in every form, a whole run of the inner one, and drops
 * those of size 1. Where nothing remains, there is one loop of size 1.
 */
export function mergeLoops(loops: Shape, positions: readonly Linear[]): MergedLoops {
  /** For each merged loop, the original ones it runs through, the outermost first. */
  const groups: number[][] = []
  loops.forEach((extent, loop) => {
    if (extent === 1) return
    const last = groups.at(-1)
    const previous = last?.at(-1)
    const continues =
      previous !== undefined && positions.every(({ steps }) => steps[previous] === extent * steps[loop])
    if (continues) last!.push(loop)
    else groups.push([loop])
  })
  if (groups.length === 0) return { extents: [1], merge: ({ offset }) => ({ offset, steps: [0] }) }
  return {
    extents: groups.map((group) => group.reduce((product, loop) => product * loops[loop], 1)),
    merge: ({ offset, steps }) => ({ offset, steps: groups.map((group) => steps[group[group.length - 1]]) }),
  }
}
