/** The loops of a kernel made few: axes that are walked as one are merged, and axes of size 1 dropped. */
import type { Shape } from '@tapegrad/autograd'
import type { Expression } from '../lowering/expression.js'
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

/** The expression with its forms replaced; shared subexpressions stay shared. */
export function mapPositions(expression: Expression, map: (position: Linear) => Linear): Expression {
  const known = new Map<Expression, Expression>()
  const visit = (e: Expression): Expression => {
    const done = known.get(e)
    if (done !== undefined) return done
    const mapped = remake(e)
    known.set(e, mapped)
    return mapped
  }
  const remake = (e: Expression): Expression => {
    switch (e.kind) {
      case 'load':
      case 'index':
        return { ...e, position: map(e.position) }
      case 'gather':
        return { ...e, position: map(e.position), place: visit(e.place) }
      case 'constant':
        return e
      case 'apply':
        return { ...e, operands: e.operands.map(visit) }
      case 'place':
      case 'convert':
        return { ...e, operand: visit(e.operand) }
    }
  }
  return visit(expression)
}
