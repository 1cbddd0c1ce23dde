/** Code for dense matrix products: the kernels' packed panels, in the program's own memory. */
import type { Body, DefinedFunction, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import { call, for_, func, i32, if_, local, memory, set } from '@tapegrad/kernels/assembler'
import type { TileShape, WriteBack } from '@tapegrad/kernels'
import { copyPanels, fastestShape, lanesOf, multiplyPanels, transposePanels } from '@tapegrad/kernels'
import type { MatmulKernel, PackLeftKernel, PackRightKernel } from '../lowering/kernel.js'
import type { Layout } from './layout.js'
import { elementBytes } from './machine.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'
import { once } from './once.js'
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
  readonly multiply: (writeBack: WriteBack | undefined) => MultiplyFunctions
}

/** What multiplies packed panels, wide ones and narrow ones. */
interface MultiplyFunctions {
  readonly multiplyWide: DefinedFunction<'none'>
  readonly multiplyNarrow: DefinedFunction<'none'>
}

export function denseFunctions(dtype: 'float32' | 'float64', relaxed: boolean): DenseFunctions {
  const shape = fastestShape(elementBytes[dtype] as 4 | 8, relaxed)
  const lanes = lanesOf(shape)
  const eitherWay = once((width: number): ((transpose: boolean) => DefinedFunction<'none'>) => {
    const [copy, transposed] = [copyPanels(shape, width), transposePanels(shape, width)]
    return (transpose) => (transpose ? transposed : copy)
  })
  return {
    shape,
    packLeft: eitherWay(shape.rows),
    packWide: eitherWay(2 * lanes),
    packNarrow: eitherWay(lanes),
    multiply: once(
      (writeBack) => ({
        multiplyWide: multiplyPanels(shape, 2, writeBack),
        multiplyNarrow: multiplyPanels(shape, 1, writeBack),
      }),
      (writeBack) => writeBack && `${writeBack.bias} ${writeBack.relu}`,
    ),
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
export function packedMatrixBytes(
  { m, k }: Pick<MatmulKernel, 'm' | 'k'>,
  functions: DenseFunctions,
): number {
  return paddedRows(m, functions) * k * functions.shape.elementBytes
}

export function packedLeftBytes(kernel: PackLeftKernel, functions: DenseFunctions): number {
  return kernel.count * packedMatrixBytes(kernel, functions)
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
  return left + right + (isStaged(kernel, functions) ? resultBytes(kernel, functions) : 0)
}

/** Whether a product of a batch is made in a place of its own: whole tiles of it would reach into the next one. */
function isStaged({ m, batch }: MatmulKernel, { shape }: DenseFunctions): boolean {
  return batch.count > 1 && m % shape.rows !== 0
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

/** Packs a left matrix, of which each thread packs its rows, or several, of which each packs its own. */
export function packLeft(kernel: PackLeftKernel, functions: DenseFunctions, layout: Layout): KernelCode {
  const { a, buffer, m, k, count, unlessListed } = kernel
  const { rows, elementBytes: bytes } = functions.shape
  const first = local('i32', 'first')
  const steps = local('i32', 'steps')
  const matrix = local('i32', 'matrix')
  const all = { begin: local('i32', 'firstRow'), end: local('i32', 'behind') }
  const pack = (source: Code<'i32'>, target: Code<'i32'>, { begin, end }: Range): Body => [
    for_(first, 0, k, blockDepthOf(k), [
      set(steps, smaller(i32.const(blockDepthOf(k)), i32.sub(k, first))),
      call(
        functions.packLeft(true),
        i32.add(i32.mul(i32.add(i32.mul(begin, k), first), bytes), source),
        i32.add(leftPanels(m, functions, first, begin, steps), target),
        i32.sub(end, begin),
        steps,
        k * bytes,
      ),
    ]),
  ]
  const [source, target] = [layout.addressOf(a), layout.addressOf(buffer)]
  if (count === 1)
    return {
      run: func('packLeft', rangeParameters, 'none', ({ begin, end }) =>
        pack(i32.const(source), i32.const(target), { begin, end }),
      ),
      total: m,
      grain: rows,
      unlessListed,
    }
  return {
    run: func('packLeft', rangeParameters, 'none', ({ begin, end }) => [
      set(all.end, m),
      for_(matrix, begin, end, 1, [
        pack(
          i32.add(i32.mul(matrix, m * k * bytes), source),
          i32.add(i32.mul(matrix, packedMatrixBytes(kernel, functions)), target),
          all,
        ),
      ]),
    ]),
    total: count,
    grain: 1,
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

/** Where the operands of one product are: the matrices, the left one packed, if it is, and the bias, if there is one. */
export interface DenseOperands {
  readonly a: Code<'i32'>
  readonly b: Code<'i32'>
  readonly packedLeft: Code<'i32'> | undefined
  readonly bias: Code<'i32'> | undefined
  readonly result: Code<'i32'>
}

/** Multiplies the rows from `begin`, a multiple of a tile's, to `end`. */
export function denseProduct(
  kernel: MatmulKernel,
  functions: DenseFunctions,
  layout: Layout,
  { a, b, packedLeft, bias, result }: DenseOperands,
  { begin, end, thread }: Range & { readonly thread: Local<'i32'> },
): Body {
  const { m, n, dtype, packedRight } = kernel
  const left = local('i32', 'ownLeft')
  const right = local('i32', 'ownRight')
  const staged = local('i32', 'staged')
  const bytes = m * n * elementBytes[dtype]
  const isPacked = packedRight !== undefined
  const places = {
    a,
    left: packedLeft ?? left,
    right: isPacked ? i32.const(layout.addressOf(packedRight)) : right,
    bias,
    rowBegin: begin,
    rowEnd: end,
  }
  return [
    set(left, i32.add(i32.mul(thread, layout.threadScratchBytes), layout.threadScratch)),
    set(right, i32.add(left, leftBlockBytes(functions))),
    isPacked ? [] : packAll(kernel, functions, b, right),
    isStaged(kernel, functions)
      ? [
          set(staged, i32.add(right, isPacked ? 0 : packedRightBytes(kernel, functions))),
          multiplyBlocks(kernel, functions, { ...places, result: staged }),
          memory.copy(result, staged, bytes),
        ]
      : multiplyBlocks(kernel, functions, { ...places, result }),
  ]
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
  readonly bias: Code<'i32'> | undefined
  readonly result: Code<'i32'>
  readonly rowBegin: Local<'i32'>
  readonly rowEnd: Local<'i32'>
}

/** Multiplies rows of the left matrix with the packed right one, block by block. */
function multiplyBlocks(kernel: MatmulKernel, functions: DenseFunctions, places: ProductPlaces): Body {
  const { m, n, k, transposeA, writeBack } = kernel
  const { shape, multiply } = functions
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
  const { multiplyWide, multiplyNarrow } = multiply(
    writeBack && { bias: places.bias !== undefined, relu: writeBack.relu },
  )
  /** From a column on; the last block of steps completes the sums. */
  const writeBackAt = (column: number): readonly Code<'i32'>[] =>
    writeBack === undefined
      ? []
      : [i32.add(places.bias ?? i32.const(0), column * bytes), i32.ge_s(first, k - blockDepth)]
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
        call(
          multiplyWide,
          ...[left, right, out, rows, wideColumns, steps, n * bytes, first],
          ...writeBackAt(0),
        ),
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
          ...writeBackAt(wideColumns),
        ),
      ]),
    ]),
  ]
}
