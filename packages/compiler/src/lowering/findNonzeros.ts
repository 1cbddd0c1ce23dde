/** Where a program looks for zeros: left sides of matrix products that are large enough for it to pay. */
import { tensor } from '@tapegrad/autograd'
import type { ConstantNode } from '../program.js'
import { byteLeafOf, valuesOfBytes } from './byteLeaf.js'
import type { Kernel, MapKernel, MatmulKernel, NonzerosKernel } from './kernel.js'
import type { LoweredProgram } from './lower.js'
import { buffersRead } from './reads.js'

/** Smaller left sides are multiplied before they are searched. */
const leastElements = 16_384

/** Narrower products gain nothing from skipping. */
const leastColumns = 4

/**
 * The program with a list of nonzero elements for each large float32 left side of a product, made once, before its
 * first use, and shared by the others. Whether there are few enough to use the list is found out at run time. A left
 * side that is made of bytes, such as pixels, is listed from those, and not made at all where the list is used.
 */
export function findNonzeros(lowered: LoweredProgram): LoweredProgram {
  const { program, kernels } = lowered
  const matrices = new Map<number, NonzerosKernel>()
  for (const kernel of kernels)
    if (kernel.kind === 'matmul' && isWorthLooking(kernel) && isFilledOnce(kernel.a, kernels))
      // Lists get names behind those of the nodes, once it is known how many there are.
      if (!matrices.has(kernel.a)) matrices.set(kernel.a, nonzerosOf(kernel, matrices.size))
  const nodes = [...program.nodes]
  const buffers = new Map(lowered.buffers)
  const lists = new Map<number, NonzerosKernel>()
  for (const [matrix, list] of matrices) {
    const maker = kernels.find((kernel) => kernel.buffer === matrix)
    if (maker?.kind !== 'map' || !isOfBytes(maker, list)) {
      lists.set(matrix, list)
      continue
    }
    const values = nodes.push(constantNode(valuesOfBytes(maker.value))) - 1
    buffers.set(values, values)
    lists.set(matrix, { ...list, bytes: { leaf: byteLeafOf(maker.value)!, values } })
  }
  for (const [matrix, list] of lists) lists.set(matrix, { ...list, buffer: nodes.length + list.buffer })
  return {
    program: { ...program, nodes },
    buffers,
    kernels: withLists(lowered, lists),
  }
}

function constantNode(values: Float32Array): ConstantNode {
  const value = tensor(values)
  return {
    kind: 'constant',
    inputs: [],
    value,
    spec: { kind: 'tensor', shape: value.shape, dtype: 'float32' },
  }
}

/** The kernels with each list before its first use: with the matrix where that is made of bytes. */
function withLists(
  { program, buffers, kernels }: LoweredProgram,
  lists: ReadonlyMap<number, NonzerosKernel>,
): Kernel[] {
  const results = new Set(program.outputs.map((output) => buffers.get(output)))
  const made = new Set<number>()
  return kernels.flatMap((kernel): Kernel[] => {
    const list = lists.get(kernel.kind === 'matmul' ? kernel.a : kernel.buffer)
    if (list === undefined) return [kernel]
    const isFirst = !made.has(list.buffer)
    if (kernel.kind === 'matmul') {
      if (!isListed(kernel, lists)) return [kernel]
      made.add(list.buffer)
      const product = { ...kernel, nonzeros: list.buffer }
      return isFirst ? [list, product] : [product]
    }
    if (kernel.kind !== 'map' || list.bytes === undefined) return [kernel]
    made.add(list.buffer)
    const readers = kernels.filter((reader) => buffersRead(reader).has(kernel.buffer))
    const isNeeded = results.has(kernel.buffer) || !readers.every((reader) => isListed(reader, lists))
    return [list, isNeeded ? kernel : { ...kernel, unlessListed: list.buffer }]
  })
}

/** Whether a kernel is a product that uses a list of its left side, and nothing else of it. */
function isListed(kernel: Kernel, lists: ReadonlyMap<number, NonzerosKernel>): boolean {
  return kernel.kind === 'matmul' && isWorthLooking(kernel) && lists.has(kernel.a) && kernel.b !== kernel.a
}

/** An input is filled before the program runs; other buffers by kernels, of which there must be one alone. */
function isFilledOnce(buffer: number, kernels: readonly Kernel[]): boolean {
  return kernels.filter((kernel) => kernel.buffer === buffer).length <= 1
}

/** Whether the kernel makes the matrix, in order, of bytes, zeros of zeros alone. */
function isOfBytes({ loops, store, value }: MapKernel, { rows, columns }: NonzerosKernel): boolean {
  const isInOrder =
    loops.length === 2 &&
    loops[0] === rows &&
    loops[1] === columns &&
    store.offset === 0 &&
    store.steps[0] === columns &&
    store.steps[1] === 1
  return isInOrder && byteLeafOf(value) !== undefined
}

/** Rows of the right side are what is multiplied by a nonzero element, so they have to lie in memory as rows. */
function isWorthLooking({ dtype, m, n, k, batch, transposeB }: MatmulKernel): boolean {
  const isLarge = m * k >= leastElements && n >= leastColumns
  return dtype === 'float32' && batch.count === 1 && !transposeB && isLarge
}

function nonzerosOf({ a, m, k, transposeA }: MatmulKernel, buffer: number): NonzerosKernel {
  const [rows, columns] = transposeA ? [k, m] : [m, k]
  return { kind: 'nonzeros', buffer, source: a, rows, columns }
}
