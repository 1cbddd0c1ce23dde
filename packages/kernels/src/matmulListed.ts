/** The product with a float32 matrix on the left that is mostly zeros: they are left out. */
import { encodeModule } from './assembler/index.js'
import { wasmFeatures } from './features.js'
import { listBlock, listLayout, listOverrun, listRowFunction, type ListLayout } from './listProgram.js'
import {
  addSkippedColumns,
  addSkippedRows,
  blocksAtOnce,
  listedColumns,
  multiplyListedColumns,
  multiplyListedRows,
} from './listedProgram.js'
import type { FloatArray, MatmulOptions } from './matmulOptions.js'
import { ScratchMemory } from './memory.js'
import { isSampleSparse } from './sparsity.js'

/** Smaller left sides are multiplied before they are searched. */
const leastElements = 16_384

/** Narrower products gain nothing from skipping. */
const leastColumns = 4

/** The most elements of the right side, or of the result, that are copied as a whole. */
const mostElements = 1024 * 1024

/** The most elements of the left side that are listed at a time. */
const listedElements = 256 * 1024

/** Whether leaving out zeros pays. */
export function isMostlyZeros({ a, out, m, n, k, transposeA, transposeB }: MatmulOptions): boolean {
  if (out.BYTES_PER_ELEMENT !== 4 || transposeB === true || n < leastColumns || a.length < leastElements)
    return false
  const listed = transposeA === true ? m : k
  return listed * n <= mostElements && listed <= listedElements && isSampleSparse(a)
}

/** out = op(a) · b, of float32, with the zeros of `a` left out; NaN and infinities come out as if they weren't. */
export function matmulListed({ a, b, out, n, m, k, transposeA }: MatmulOptions): void {
  const program = programFor(n)
  const [count, columns] = transposeA === true ? [k, m] : [m, k]
  const rowsAtOnce = Math.min(count, Math.max(1, Math.floor(listedElements / columns)))
  const places = placesFor(rowsAtOnce, columns, n)
  const elements = scratchMemory().elements(places.end / 4)
  const at = (address: number, length: number): FloatArray =>
    elements.subarray(address / 4, address / 4 + length)

  const whole = at(places.whole, columns * n)
  if (transposeA === true) whole.fill(0)
  else whole.set(b)
  for (let first = 0; first < count; first += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, count - first)
    at(places.left, rows * columns).set(a.subarray(first * columns, (first + rows) * columns))
    listRows(program, places, rows, columns)
    const part = at(places.part, rows * n)
    if (transposeA === true) part.set(b.subarray(first * n, (first + rows) * n))
    else part.fill(0)
    multiply(program, places, { rows, columns, n, byColumns: transposeA === true })
    if (transposeA !== true) out.set(part, first * n)
  }
  if (transposeA === true) out.set(whole)
}

type Operation = (...parameters: number[]) => void

interface ListedExports {
  readonly listRow: Operation
  /** For whole groups of columns, and for those that are left behind the last one. */
  readonly multiplyRows: Operation
  readonly multiplyLastRows: Operation
  readonly addSkippedRows: Operation
  readonly multiplyColumns: Operation
  readonly multiplyLastColumns: Operation
  readonly addSkippedColumns: Operation
}

/** Programs by the number of columns of their products, made when first needed; all work in one memory. */
const programs = new Map<number, ListedExports>()
let memory: WebAssembly.Memory | undefined
let scratch: ScratchMemory | undefined

function sharedMemory(): WebAssembly.Memory {
  return (memory ??= new WebAssembly.Memory({ initial: 1 }))
}

function scratchMemory(): ScratchMemory {
  return (scratch ??= new ScratchMemory(sharedMemory(), 4))
}

/** A kilobyte or two, so that a page's main thread may compile it synchronously. */
function programFor(n: number): ListedExports {
  const known = programs.get(n)
  if (known !== undefined) return known
  const { relaxedSimd: relaxed } = wasmFeatures()
  const stride = n * 4
  const group = { columns: listedColumns, stride, step: stride, relaxed }
  const last = { ...group, columns: n - listedColumns * (Math.ceil(n / listedColumns) - 1) }
  const bytes = encodeModule({
    memory: { minimum: 1, import: ['scratch', 'memory'] },
    exports: {
      listRow: listRowFunction('floats', stride),
      multiplyRows: multiplyListedRows(group),
      multiplyLastRows: multiplyListedRows(last),
      addSkippedRows: addSkippedRows(),
      multiplyColumns: multiplyListedColumns(group),
      multiplyLastColumns: multiplyListedColumns(last),
      addSkippedColumns: addSkippedColumns(),
    },
  })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    scratch: { memory: sharedMemory() },
  })
  const made = exports as unknown as ListedExports
  programs.set(n, made)
  return made
}

/** Where everything lies in scratch memory, in bytes. */
interface Places {
  /** Rows of the left side, and their list. */
  readonly left: number
  readonly list: number
  readonly layout: ListLayout
  /** What is as high as the list is wide: the right side, or the result of a transposed left one. */
  readonly whole: number
  /** The other of the two, a row for each one of the list. */
  readonly part: number
  readonly end: number
}

function placesFor(rows: number, columns: number, n: number): Places {
  const layout = listLayout(rows, columns)
  const left = 0
  const list = aligned(left + rows * columns * 4 + listOverrun)
  const whole = aligned(list + layout.bytes)
  // Vectors may reach beyond the last element.
  const part = aligned(whole + columns * n * 4 + 16)
  return { left, list, layout, whole, part, end: aligned(part + rows * n * 4 + 16) }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 16) * 16
}

function listRows({ listRow }: ListedExports, places: Places, rows: number, columns: number): void {
  const { left, list, layout } = places
  for (let row = 0; row < rows; row++) {
    const line = list + row * layout.tableStride
    listRow(left + row * columns * 4, columns, line, list + layout.pairs + row * layout.pairsStride, 0)
  }
}

interface Product {
  readonly rows: number
  readonly columns: number
  readonly n: number
  readonly byColumns: boolean
}

function multiply(
  program: ListedExports,
  { list, layout, whole, part }: Places,
  { rows, columns, n, byColumns }: Product,
): void {
  const { tableStride } = layout
  const [right, out] = byColumns ? [part, whole] : [whole, part]
  const { multiplyRows, multiplyColumns, multiplyLastRows, multiplyLastColumns } = program
  const blocks = Math.ceil(columns / listBlock)
  for (let column = 0; column < n; column += listedColumns) {
    const isLast = column + listedColumns >= n
    const [byRow, byColumn] = isLast
      ? [multiplyLastRows, multiplyLastColumns]
      : [multiplyRows, multiplyColumns]
    const operation = byColumns ? byColumn : byRow
    const step = blocksAtOnce(Math.min(listedColumns, n - column), listBlock)
    for (let block = 0; block < blocks; block += step) {
      const span = Math.min(step, blocks - block) * 4
      const [from, to] = [right + column * 4, out + column * 4]
      operation(list + block * 4, span, tableStride, rows, from, to)
    }
  }
  const addSkipped = byColumns ? program.addSkippedColumns : program.addSkippedRows
  addSkipped(list, tableStride, rows, 0, columns, right, out, n, listBlock, n * 4)
}
