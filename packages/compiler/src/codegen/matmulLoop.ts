/** Code for matrix products: the kernels' packed panels, in the program's own memory. */
import type { Body, DefinedFunction, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import { call, for_, func, i32, if_, local, memory, select, set } from '@tapegrad/kernels/assembler'
import type { TileShape } from '@tapegrad/kernels'
import { copyPanels, fastestShape, lanesOf, multiplyPanels, transposePanels } from '@tapegrad/kernels'
import type { MatmulKernel } from '../lowering/kernel.js'
import type { Layout } from './layout.js'
import { elementBytes } from './machine.js'
import type { KernelCode } from './mapLoop.js'
import { rangeParameters, setIndices } from './mapLoop.js'
import { isSparse } from './listPlaces.js'
import { multiplyByColumns, multiplyByRows } from './multiplyByList.js'

/** Limits of a packed block of the left matrix, which shall stay in a second-level cache; rows fill whole panels. */
const packedRows = 120
const packedDepth = 384

/** The functions that all matrix products of one dtype in a module share. */
export interface MatmulFunctions {
  readonly shape: TileShape
  readonly packLeft: (transpose: boolean) => DefinedFunction<'none'>
  readonly packWide: (transpose: boolean) => DefinedFunction<'none'>
  readonly packNarrow: (transpose: boolean) => DefinedFunction<'none'>
  readonly multiplyWide: DefinedFunction<'none'>
  readonly multiplyNarrow: DefinedFunction<'none'>
}

export function matmulFunctions(dtype: 'float32' | 'float64', relaxed: boolean): MatmulFunctions {
  const shape = fastestShape(elementBytes[dtype] as 4 | 8, relaxed)
  const lanes = lanesOf(shape)
  const eitherWay = (width: number): ((transpose: boolean) => DefinedFunction<'none'>) => {
    const [copy, transposed] = [copyPanels(shape, width), transposePanels(shape, width)]
    return (transpose) => (transpose ? transposed : copy)
  }
  return {
    shape,
    packLeft: eitherWay(shape.rows),
    packWide: eitherWay(2 * lanes),
    packNarrow: eitherWay(lanes),
    multiplyWide: multiplyPanels(shape, 2),
    multiplyNarrow: multiplyPanels(shape, 1),
  }
}

/** How the right matrix is cut into panels. */
interface Panels {
  /** Steps along k that are worked on together. */
  readonly blockDepth: number
  /** Columns in wide panels; the others are in a narrow one. */
  readonly wideColumns: number
  /** Columns with the unused ones of the last panel. */
  readonly packedColumns: number
}

function panelsOf({ n, k }: MatmulKernel, shape: TileShape): Panels {
  const lanes = lanesOf(shape)
  const rest = n % (2 * lanes)
  const last = rest > lanes ? 2 * lanes : lanes
  return {
    // Blocks of equal depth, so that the last one isn't a thin rest.
    blockDepth: Math.ceil(k / Math.ceil(k / packedDepth)),
    wideColumns: rest > lanes ? n : n - rest,
    packedColumns: Math.ceil(n / last) * last,
  }
}

/** Bytes of the packed right matrix. */
export function packedRightBytes(kernel: MatmulKernel, { shape }: MatmulFunctions): number {
  return kernel.k * panelsOf(kernel, shape).packedColumns * shape.elementBytes
}

/** Bytes that each thread has to itself: a packed block of the left matrix, and for a batch a right one and a result. */
export function threadScratchBytes(kernel: MatmulKernel, functions: MatmulFunctions): number {
  const left = packedLeftBytes(functions)
  return isBatch(kernel) ? left + packedRightBytes(kernel, functions) + resultBytes(kernel, functions) : left
}

function packedLeftBytes({ shape }: MatmulFunctions): number {
  return packedRows * packedDepth * shape.elementBytes
}

/** Bytes of a result of whole tiles. */
function resultBytes({ m, n, dtype }: MatmulKernel, { shape }: MatmulFunctions): number {
  return Math.ceil(m / shape.rows) * shape.rows * n * elementBytes[dtype]
}

/** Bytes that a result is written beyond its end: whole tiles of rows are stored. */
export function overrunBytes({ n, dtype }: MatmulKernel, { shape }: MatmulFunctions): number {
  return (shape.rows - 1) * n * elementBytes[dtype]
}

/**
 * A product in two steps: all threads pack the right matrix, then each multiplies its rows. Of a batch each thread does
 * whole products instead.
 */
export function matmulLoops(
  kernel: MatmulKernel,
  functions: MatmulFunctions,
  layout: Layout,
): readonly KernelCode[] {
  return isBatch(kernel)
    ? [multiplyBatch(kernel, functions, layout)]
    : [packRight(kernel, functions, layout), multiplyRows(kernel, functions, layout)]
}

function isBatch({ batch }: MatmulKernel): boolean {
  return batch.count > 1
}

function packRight(kernel: MatmulKernel, functions: MatmulFunctions, layout: Layout): KernelCode {
  const { m, k, nonzeros } = kernel
  const b = layout.addressOf(kernel.b)
  const { blockDepth } = panelsOf(kernel, functions.shape)
  return {
    run: func('packRight', rangeParameters, 'none', ({ begin, end }) => [
      packBlocks(kernel, functions, i32.const(b), i32.const(layout.sharedScratch), begin, end),
    ]),
    total: Math.ceil(k / blockDepth),
    grain: 1,
    onlyIf: nonzeros === undefined ? undefined : i32.eqz(isSparse(layout, nonzeros, m * k)),
  }
}

function multiplyRows(kernel: MatmulKernel, functions: MatmulFunctions, layout: Layout): KernelCode {
  const { m } = kernel
  const { rows } = functions.shape
  const rowBegin = local('i32', 'rowBegin')
  const rowEnd = local('i32', 'rowEnd')
  return {
    run: func('multiplyRows', rangeParameters, 'none', ({ begin, end, thread }) => [
      set(rowBegin, i32.mul(begin, rows)),
      set(rowEnd, smaller(i32.mul(end, rows), i32.const(m))),
      ifSparse(
        kernel,
        layout,
        rowBegin,
        rowEnd,
        multiplyBlocks(kernel, functions, {
          a: i32.const(layout.addressOf(kernel.a)),
          left: threadScratch(layout, thread),
          right: i32.const(layout.sharedScratch),
          result: i32.const(layout.addressOf(kernel.buffer)),
          rowBegin,
          rowEnd,
        }),
      ),
    ]),
    total: Math.ceil(m / rows),
    grain: 1,
  }
}

/** Products of a batch, each by one thread alone. */
function multiplyBatch(kernel: MatmulKernel, functions: MatmulFunctions, layout: Layout): KernelCode {
  const { m, n, k, dtype, batch } = kernel
  const bytes = elementBytes[dtype]
  const { blockDepth } = panelsOf(kernel, functions.shape)
  const matrix = local('i32', 'matrix')
  const [left, right, result] = ['left', 'right', 'result'].map((name) => local('i32', name))
  const [rowBegin, rowEnd, blocks] = ['rowBegin', 'rowEnd', 'blocks'].map((name) => local('i32', name))
  const indices = batch.extents.map((_, axis) => local('i32', `i${axis}`))
  const operand = (buffer: number, steps: readonly number[], size: number): Code<'i32'> =>
    steps.reduce<Code<'i32'>>(
      (address, step, axis) => i32.add(address, i32.mul(indices[axis], step * size * bytes)),
      i32.const(layout.addressOf(buffer)),
    )
  return {
    run: func('multiplyBatch', rangeParameters, 'none', ({ begin, end, thread }) => [
      set(left, threadScratch(layout, thread)),
      set(right, i32.add(left, packedLeftBytes(functions))),
      // A result of whole tiles would reach into the next one, which another thread may be writing.
      set(result, i32.add(right, packedRightBytes(kernel, functions))),
      set(rowEnd, m),
      set(blocks, Math.ceil(k / blockDepth)),
      for_(matrix, begin, end, 1, [
        setIndices(matrix, batch.extents, indices),
        packBlocks(kernel, functions, operand(kernel.b, batch.b, k * n), right, i32.const(0), blocks),
        multiplyBlocks(kernel, functions, {
          a: operand(kernel.a, batch.a, m * k),
          left,
          right,
          result,
          rowBegin,
          rowEnd,
        }),
        memory.copy(
          i32.add(i32.mul(matrix, m * n * bytes), layout.addressOf(kernel.buffer)),
          result,
          m * n * bytes,
        ),
      ]),
    ]),
    total: batch.count,
    grain: 1,
  }
}

function threadScratch(layout: Layout, thread: Local<'i32'>): Code<'i32'> {
  return i32.add(i32.mul(thread, layout.threadScratchBytes), layout.threadScratch)
}

/** Packs blocks of the right matrix at `b` into panels. */
function packBlocks(
  kernel: MatmulKernel,
  functions: MatmulFunctions,
  b: Code<'i32'>,
  panels: Code<'i32'>,
  begin: Code<'i32'>,
  end: Local<'i32'>,
): Body {
  const { n, k, transposeB } = kernel
  const { shape, packWide, packNarrow } = functions
  const { elementBytes: bytes } = shape
  const { blockDepth, wideColumns, packedColumns } = panelsOf(kernel, shape)
  const block = local('i32', 'block')
  const first = local('i32', 'first')
  const steps = local('i32', 'steps')
  const source = local('i32', 'source')
  const target = local('i32', 'target')
  const stride = (transposeB ? k : n) * bytes
  return [
    for_(block, begin, end, 1, [
      set(first, i32.mul(block, blockDepth)),
      set(steps, smaller(i32.const(blockDepth), i32.sub(k, first))),
      set(source, i32.add(i32.mul(first, (transposeB ? 1 : n) * bytes), b)),
      set(target, i32.add(i32.mul(first, packedColumns * bytes), panels)),
      call(packWide(transposeB), source, target, wideColumns, steps, stride),
      call(
        packNarrow(transposeB),
        i32.add(source, wideColumns * (transposeB ? k : 1) * bytes),
        i32.add(target, i32.mul(steps, wideColumns * bytes)),
        n - wideColumns,
        steps,
        stride,
      ),
    ]),
  ]
}

/** Where the parts of a product are, and which rows of it to compute. */
interface ProductPlaces {
  readonly a: Code<'i32'>
  /** Room for a packed block of a. */
  readonly left: Code<'i32'>
  /** The packed right matrix. */
  readonly right: Code<'i32'>
  readonly result: Code<'i32'>
  readonly rowBegin: Local<'i32'>
  readonly rowEnd: Local<'i32'>
}

/** Multiplies rows of the left matrix with the packed right one, block by block. */
function multiplyBlocks(kernel: MatmulKernel, functions: MatmulFunctions, places: ProductPlaces): Body {
  const { m, n, k, transposeA } = kernel
  const { shape, packLeft, multiplyWide, multiplyNarrow } = functions
  const { elementBytes: bytes } = shape
  const { blockDepth, wideColumns, packedColumns } = panelsOf(kernel, shape)
  const first = local('i32', 'first')
  const steps = local('i32', 'steps')
  const row = local('i32', 'row')
  const rows = local('i32', 'rows')
  const left = local('i32', 'packed')
  const right = local('i32', 'panels')
  const out = local('i32', 'out')
  const [rowStep, depthStep] = transposeA ? [1, m] : [k, 1]
  const leftStride = (transposeA ? m : k) * bytes
  return [
    set(left, places.left),
    for_(first, 0, k, blockDepth, [
      set(steps, smaller(i32.const(blockDepth), i32.sub(k, first))),
      set(right, i32.add(i32.mul(first, packedColumns * bytes), places.right)),
      for_(row, places.rowBegin, places.rowEnd, packedRows, [
        set(rows, smaller(i32.const(packedRows), i32.sub(places.rowEnd, row))),
        call(
          packLeft(!transposeA),
          i32.add(i32.add(i32.mul(row, rowStep * bytes), i32.mul(first, depthStep * bytes)), places.a),
          left,
          rows,
          steps,
          leftStride,
        ),
        set(out, i32.add(i32.mul(row, n * bytes), places.result)),
        // The first block of steps sets the result, the others add to it.
        call(multiplyWide, left, right, out, rows, wideColumns, steps, n * bytes, first),
        call(
          multiplyNarrow,
          left,
          i32.add(right, i32.mul(steps, wideColumns * bytes)),
          i32.add(out, wideColumns * bytes),
          rows,
          n - wideColumns,
          steps,
          n * bytes,
          first,
        ),
      ]),
    ]),
  ]
}

function smaller(x: Code<'i32'>, y: Code<'i32'>): Code<'i32'> {
  return select(x, y, i32.lt_s(x, y))
}

/** The product by the list of nonzero elements where there is one, else densely. */
function ifSparse(
  kernel: MatmulKernel,
  layout: Layout,
  begin: Local<'i32'>,
  end: Local<'i32'>,
  dense: Body,
): Body {
  const { nonzeros, transposeA, m, k } = kernel
  if (nonzeros === undefined) return dense
  const multiply = transposeA ? multiplyByColumns : multiplyByRows
  return [if_(isSparse(layout, nonzeros, m * k), multiply(kernel, nonzeros, layout, begin, end), dense)]
}
