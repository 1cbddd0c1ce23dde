/** Which constants lie in memory in compressed rows: large matrices of bytes, mostly zeros, that are listed and no more. */
import type { Tensor } from '@tapegrad/autograd'
import { compressedBlocks, CompressedRows, isSampleSparse, mostDense } from '@tapegrad/kernels'
import type { CompressedNode } from '../program.js'
import type { Gather } from './expression.js'
import type { Kernel, MatmulKernel, NonzerosKernel } from './kernel.js'
import type { LoweredProgram } from './lower.js'
import { buffersRead } from './reads.js'
import { withoutUnused } from './withoutUnused.js'

/** Smaller constants are in the cache as they are. */
const leastElements = 65_536

/**
 * The program, for so many threads, with data sets such as pixels compressed: where rows of a constant, or parts of
 * rows, are listed, and all else that would read it is left undone where they are. Compressed rows are listed in a
 * third of the time, without a look at a sample before, and take as much less memory as they have zeros.
 */
export function compressConstants(lowered: LoweredProgram, threads: number): LoweredProgram {
  return lowered.program.nodes.reduce(
    (compressed, _, constant) => compressIfPossible(compressed, constant, threads),
    lowered,
  )
}

function compressIfPossible(lowered: LoweredProgram, constant: number, threads: number): LoweredProgram {
  const node = lowered.program.nodes[constant]
  if (node.kind !== 'constant' || typeof node.value === 'number' || node.spec.dtype !== 'uint8')
    return lowered
  if (node.value.size < leastElements) return lowered
  const lists = listsOf(lowered, constant)
  const [width] = lists.map(({ loops }) => loops[loops.length - 1])
  const canBe =
    lists.length > 0 &&
    lists.every((list) => isOfRows(list, width)) &&
    productsBy(lists, lowered.kernels).every((product) => canGoByRows(product, threads)) &&
    isForListsAlone(lowered, constant, lists)
  const rows = canBe ? compressedRows(node.value, width) : undefined
  return rows === undefined ? lowered : compress(lowered, constant, { rows, lists })
}

/** A list of rows that are gathered from a constant. */
type GatheredList = NonzerosKernel & { readonly leaf: Gather }

function listsOf({ kernels }: LoweredProgram, constant: number): GatheredList[] {
  return kernels.filter(
    (kernel): kernel is GatheredList =>
      kernel.kind === 'nonzeros' && kernel.leaf.kind === 'gather' && kernel.leaf.buffer === constant,
  )
}

/** Whether each of its rows is a whole one of the constant taken as a matrix with rows of so many elements. */
function isOfRows({ loops, leaf: { position, stride } }: GatheredList, width: number): boolean {
  const starts = [stride, position.offset, ...position.steps.slice(0, -1)]
  return loops[loops.length - 1] === width && width > 0 && starts.every((start) => start % width === 0)
}

function productsBy(lists: readonly NonzerosKernel[], kernels: readonly Kernel[]): MatmulKernel[] {
  return kernels.filter(
    (kernel): kernel is MatmulKernel =>
      kernel.kind === 'matmul' && lists.some(({ buffer }) => buffer === kernel.nonzeros?.buffer),
  )
}

/** Whether threads needn't share the rows of its list, whose blocks aren't cut where theirs would be. */
function canGoByRows({ transposeA, batch }: MatmulKernel, threads: number): boolean {
  return !transposeA || batch.count > 1 || threads === 1
}

/** Whether whatever else reads the constant makes what these lists stand for. */
function isForListsAlone(
  { program, kernels, buffers }: LoweredProgram,
  constant: number,
  lists: readonly GatheredList[],
): boolean {
  return (
    !program.outputs.some((output) => buffers.get(output) === constant) &&
    kernels
      .filter((kernel) => buffersRead(kernel).has(constant))
      .every((kernel) => lists.includes(kernel as GatheredList) || isReplaced(kernel, lists))
  )
}

/** Whether the kernel makes what a list stands for. */
function isReplaced(kernel: Kernel, lists: readonly NonzerosKernel[]): boolean {
  return kernel.kind === 'map' && lists.some(({ buffer }) => buffer === kernel.unlessListed)
}

const known = new WeakMap<Tensor, Map<number, CompressedRows>>()

/** The constant in rows of so many elements, the same for each program; undefined where too few elements are zero. */
function compressedRows(constant: Tensor, width: number): CompressedRows | undefined {
  const bytes = constant.data as Uint8Array
  if (!isSampleSparse(bytes)) return undefined
  const ofConstant = known.get(constant) ?? new Map<number, CompressedRows>()
  const [counted] = ofConstant.values()
  const rows = ofConstant.get(width) ?? new CompressedRows(bytes, width, counted?.nonzeros)
  known.set(constant, ofConstant.set(width, rows))
  return rows.nonzeros <= mostDense * bytes.length ? rows : undefined
}

interface Compression {
  readonly rows: CompressedRows
  readonly lists: readonly GatheredList[]
}

function compress(
  { program, kernels, buffers }: LoweredProgram,
  constant: number,
  { rows, lists }: Compression,
): LoweredProgram {
  const node: CompressedNode = {
    kind: 'compressed',
    inputs: [],
    value: rows,
    spec: { kind: 'tensor', shape: [rows.mostBytes / 4], dtype: 'int32' },
  }
  const products = productsBy(lists, kernels)
  return withoutUnused({
    program: { ...program, nodes: program.nodes.map((other, index) => (index === constant ? node : other)) },
    buffers,
    kernels: kernels.flatMap((kernel): Kernel[] => {
      if (kernel.kind === 'nonzeros' && lists.includes(kernel as GatheredList))
        return [fromRows(kernel as GatheredList, rows.columns)]
      if (kernel.kind === 'matmul' && kernel.nonzeros !== undefined && products.includes(kernel))
        return [{ ...kernel, nonzeros: { ...kernel.nonzeros, isCompressed: true } }]
      return isReplaced(kernel, lists) ? [] : [kernel]
    }),
  })
}

/** The list, from compressed rows of so many elements: its leaf is where a row's first block begins. */
function fromRows(list: GatheredList, width: number): NonzerosKernel {
  const { position, stride } = list.leaf
  const startOf = (element: number): number => (element / width) * compressedBlocks(width)
  const starts = {
    offset: startOf(position.offset),
    steps: [...position.steps.slice(0, -1).map(startOf), 0],
  }
  return {
    ...list,
    leaf: { ...list.leaf, dtype: 'int32', position: starts, stride: startOf(stride) },
    isCompressed: true,
  }
}
