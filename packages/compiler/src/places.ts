/** Where a program's inputs and results are in memory, and how they get there and come out. */
import type { Spec, TypedArray } from '@tapegrad/autograd'
import { Tensor } from '@tapegrad/autograd'
import { allocate, sizeOf } from '@tapegrad/autograd/tracing'
import type { AssembledProgram } from './assemble.js'
import type { LoweredNode, Program } from './program.js'

/** The place of a value in a program's memory. */
export class MemoryPlace {
  private readonly size: number
  private view: TypedArray

  constructor(
    private readonly memory: WebAssembly.Memory,
    readonly address: number,
    readonly spec: Spec,
  ) {
    this.size = sizeOf(spec.shape)
    this.view = elementsAt(memory.buffer, address, spec)
  }

  /** The value, copied out. */
  read(): number | Tensor {
    const { elements, spec } = this
    if (spec.kind === 'number') return elements[0]
    const data = allocate(spec.dtype, elements.length)
    data.set(elements)
    return new Tensor(data, spec.shape, spec.dtype)
  }

  write(value: number | Tensor): void {
    if (typeof value === 'number') this.elements[0] = value
    else this.elements.set(value.data)
  }

  private get elements(): TypedArray {
    // Memory that has grown has another buffer: that of shared memory before is as good, any other has lost its elements.
    if (this.view.length !== this.size) this.view = elementsAt(this.memory.buffer, this.address, this.spec)
    return this.view
  }
}

function elementsAt(buffer: ArrayBuffer, address: number, { shape, dtype }: Spec): TypedArray {
  const size = sizeOf(shape)
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, address, size)
    case 'float64':
      return new Float64Array(buffer, address, size)
    case 'int32':
      return new Int32Array(buffer, address, size)
    default:
      return new Uint8Array(buffer, address, size)
  }
}

export function placesOf(
  indices: readonly number[],
  { nodes }: Program<LoweredNode>,
  { addresses }: AssembledProgram,
  memory: WebAssembly.Memory,
): MemoryPlace[] {
  return indices.map((index) => new MemoryPlace(memory, addresses.get(index)!, nodes[index].spec))
}

/** The positions of the inputs among the nodes, in the order of the arguments. */
export function inputIndices({ nodes }: Program): number[] {
  return nodes.flatMap(({ kind }, index) => (kind === 'input' ? [index] : []))
}
