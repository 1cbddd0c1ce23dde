/** Linear forms of loop indices: how a loop reaches the elements of a buffer. */
import type { Shape } from '@tapegrad/autograd'
import { stridesOf } from '@tapegrad/autograd/tracing'

/** offset + Σ steps[l] · i[l], where i[l] is the index of loop l. */
export interface Linear {
  readonly offset: number
  readonly steps: readonly number[]
}

/** How each axis of a value is indexed by the loops: one form an axis. */
export type Access = readonly Linear[]

export function constantLinear(offset: number, loops: number): Linear {
  return { offset, steps: new Array<number>(loops).fill(0) }
}

/** The index of loop `loop` itself. */
function loopIndex(loop: number, loops: number): Linear {
  return { offset: 0, steps: Array.from({ length: loops }, (_, l) => (l === loop ? 1 : 0)) }
}

export function addLinear(a: Linear, b: Linear): Linear {
  return { offset: a.offset + b.offset, steps: a.steps.map((step, l) => step + b.steps[l]) }
}

export function scaleLinear({ offset, steps }: Linear, factor: number): Linear {
  return { offset: offset * factor, steps: steps.map((step) => step * factor) }
}

/** Loops 0, 1, … over the axes 0, 1, …: every element once, in order. */
export function identityAccess(rank: number): Access {
  return Array.from({ length: rank }, (_, axis) => loopIndex(axis, rank))
}

/** The position in a contiguous, row-major buffer of `shape` of the element that `access` reaches. */
export function positionIn(shape: Shape, access: Access, loops: number): Linear {
  return stridesOf(shape).reduce(
    (position, stride, axis) => addLinear(position, scaleLinear(access[axis], stride)),
    constantLinear(0, loops),
  )
}

/** The access of an operand of `shape` that is broadcast to what `access` indexes. */
export function broadcastAccess(access: Access, shape: Shape, loops: number): Access {
  const missing = access.length - shape.length
  return shape.map((extent, axis) => (extent === 1 ? constantLinear(0, loops) : access[axis + missing]))
}

/**
 * The access of a value of shape `from` that is reshaped to `to`, which `access` indexes; undefined where an index
 * would have to be divided: where an axis of `to` runs through several of `from`.
 */
export function reshapeAccess(from: Shape, to: Shape, access: Access, loops: number): Access | undefined {
  const result: Linear[] = []
  let next = 0
  for (const extent of from) {
    let index = constantLinear(0, loops)
    let covered = 1
    while (covered < extent) {
      if (next === to.length || extent % (covered * to[next]) !== 0) return undefined
      index = addLinear(scaleLinear(index, to[next]), access[next])
      covered *= to[next++]
    }
    result.push(index)
  }
  return to.slice(next).every((extent) => extent === 1) ? result : undefined
}
