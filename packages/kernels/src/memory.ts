/** The memory of a WebAssembly instance as scratch space: it grows to what a call needs and is reused. */
import { TapegradError } from './errors.js'
import type { FloatArray } from './matmulOptions.js'

const pageBytes = 65536

export class ScratchMemory {
  private view: FloatArray

  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly elementBytes: 4 | 8,
  ) {
    this.view = this.newView()
  }

  /** All of the memory as numbers, of which there are at least `count`; valid until the next call. */
  elements(count: number): FloatArray {
    if (count > this.view.length) {
      growScratch(this.memory, count * this.elementBytes)
      this.view = this.newView()
    }
    return this.view
  }

  private newView(): FloatArray {
    const { buffer } = this.memory
    return this.elementBytes === 4 ? new Float32Array(buffer) : new Float64Array(buffer)
  }
}

/** Makes memory at least so large. Throws TapegradError where the engine refuses. */
export function growScratch(memory: WebAssembly.Memory, bytes: number): void {
  const pages = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes)
  if (pages <= 0) return
  try {
    memory.grow(pages)
  } catch {
    throw new TapegradError(
      'SCRATCH_MEMORY',
      `kernels: the engine refused ${pages * pageBytes} more bytes of WebAssembly memory; free some memory, or use smaller arrays`,
    )
  }
}
