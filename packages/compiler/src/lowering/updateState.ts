/** How a step's new state gets into the place of the old one: written there at once where that is safe, else copied. */
import { sizeOf } from '@tapegrad/autograd/tracing'
import { elementBytes } from '../codegen/machine.js'
import type { Kernel } from './kernel.js'
import type { LoweredProgram } from './lower.js'
import { buffersRead, readsWhereItWrites } from './reads.js'

export interface StateUpdate {
  /** The program with the copies that are needed. */
  readonly lowered: LoweredProgram
  /** For buffers of new values that are those of the old ones, the state whose they are. */
  readonly inPlace: ReadonlyMap<number, number>
}

/**
 * `states` are the positions of the states, which are inputs of the program; its first results are their new values,
 * in the same order.
 */
export function updateState(lowered: LoweredProgram, states: readonly number[]): StateUpdate {
  const kept = keepOldValues(lowered, states)
  const { program, kernels, buffers } = kept
  const sources = states.map((_, k) => buffers.get(program.outputs[k])!)
  const inPlace = new Map<number, number>()
  const copies: Kernel[] = []
  states.forEach((state, k) => {
    const source = sources[k]
    if (source === state) return
    const isShared = sources.some((other, l) => l !== k && other === source)
    if (!isShared && program.nodes[source].kind === 'operation' && canOverwrite(kernels, source, state))
      inPlace.set(source, state)
    else copies.push({ kind: 'copy', buffer: state, source, bytes: bytesOf(program, state) })
  })
  return { lowered: { ...kept, kernels: [...kernels, ...copies] }, inPlace }
}

/**
 * The program with a copy of each state that changes and whose old value is a result too: the new value of another
 * state, as where two are swapped, or an output, which is read when the step is over. No state that changes is then
 * a result.
 */
function keepOldValues(lowered: LoweredProgram, states: readonly number[]): LoweredProgram {
  const { program, kernels, buffers } = lowered
  const bufferOf = (output: number): number => buffers.get(output)!
  const isChanged = (k: number): boolean => bufferOf(program.outputs[k]) !== states[k]
  const nodes = [...program.nodes]
  const copied = new Map(buffers)
  const copies: Kernel[] = []
  const outputs = program.outputs.map((output) => {
    const source = bufferOf(output)
    const k = states.indexOf(source)
    if (k < 0 || !isChanged(k)) return output
    const { spec } = nodes[output]
    const copy =
      nodes.push({ kind: 'operation', operation: 'copy', inputs: [output], attributes: undefined, spec }) - 1
    copied.set(copy, copy)
    copies.push({ kind: 'copy', buffer: copy, source, bytes: bytesOf({ nodes }, copy) })
    return copy
  })
  return { program: { nodes, outputs }, kernels: [...kernels, ...copies], buffers: copied }
}

function bytesOf({ nodes }: Pick<LoweredProgram['program'], 'nodes'>, index: number): number {
  const { shape, dtype } = nodes[index].spec
  return sizeOf(shape) * elementBytes[dtype]
}

/**
 * Whether the kernel that fills `buffer` may write over `state`: it alone fills it, each element depends on no other
 * element of the state than its own, and the state isn't read later.
 */
function canOverwrite(kernels: readonly Kernel[], buffer: number, state: number): boolean {
  const writers = kernels.filter((kernel) => kernel.buffer === buffer)
  const [writer] = writers
  if (writers.length !== 1) return false
  const step = kernels.indexOf(writer)
  if (kernels.slice(step + 1).some((kernel) => buffersRead(kernel).has(state))) return false
  // What is copied is another state, for a copy of this one would not change it.
  return writer.kind === 'copy' || (writer.kind === 'map' && readsWhereItWrites(writer, state))
}
