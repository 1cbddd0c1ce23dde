/**
 * The matrix product in WebAssembly: parts of the operands are copied into its memory, packed and
 * multiplied there, and the result is copied back. Scratch memory is bounded, whatever the sizes.
 */
import type { FloatArray, MatmulOptions } from './matmulOptions.js'
import { encodeMatmul, type MatmulExports, type Multiply } from './matmulProgram.js'
import { ScratchMemory } from './memory.js'
import { lanesOf, type TileShape } from './tileShape.js'

/** An instance of the program for one element type. */
export interface MatmulInstance {
  readonly shape: TileShape
  readonly program: MatmulExports
  readonly memory: ScratchMemory
}

/** Compiles and instantiates; a few kilobytes, so that a page's main thread may do it synchronously. */
export function instantiateMatmul(shape: TileShape): MatmulInstance {
  const module = new WebAssembly.Module(encodeMatmul(shape))
  const program = new WebAssembly.Instance(module).exports as unknown as MatmulExports
  return { shape, program, memory: new ScratchMemory(program.memory, shape.elementBytes) }
}

/**
 * Limits of what is copied at a time, in elements. They keep the scratch memory below 3 million elements:
 * a part of the right matrix and the same packed, a part of the left one, of the result, a packed block.
 */
const copiedDepth = 2048
const copiedColumns = 512
const copiedElements = 256 * 1024

/** Limits of a packed block of the left matrix, which shall stay in a second-level cache; rows fill whole panels. */
const packedRows = 120
const packedDepth = 384

/** Rows, columns and steps along k that are worked on together; `row`, `column`, `step` are the first. */
interface Part {
  readonly row: number
  readonly rows: number
  readonly column: number
  readonly columns: number
  readonly step: number
  readonly depth: number
}

/** out = op(a) · op(b), for m, n, k ≥ 1. */
export function matmulBlocked(instance: MatmulInstance, options: MatmulOptions): void {
  const { m, n, k } = options
  for (let column = 0; column < n; column += copiedColumns) {
    const columns = Math.min(copiedColumns, n - column)
    for (let step = 0; step < k; step += copiedDepth) {
      const depth = Math.min(copiedDepth, k - step)
      const rowLimit = Math.min(m, roundDown(copiedElements / Math.max(depth, columns), packedRows))
      const scratch = planScratch(instance, rowLimit, columns, depth)
      for (let row = 0; row < m; row += rowLimit) {
        const part = { row, rows: Math.min(rowLimit, m - row), column, columns, step, depth }
        // The right part stays packed for all rows.
        if (row === 0) loadRight(instance, scratch, options, part)
        multiplyRows(instance, scratch, options, part)
      }
    }
  }
}

/** Where everything lies in scratch memory, in elements. */
interface Scratch {
  readonly elements: FloatArray
  readonly left: number
  readonly right: number
  readonly out: number
  readonly packedLeft: number
  readonly packedRight: number
  /** Depth of a packed block. */
  readonly blockDepth: number
  /** Right columns in wide panels; the others are in a narrow one. */
  readonly wideColumns: number
  /** Right columns with the unused ones of the last panel. */
  readonly packedColumns: number
}

function planScratch(
  { shape, memory }: MatmulInstance,
  rows: number,
  columns: number,
  depth: number,
): Scratch {
  const lanes = lanesOf(shape)
  // The last panel is narrow where one vector is enough for what is left.
  const rest = columns % (2 * lanes)
  const wideColumns = rest > lanes ? columns : columns - rest
  const packedColumns = roundUp(columns, rest > lanes ? 2 * lanes : lanes)
  // Packing and adding may read beyond a matrix by less than a panel's width: what is packed comes last.
  const left = 0
  const right = left + aligned(rows * depth)
  const out = right + aligned(depth * columns)
  const packedLeft = out + aligned(roundUp(rows, shape.rows) * columns)
  const packedRight = packedLeft + packedRows * packedDepth
  return {
    elements: memory.elements(packedRight + depth * packedColumns),
    left,
    right,
    out,
    packedLeft,
    packedRight,
    // Blocks of equal depth, so that the last one isn't a thin rest.
    blockDepth: Math.ceil(depth / Math.ceil(depth / packedDepth)),
    wideColumns,
    packedColumns,
  }
}

/** Copies and packs a part of the right matrix: for each block of steps, its wide panels, then the narrow one. */
function loadRight(instance: MatmulInstance, scratch: Scratch, options: MatmulOptions, part: Part): void {
  const { b, n, k, transposeB } = options
  const { column, columns, step, depth } = part
  const { elements, right, packedRight, blockDepth, wideColumns, packedColumns } = scratch
  const { elementBytes } = instance.shape
  const { copyWide, copyNarrow, transposeWide, transposeNarrow } = instance.program
  const from = {
    data: b,
    start: transposeB ? column * k + step : step * n + column,
    stride: transposeB ? k : n,
  }
  const to = { data: elements, start: right, stride: transposeB ? depth : columns }
  copyRows(from, to, transposeB ? columns : depth, to.stride)
  const packWide = transposeB ? transposeWide : copyWide
  const packNarrow = transposeB ? transposeNarrow : copyNarrow
  const stride = to.stride * elementBytes
  for (let first = 0; first < depth; first += blockDepth) {
    const steps = Math.min(blockDepth, depth - first)
    const source = right + (transposeB ? first : first * columns)
    const target = packedRight + first * packedColumns
    packWide(source * elementBytes, target * elementBytes, wideColumns, steps, stride)
    const narrowSource = source + wideColumns * (transposeB ? depth : 1)
    const narrowTarget = target + wideColumns * steps
    packNarrow(narrowSource * elementBytes, narrowTarget * elementBytes, columns - wideColumns, steps, stride)
  }
}

/** Copies the left part, multiplies it with the packed right part, and copies the result to `out`. */
function multiplyRows(instance: MatmulInstance, scratch: Scratch, options: MatmulOptions, part: Part): void {
  const { a, out, m, n, k, transposeA } = options
  const { row, rows, column, columns, step, depth } = part
  const { elements, left } = scratch
  const from = { data: a, start: transposeA ? step * m + row : row * k + step, stride: transposeA ? m : k }
  const to = { data: elements, start: left, stride: transposeA ? rows : depth }
  copyRows(from, to, transposeA ? depth : rows, to.stride)
  const result = { data: elements, start: scratch.out, stride: columns }
  const outRows = { data: out, start: row * n + column, stride: n }
  if (step > 0) copyRows(outRows, result, rows, columns)
  multiplyBlocks(instance, scratch, transposeA === true, part)
  copyRows(result, outRows, rows, columns)
}

function multiplyBlocks(instance: MatmulInstance, scratch: Scratch, transposeA: boolean, part: Part): void {
  const { rows, columns, step, depth } = part
  const { blockDepth, wideColumns, packedColumns } = scratch
  const { copyLeft, transposeLeft, multiplyWide, multiplyNarrow } = instance.program
  const { elementBytes } = instance.shape
  const packLeft = transposeA ? copyLeft : transposeLeft
  const leftStride = (transposeA ? rows : depth) * elementBytes
  const outStride = columns * elementBytes
  const packedLeft = scratch.packedLeft * elementBytes
  for (let first = 0; first < depth; first += blockDepth) {
    const steps = Math.min(blockDepth, depth - first)
    const accumulate = step + first > 0 ? 1 : 0
    const right = scratch.packedRight + first * packedColumns
    const narrowRight = right + wideColumns * steps
    for (let row = 0; row < rows; row += packedRows) {
      const count = Math.min(packedRows, rows - row)
      const source = scratch.left + (transposeA ? first * rows + row : row * depth + first)
      packLeft(source * elementBytes, packedLeft, count, steps, leftStride)
      const out = (scratch.out + row * columns) * elementBytes
      const multiply = (program: Multiply, panels: number, target: number, width: number): void =>
        program(packedLeft, panels * elementBytes, target, count, width, steps, outStride, accumulate)
      multiply(multiplyWide, right, out, wideColumns)
      multiply(multiplyNarrow, narrowRight, out + wideColumns * elementBytes, columns - wideColumns)
    }
  }
}

/** Rows that start a stride apart in an array, the first at `start`. */
interface Rows {
  readonly data: FloatArray
  readonly start: number
  readonly stride: number
}

/** Copies `count` rows of `columns` elements. */
function copyRows(from: Rows, to: Rows, count: number, columns: number): void {
  // Where rows follow one another without gaps, all are copied as one.
  const together = from.stride === columns && to.stride === columns
  const length = together ? count * columns : columns
  const copies = together ? 1 : count
  for (let row = 0; row < copies; row++) {
    const start = from.start + row * from.stride
    to.data.set(from.data.subarray(start, start + length), to.start + row * to.stride)
  }
}

function aligned(elements: number): number {
  return roundUp(elements, 16)
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}

function roundDown(value: number, step: number): number {
  return Math.floor(value / step) * step
}
