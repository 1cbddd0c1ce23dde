/** Where a program looks for zeros: left sides of matrix products that are large enough for it to pay. */
import { byteLeafOf } from './byteLeaf.js'
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
  const { program, buffers, kernels } = lowered
  const lists = new Map<number, NonzerosKernel>()
  for (const kernel of kernels)
    if (
      kernel.kind === 'matmul' &&
      isWorthLooking(kernel) &&
      !lists.has(kernel.a) &&
      isFilledOnce(kernel.a, kernels)
    ) {
      // Buffers are named by nodes; lists get names behind them.
      lists.set(kernel.a, nonzerosOf(kernel, program.nodes.length + lists.size))
    }
  const results = new Set(program.outputs.map((output) => buffers.get(output)))
  const made = new Set<number>()
  const listed = kernels.flatMap((kernel): Kernel[] => {
    if (kernel.kind === 'map') {
      const list = lists.get(kernel.buffer)
      if (list === undefined || !isOfBytes(kernel, list)) return [kernel]
      made.add(list.buffer)
      const readers = kernels.filter((reader) => buffersRead(reader).has(kernel.buffer))
      const isNeeded = results.has(kernel.buffer) || !readers.every((reader) => isListed(reader, lists))
      const unlessListed = { list: list.buffer, elements: list.rows * list.columns }
      return [{ ...list, ofByte: kernel.value }, isNeeded ? kernel : { ...kernel, unlessListed }]
    }
    if (kernel.kind !== 'matmul' || !isListed(kernel, lists)) return [kernel]
    const list = lists.get(kernel.a)!
    const product = { ...kernel, nonzeros: list.buffer }
    if (made.has(list.buffer)) return [product]
    made.add(list.buffer)
    return [list, product]
  })
  return { ...lowered, kernels: listed }
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

function nonzerosOf({ a, m, k, transposeA }: MatmulKernel, list: number): NonzerosKernel {
  const [rows, columns] = transposeA ? [k, m] : [m, k]
  return { kind: 'nonzeros', buffer: list, source: a, rows, columns }
}
