/** Where a program looks for zeros: left sides of matrix products that are large enough for it to pay. */
import { tensor } from '@tapegrad/autograd'
import { greatestCommonDivisor } from '../multiples.js'
import type { ConstantNode } from '../program.js'
import { byteLeafOf, isContiguous, valuesOfBytes } from './byteLeaf.js'
import type { Expression, Load } from './expression.js'
import type { Kernel, MatmulKernel, NonzerosKernel } from './kernel.js'
import { fillsInOrder, isInRows } from './kernel.js'
import type { LoweredProgram } from './lower.js'
import { buffersRead } from './reads.js'

/** Smaller left sides are multiplied before they are searched. */
const leastElements = 16_384

/** Narrower products gain nothing from skipping. */
const leastColumns = 4

/**
 * The program with a list of nonzero elements for each large float32 left side of a product, made once, before its
 * first use, and shared by the others. Whether there are few enough to use the list is found out at run time. A left
 * side that is a copy, or is made of bytes such as pixels, is listed from what it is made of, and not made at all
 * where the list is used.
 */
export function findNonzeros(lowered: LoweredProgram): LoweredProgram {
  const { program, kernels } = lowered
  const nodes = [...program.nodes]
  const buffers = new Map(lowered.buffers)
  const lists = new Map<number, NonzerosKernel>()
  for (const kernel of kernels) {
    if (kernel.kind !== 'matmul' || !isWorthLooking(kernel)) continue
    const makers = kernels.filter(({ buffer }) => buffer === kernel.a)
    // An input is filled before the program runs; other buffers by kernels, of which there must be one alone.
    if (makers.length > 1 || lists.has(kernel.a)) continue
    const source = sourceOf(kernel, makers[0])
    // Lists get names behind those of the nodes, once it is known how many there are.
    const list = { ...source.list, buffer: lists.size, step: stepOf(kernel.a, kernels) }
    if (source.ofBytes !== undefined) {
      const values = nodes.push(constantNode(valuesOfBytes(source.ofBytes))) - 1
      buffers.set(values, values)
      lists.set(kernel.a, { ...list, values })
    } else lists.set(kernel.a, list)
  }
  for (const [matrix, list] of lists) lists.set(matrix, { ...list, buffer: nodes.length + list.buffer })
  return {
    program: { ...program, nodes },
    buffers,
    kernels: withLists(lowered, lists),
  }
}

/** A list of a matrix, but for its name, and the expression of bytes that the elements are, if they are. */
interface ListSource {
  readonly list: Omit<NonzerosKernel, 'buffer' | 'values' | 'step'>
  readonly ofBytes?: Expression
}

function sourceOf(product: MatmulKernel, maker: Kernel | undefined): ListSource {
  const { a: source, m, k, transposeA, batch } = product
  const [height, columns] = transposeA ? [k, m] : [m, k]
  const rows = batch.count * height
  const parts = batch.count === 1 ? undefined : batch.count
  if (maker?.kind === 'map' && fillsInOrder(maker, rows, columns)) {
    const { value, loops } = maker
    const byte = byteLeafOf(value)
    if (byte !== undefined)
      return { list: { kind: 'nonzeros', source, loops, leaf: byte, parts }, ofBytes: value }
    if ((value.kind === 'load' || value.kind === 'gather') && isContiguous(value))
      return { list: { kind: 'nonzeros', source, loops, leaf: value, parts } }
  }
  const position = { offset: 0, steps: [columns, 1] }
  const leaf: Load = { kind: 'load', buffer: source, dtype: 'float32', position }
  return { list: { kind: 'nonzeros', source, loops: [rows, columns], leaf, parts } }
}

/** What rows of the matrices that the products multiply this one by are apart, in bytes; of several, what these have in common. */
function stepOf(matrix: number, kernels: readonly Kernel[]): number {
  return kernels.reduce(
    (step, kernel) =>
      kernel.kind === 'matmul' && kernel.a === matrix && isWorthLooking(kernel)
        ? greatestCommonDivisor(step, kernel.n * Float32Array.BYTES_PER_ELEMENT)
        : step,
    0,
  )
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

/** The kernels with each list before its first use: with the matrix where that is made of something else. */
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
      const product = { ...kernel, nonzeros: { buffer: list.buffer, step: list.step } }
      return isFirst ? [list, product] : [product]
    }
    if (kernel.kind !== 'map' || list.leaf.buffer === list.source) return [kernel]
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

/** Rows of the right side are what is multiplied by a nonzero element, so they have to lie in memory as rows. */
function isWorthLooking({ dtype, m, n, k, batch, transposeB }: MatmulKernel): boolean {
  const isLarge = batch.count * m * k >= leastElements && n >= leastColumns
  return dtype === 'float32' && isInRows(batch) && !transposeB && isLarge
}
