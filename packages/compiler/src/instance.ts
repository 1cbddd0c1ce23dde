/** A program in memory: instantiated, its constants in place, ready to run. */
import type { Spec } from '@tapegrad/autograd'
import { IndexError } from '@tapegrad/autograd'
import { CompressedRows } from '@tapegrad/kernels'
import type { AssembledProgram } from './assemble.js'
import { CompileError } from './errors.js'
import { MemoryPlace } from './places.js'
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

const wordSpec: Spec = { kind: 'number', shape: [], dtype: 'int32' }

/** Less work than this isn't worth waking other threads for. */
const leastShared = 20_000

/** A module instantiated on a memory, with its constants written. */
export class ProgramInstance {
  private readonly run: Run
  private readonly error: MemoryPlace
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
      this.threads = new Threads(module, memory, assembled, threads)
    for (const { address, value, spec } of assembled.constants)
      if (value instanceof CompressedRows)
        value.write(new Uint8Array(memory.buffer, address, value.mostBytes))
      else new MemoryPlace(memory, address, spec).write(value)
    this.error = new MemoryPlace(memory, assembled.control.error, wordSpec)
  }

  /** Runs the whole program. Throws IndexError where an index was out of bounds. */
  execute(): void {
    if (this.threads === undefined) this.run(0, 1, 0)
    else this.executeTogether(this.threads)
    if (this.error.read() === 0) return
    this.error.write(0)
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
