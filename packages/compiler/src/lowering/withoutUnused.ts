/** Leaves out buffers that a change to a program has left without use. */
import { sizeOf } from '@tapegrad/autograd/tracing'
import type { LoweredProgram } from './lower.js'

/** The program without buffers that nothing fills any more; those of no elements never were. */
export function withoutUnused({ program, kernels, buffers }: LoweredProgram): LoweredProgram {
  const filled = new Set(kernels.map(({ buffer }) => buffer))
  const used = [...buffers].filter(([, buffer]) => {
    const { kind, spec } = program.nodes[buffer]
    return kind !== 'operation' || filled.has(buffer) || sizeOf(spec.shape) === 0
  })
  return { program, kernels, buffers: new Map(used) }
}
