/** How a step's new state gets into the place of the old one: written there at once where that is safe, else copied. */
import { sizeOf } from '@tapegrad/autograd/tracing'
import { elementBytes } from '../codegen/machine.js'
import type { Program } from '../program.js'
import type { Expression } from './expression.js'
import type { Kernel, MapKernel } from './kernel.js'
import type { LoweredProgram } from './lower.js'
import { buffersRead } from './reads.js'

export interface StateUpdate {
  /** Buffers of new values that are those of the old ones. */
  readonly inPlace: ReadonlyMap<number, number>
  /** The kernels, with copies for the others at the end. */
  readonly kernels: readonly Kernel[]
}

/**
 * For each state, an input of the program, the position of its new value among the program's results comes from
 * `newValues`.
 */
export function updateState(
  { program, kernels, buffers }: LoweredProgram,
  states: readonly number[],
  newValues: readonly number[],
): StateUpdate {
  const inPlace = new Map<number, number>()
  const copies: Kernel[] = []
  states.forEach((state, k) => {
    const source = buffers.get(newValues[k])!
    if (source === state) return
    const isShared = newValues.some((other, l) => l !== k && buffers.get(other) === source)
    if (!isShared && program.nodes[source].kind === 'operation' && canOverwrite(kernels, source, state))
      inPlace.set(source, state)
    else copies.push({ kind: 'copy', buffer: state, source, bytes: bytesOf(program, state) })
  })
  return { inPlace, kernels: [...kernels, ...copies] }
}

function bytesOf({ nodes }: Program, index: number): number {
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
  if (writers.length !== 1 || writer.kind !== 'map') return false
  const step = kernels.indexOf(writer)
  const isReadLater = kernels.slice(step + 1).some((kernel) => buffersRead(kernel).has(state))
  return !isReadLater && readsOnlyItsOwn(writer, writer.value, state)
}

function readsOnlyItsOwn({ store }: MapKernel, expression: Expression, state: number): boolean {
  const visit = (e: Expression): boolean => {
    switch (e.kind) {
      case 'load':
        return (
          e.buffer !== state ||
          (e.position.offset === store.offset && e.position.steps.every((step, l) => step === store.steps[l]))
        )
      case 'gather':
        return e.buffer !== state && visit(e.place)
      case 'apply':
        return e.operands.every(visit)
      case 'place':
      case 'convert':
        return visit(e.operand)
      case 'constant':
      case 'index':
        return true
    }
  }
  return visit(expression)
}
