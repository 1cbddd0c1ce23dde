/** Code for dense matrix products: the kernels' packed panels, in the program's own memory. */
import type { Body, DefinedFunction, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import { call, for_, func, i32, if_, local, memory, set } from '@tapegrad/kernels/assembler'
import type { TileShape } from '@tapegrad/kernels'
import { copyPanels, fastestShape, lanesOf, multiplyPanels, transposePanels } from '@tapegrad/kernels'
import type { MatmulKernel, PackLeftKernel, PackRightKernel } from '../lowering/kernel.js'
import type { Layout } from './layout.js'
import { elementBytes } from './machine.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'
import { setIndices } from './mapLoop.js'
import { smaller } from './smaller.js'

/** Limits of a packed block of the left matrix, which shall stay in a second-level cache; rows fill whole panels. */
const packedRows = 120
const packedDepth = 384

/** The functions that all matrix products of one dtype in a module share. */
export interface DenseFunctions {
  readonly shape: TileShape
  readonly packLeft: (transpose: boolean) => DefinedFunction<'none'>
  readonly packWide: (transpose: boolean) => DefinedFunction<'none'>
  readonly packNarrow: (transpose: boolean) => DefinedFunction<'none'>
  readonly multiplyWide: DefinedFunction<'none'>
  readonly multiplyNarrow: DefinedFunction<'none'>
}

export function denseFunctions(dtype: 'float32' | 'float64', relaxed: boolean): DenseFunctions {
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

/** What has to be known of a right matrix to pack it. */
type RightSide = Pick<MatmulKernel, 'n' | 'k' | 'transposeB'>

/** Blocks of equal depth, so that the last one isn't a thin rest. */
function blockDepthOf(k: number): number {
  return Math.ceil(k / Math.ceil(k / packedDepth))
}

/** Rows of whole panels. */
function paddedRows(m: number, { shape }: DenseFunctions): number {
  return Math.ceil(m / shape.rows) * shape.rows
}

/** Bytes of a packed left matrix: block after block of steps along k, each with all panels. */
export function packedLeftBytes({ m, k }: PackLeftKernel, functions: DenseFunctions): number {
  return paddedRows(m, functions) * k * functions.shape.elementBytes
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

function panelsOf({ n, k }: RightSide, shape: TileShape): Panels {
  const lanes = lanesOf(shape)
  const rest = n % (2 * lanes)
  const last = rest > lanes ? 2 * lanes : lanes
  return {
    blockDepth: blockDepthOf(k),
    wideColumns: rest > lanes ? n : n - rest,
    packedColumns: Math.ceil(n / last) * last,
  }
}

/** Bytes of the packed right matrix. */
export function packedRightBytes(right: RightSide, { shape }: DenseFunctions): number {
  return right.k * panelsOf(right, shape).packedColumns * shape.elementBytes
}

/**
 * Bytes that each thread has to itself: a packed block of the left matrix, the right one unless that is packed once
 * for all, and for a batch a result.
 */
export function threadScratchBytes(kernel: MatmulKernel, functions: DenseFunctions): number {
  const left = leftBlockBytes(functions)
  const right = kernel.packedRight === undefined ? packedRightBytes(kernel, functions) : 0
  return left + right + (isBatch(kernel) ? resultBytes(kernel, functions) : 0)
}

function leftBlockBytes({ shape }: DenseFunctions): number {
  return packedRows * packedDepth * shape.elementBytes
}

/** Bytes of a result of whole tiles. */
function resultBytes({ m, n, dtype }: MatmulKernel, { shape }: DenseFunctions): number {
  return Math.ceil(m / shape.rows) * shape.rows * n * elementBytes[dtype]
}

/** Bytes that a result is written beyond its end: whole tiles of rows are stored. */
export function overrunBytes({ n, dtype }: MatmulKernel, { shape }: DenseFunctions): number {
  return (shape.rows - 1) * n * elementBytes[dtype]
}

/** A dense product: threads share its rows, or of a batch its matrices. */
export function denseProduct(kernel: MatmulKernel, functions: DenseFunctions, layout: Layout): KernelCode {
  return isBatch(kernel)
    ? multiplyBatch(kernel, functions, layout)
    : {
        run: func('multiply', rangeParameters, 'none', ({ begin, end, thread }) =>
          multiplyRows(kernel, functions, layout, { begin, end, thread }),
        ),
        total: kernel.m,
        grain: functions.shape.rows,
      }
}

function isBatch({ batch }: MatmulKernel): boolean {
  return batch.count > 1
}

/** Packs a left matrix, of which each thread packs its rows. */
export function packLeft(kernel: PackLeftKernel, functions: DenseFunctions, layout: Layout): KernelCode {
  const { a, buffer, m, k, unlessListed } = kernel
  const { rows, elementBytes: bytes } = functions.shape
  const first = local('i32', 'first')
  const steps = local('i32', 'steps')
  return {
    run: func('packLeft', rangeParameters, 'none', ({ begin, end }) => [
      for_(first, 0, k, blockDepthOf(k), [
        set(steps, smaller(i32.const(blockDepthOf(k)), i32.sub(k, first))),
        call(
          functions.packLeft(true),
          i32.add(i32.mul(i32.add(i32.mul(begin, k), first), bytes), layout.addressOf(a)),
          i32.add(leftPanels(m, functions, first, begin, steps), layout.addressOf(buffer)),
          i32.sub(end, begin),
          steps,
          k * bytes,
        ),
      ]),
    ]),
    total: m,
    grain: rows,
    unlessListed,
  }
}

/** Where the panels of a packed left matrix are from a row on, in a block of steps, in bytes from its start. */
function leftPanels(
  m: number,
  functions: DenseFunctions,
  first: Code<'i32'>,
  row: Code<'i32'>,
  steps: Code<'i32'>,
): Code<'i32'> {
  const before = i32.add(i32.mul(first, paddedRows(m, functions)), i32.mul(row, steps))
  return i32.mul(before, functions.shape.elementBytes)
}

/** Packs a right matrix for all threads, which share its panels. */
export function packRight(kernel: PackRightKernel, functions: DenseFunctions, layout: Layout): KernelCode {
  const { b, buffer, unlessListed } = kernel
  return {
    run: func('packRight', rangeParameters, 'none', ({ begin, end }) =>
      packPanels(kernel, functions, i32.const(layout.addressOf(b)), i32.const(layout.addressOf(buffer)), {
        begin,
        end,
      }),
    ),
    total: panelCount(kernel, functions),
    grain: 1,
    unlessListed,
  }
}

interface Range {
  readonly begin: Local<'i32'>
  readonly end: Local<'i32'>
}

/** Multiplies the rows from `begin`, a multiple of a tile's, to `end`. */
export function multiplyRows(
  kernel: MatmulKernel,
  functions: DenseFunctions,
  layout: Layout,
  { begin, end, thread }: Range & { readonly thread: Local<'i32'> },
): Body {
  const left = threadScratch(layout, thread)
  const own = i32.add(left, leftBlockBytes(functions))
  const places = {
    a: i32.const(layout.addressOf(kernel.a)),
    left: kernel.packedLeft === undefined ? left : i32.const(layout.addressOf(kernel.packedLeft)),
    result: i32.const(layout.addressOf(kernel.buffer)),
    rowBegin: begin,
    rowEnd: end,
  }
  if (kernel.packedRight !== undefined)
    return multiplyBlocks(kernel, functions, {
      ...places,
      right: i32.const(layout.addressOf(kernel.packedRight)),
    })
  const right = local('i32', 'ownRight')
  return [
    set(right, own),
    packAll(kernel, functions, i32.const(layout.addressOf(kernel.b)), right),
    multiplyBlocks(kernel, functions, { ...places, right }),
  ]
}

/** Products of a batch, each by one thread alone. */
function multiplyBatch(kernel: MatmulKernel, functions: DenseFunctions, layout: Layout): KernelCode {
  const { m, n, k, dtype, batch } = kernel
  const bytes = elementBytes[dtype]
  const matrix = local('i32', 'matrix')
  const [left, right, result] = ['left', 'right', 'result'].map((name) => local('i32', name))
  const [rowBegin, rowEnd] = ['rowBegin', 'rowEnd'].map((name) => local('i32', name))
  const indices = batch.extents.map((_, axis) => local('i32', `i${axis}`))
  const operand = (buffer: number, steps: readonly number[], size: number): Code<'i32'> =>
    steps.reduce<Code<'i32'>>(
      (address, step, axis) => i32.add(address, i32.mul(indices[axis], step * size * bytes)),
      i32.const(layout.addressOf(buffer)),
    )
  return {
    run: func('multiplyBatch', rangeParameters, 'none', ({ begin, end, thread }) => [
      set(left, threadScratch(layout, thread)),
      set(right, i32.add(left, leftBlockBytes(functions))),
      // A result of whole tiles would reach into the next one, which another thread may be writing.
      set(result, i32.add(right, packedRightBytes(kernel, functions))),
      set(rowEnd, m),
      for_(matrix, begin, end, 1, [
        setIndices(matrix, batch.extents, indices),
        packAll(kernel, functions, operand(kernel.b, batch.b, k * n), right),
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

function panelCount(right: RightSide, { shape }: DenseFunctions): number {
  return Math.ceil(right.n / (2 * lanesOf(shape)))
}

/** Packs the whole right matrix at `b` into panels. */
function packAll(right: RightSide, functions: DenseFunctions, b: Code<'i32'>, panels: Code<'i32'>): Body {
  const [begin, end] = [local('i32', 'firstPanel'), local('i32', 'panelCount')]
  return [
    set(begin, 0),
    set(end, panelCount(right, functions)),
    packPanels(right, functions, b, panels, { begin, end }),
  ]
}

/** Packs the panels from `begin` to `end`, of which the last may be narrow, in every block of steps. */
function packPanels(
  right: RightSide,
  functions: DenseFunctions,
  b: Code<'i32'>,
  panels: Code<'i32'>,
  { begin, end }: Range,
): Body {
  const { n, k, transposeB } = right
  const { shape, packWide, packNarrow } = functions
  const { elementBytes: bytes } = shape
  const { blockDepth, wideColumns, packedColumns } = panelsOf(right, shape)
  const width = 2 * lanesOf(shape)
  const first = local('i32', 'first')
  const steps = local('i32', 'steps')
  const source = local('i32', 'source')
  const target = local('i32', 'target')
  const stride = (transposeB ? k : n) * bytes
  const columnBytes = (transposeB ? k : 1) * bytes
  const column = i32.mul(begin, width)
  const wideEnd = smaller(i32.mul(end, width), i32.const(wideColumns))
  const hasNarrow = wideColumns === n ? [] : [i32.eq(end, panelCount(right, functions))]
  return [
    for_(first, 0, k, blockDepth, [
      set(steps, smaller(i32.const(blockDepth), i32.sub(k, first))),
      set(source, i32.add(i32.mul(first, (transposeB ? 1 : n) * bytes), b)),
      set(target, i32.add(i32.mul(first, packedColumns * bytes), panels)),
      call(
        packWide(transposeB),
        i32.add(source, i32.mul(column, columnBytes)),
        i32.add(target, i32.mul(i32.mul(steps, column), bytes)),
        i32.sub(wideEnd, column),
        steps,
        stride,
      ),
      hasNarrow.map((condition) =>
        if_(condition, [
          call(
            packNarrow(transposeB),
            i32.add(source, wideColumns * columnBytes),
            i32.add(target, i32.mul(steps, wideColumns * bytes)),
            n - wideColumns,
            steps,
            stride,
          ),
        ]),
      ),
    ]),
  ]
}

/** Where the parts of a product are, and which rows of it to compute. */
interface ProductPlaces {
  readonly a: Code<'i32'>
  /** Room for a packed block of a, or all of it packed. */
  readonly left: Code<'i32'>
  /** The packed right matrix. */
  readonly right: Code<'i32'>
  readonly result: Code<'i32'>
  readonly rowBegin: Local<'i32'>
  readonly rowEnd: Local<'i32'>
}

/** Multiplies rows of the left matrix with the packed right one, block by block. */
function multiplyBlocks(kernel: MatmulKernel, functions: DenseFunctions, places: ProductPlaces): Body {
  const { m, n, k, transposeA } = kernel
  const { shape, multiplyWide, multiplyNarrow } = functions
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
        kernel.packedLeft === undefined
          ? call(
              functions.packLeft(!transposeA),
              i32.add(i32.add(i32.mul(row, rowStep * bytes), i32.mul(first, depthStep * bytes)), places.a),
              left,
              rows,
              steps,
              leftStride,
            )
          : set(left, i32.add(leftPanels(m, functions, first, row, steps), places.left)),
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
