/** The functions and variables that the kernels of one module share, each made when it is first asked for. */
import type { Global } from '@tapegrad/kernels/assembler'
import { global, i32 } from '@tapegrad/kernels/assembler'
import type { ListedColumns, ListSource } from '@tapegrad/kernels'
import {
  addSkippedColumns,
  addSkippedRows,
  countNonzerosFunction,
  listCompressedRowFunction,
  listRowFunction,
  multiplyListedColumns,
  multiplyListedRows,
  wasmFeatures,
} from '@tapegrad/kernels'
import type { DenseFunctions } from './denseProduct.js'
import { denseFunctions } from './denseProduct.js'
import { once } from './once.js'

export class ModuleFunctions {
  readonly addSkippedRows = addSkippedRows()
  readonly addSkippedColumns = addSkippedColumns()
  readonly dense = once((dtype: 'float32' | 'float64'): DenseFunctions =>
    denseFunctions(dtype, wasmFeatures().relaxedSimd),
  )
  readonly countNonzeros = once((source: ListSource) => countNonzerosFunction(source))
  readonly listRow = once(
    ({ source, step }: ListedRow) => listRowFunction(source, step),
    ({ source, step }) => `${source} ${step}`,
  )
  readonly listCompressedRow = once((step: number) => listCompressedRowFunction(step))
  readonly multiplyListedRows = once((place: PlaceOfColumns) => multiplyListedRows(listed(place)), keyOf)
  readonly multiplyListedColumns = once(
    (place: PlaceOfColumns) => multiplyListedColumns(listed(place)),
    keyOf,
  )
  /** 1 where a list is used. Each thread has its own, for each finds out from the same sample. */
  readonly isUsed = once((list: number): Global<'i32'> => global('i32', `usesList${list}`, i32.const(0)))
}

/** What a row is listed from, and the step of its places. */
interface ListedRow {
  readonly source: ListSource
  readonly step: number
}

type PlaceOfColumns = Omit<ListedColumns, 'relaxed'>

function listed(place: PlaceOfColumns): ListedColumns {
  return { ...place, relaxed: wasmFeatures().relaxedSimd }
}

function keyOf({ columns, stride, step }: PlaceOfColumns): string {
  return `${columns} ${stride} ${step}`
}
