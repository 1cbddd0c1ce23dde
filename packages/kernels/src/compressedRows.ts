/** Matrices of bytes that are mostly zeros, in compressed rows; see compressedProgram.ts for what those are. */
import { encodeModule } from './assembler/index.js'
import {
  compressedBlock,
  compressedBlocks,
  compressRowsFunction,
  countNonzeroBytesFunction,
  entryBytes,
  longestStep,
} from './compressedProgram.js'
import { wordColumns } from './listProgram.js'
import { growScratch } from './memory.js'

/**
 * A matrix of bytes with so many columns, which is compressed where and when it is written. What is written is a table
 * of int32, which has for each block of each row, and for the end of the last one, where it begins in bytes from the
 * table's start, and the rows.
 */
export class CompressedRows {
  readonly rows: number

  constructor(
    private readonly bytes: Uint8Array,
    readonly columns: number,
    /** How many bytes aren't zero, where that is known already. */
    readonly nonzeros = countNonzeros(bytes),
  ) {
    this.rows = columns === 0 ? 0 : bytes.length / columns
  }

  /** Bytes of the table. */
  get tableBytes(): number {
    return (this.rows * compressedBlocks(this.columns) + 1) * 4
  }

  /** Bytes of the table and the rows at most; a multiple of 4. */
  get mostBytes(): number {
    const entries = this.nonzeros + this.rows * Math.floor(this.columns / longestStep)
    return this.tableBytes + Math.ceil((entries * entryBytes) / 4) * 4
  }

  /** Writes the table and the rows to the beginning of `target`, which has {@link mostBytes} bytes. */
  write(target: Uint8Array): void {
    const { bytes, columns, rows, tableBytes } = this
    const rowsAtOnce = Math.max(1, Math.floor(bytesAtOnce / columns))
    let end = tableBytes
    for (let first = 0; first < rows; first += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - first)
      const some = bytes.subarray(first * columns, (first + count) * columns)
      const { starts, entries } = compress(some, columns, end)
      target.set(starts, first * compressedBlocks(columns) * 4)
      target.set(entries, end)
      end += entries.length
    }
    target.set(new Uint8Array(Int32Array.of(end).buffer), tableBytes - 4)
  }
}

/** So many bytes are worked on at a time, copied into the program's memory. */
const bytesAtOnce = 256 * 1024

interface CompressProgram {
  readonly memory: WebAssembly.Memory
  readonly compressRows: (...parameters: readonly [...source: number[], out: number]) => number
  readonly countNonzeroBytes: (start: number, count: number) => number
}

let program: CompressProgram | undefined

/** Two kilobytes, so that a page's main thread may compile it synchronously. */
function instantiate(): CompressProgram {
  const bytes = encodeModule({
    memory: { minimum: 1, export: 'memory' },
    exports: { compressRows: compressRowsFunction(), countNonzeroBytes: countNonzeroBytesFunction() },
  })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  return exports as unknown as CompressProgram
}

/** The program's memory, of at least so many bytes. */
function memoryOf({ memory }: CompressProgram, bytes: number): Uint8Array {
  growScratch(memory, bytes)
  return new Uint8Array(memory.buffer)
}

function countNonzeros(bytes: Uint8Array): number {
  program ??= instantiate()
  const memory = memoryOf(program, bytesAtOnce)
  let found = 0
  for (let first = 0; first < bytes.length; first += bytesAtOnce) {
    const some = bytes.subarray(first, first + bytesAtOnce)
    const whole = Math.ceil(some.length / wordColumns) * wordColumns
    memory.set(some)
    memory.fill(0, some.length, whole)
    found += program.countNonzeroBytes(0, whole)
  }
  return found
}

/** The rows' part of the table and their entries, in the program's memory until the next call. */
function compress(
  bytes: Uint8Array,
  columns: number,
  end: number,
): { readonly starts: Uint8Array; readonly entries: Uint8Array } {
  program ??= instantiate()
  const rows = bytes.length / columns
  const starts = Math.ceil((bytes.length + wordColumns) / 4) * 4
  const out = starts + rows * compressedBlocks(columns) * 4
  // Entries are written some beyond the last one.
  const most = (bytes.length + rows * Math.floor(columns / longestStep)) * entryBytes + 16
  const memory = memoryOf(program, out + most)
  memory.set(bytes)
  const behind = program.compressRows(0, rows, columns, compressedBlock(columns), starts, out - end, out)
  return { starts: memory.subarray(starts, out), entries: memory.subarray(out, behind) }
}
