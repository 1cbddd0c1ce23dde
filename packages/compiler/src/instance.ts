/** A program in memory: instantiated, its constants in place, ready to run. */
import type { Spec, TypedArray } from '@tapegrad/autograd'
import { IndexError, Tensor } from '@tapegrad/autograd'
import { allocate, sizeOf } from '@tapegrad/autograd/tracing'
import type { AssembledProgram } from './assemble.js'
import { CompileError } from './errors.js'
import type { Run } from './threads.js'
import { Threads } from './threads.js'

const pageBytes = 65536

/** The most pages that a program's memory grows to: 2 GiB. */
export const maximumPages = 32768

/** Memory for programs, shared by threads where there are several. */
export function createMemory(bytes: number, shared: boolean): WebAssembly.Memory {
  const initial = Math.ceil(bytes / pageBytes)
  try {
    return new WebAssembly.Memory({ initial, maximum: maximumPages, shared })
  } catch {
    throw refused(bytes)
  }
}

/** Makes memory at least so large. */
export function growMemory(memory: WebAssembly.Memory, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes)
  if (missing <= 0) return
  try {
    memory.grow(missing)
  } catch {
    throw refused(bytes)
  }
}

function refused(bytes: number): CompileError {
  return new CompileError(
    'MEMORY',
    `compile: the engine refused ${bytes} bytes of memory for the program; free some memory, or use smaller arrays`,
  )
}

/** A view of the elements at an address. */
export function elementsAt(memory: WebAssembly.Memory, address: number, { shape, dtype }: Spec): TypedArray {
  const size = sizeOf(shape)
  switch (dtype) {
    case 'float32':
      return new Float32Array(memory.buffer, address, size)
    case 'float64':
      return new Float64Array(memory.buffer, address, size)
    case 'int32':
      return new Int32Array(memory.buffer, address, size)
    default:
      return new Uint8Array(memory.buffer, address, size)
  }
}

/** The value at an address, copied out. */
export function readValue(memory: WebAssembly.Memory, address: number, spec: Spec): number | Tensor {
  const elements = elementsAt(memory, address, spec)
  if (spec.kind === 'number') return elements[0]
  const data = allocate(spec.dtype, elements.length)
  data.set(elements)
  return new Tensor(data, spec.shape, spec.dtype)
}

/** Puts a value at an address. */
export function writeValue(
  memory: WebAssembly.Memory,
  address: number,
  spec: Spec,
  value: number | Tensor,
): void {
  const elements = elementsAt(memory, address, spec)
  if (typeof value === 'number') elements[0] = value
  else elements.set(value.data)
}

/** Less work than this isn't worth waking other threads for. */
const leastShared = 20_000

/** A module instantiated on a memory, with its constants written. */
export class ProgramInstance {
  private readonly run: Run
  private threads: Threads | undefined

  constructor(
    readonly assembled: AssembledProgram,
    readonly memory: WebAssembly.Memory,
    threads: number,
  ) {
    const module = new WebAssembly.Module(assembled.bytes)
    const { sin, cos, tan } = Math
    const instance = new WebAssembly.Instance(module, { program: { memory }, math: { sin, cos, tan } })
    this.run = instance.exports.run as Run
    if (threads > 1 && assembled.work >= leastShared)
      this.threads = new Threads(module, memory, assembled.control, threads)
    for (const { address, value, spec } of assembled.constants) writeValue(memory, address, spec, value)
  }

  /** Runs the whole program. Throws IndexError where an index was out of bounds. */
  execute(): void {
    if (this.threads === undefined) this.run(0, 1, 0)
    else this.executeTogether(this.threads)
    const errors = new Int32Array(this.memory.buffer, this.assembled.control.error, 1)
    if (errors[0] === 0) return
    errors[0] = 0
    throw new IndexError(
      'INDEX_OUT_OF_BOUNDS',
      'compiled program: an index that it computed is out of bounds of the axis it points into; what it read there was wrong',
    )
  }

  private executeTogether(threads: Threads): void {
    try {
      threads.execute(this.run)
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  /** Ends its workers; from then on it runs on this thread alone. */
  dispose(): void {
    this.threads?.stop()
    this.threads = undefined
  }
}
