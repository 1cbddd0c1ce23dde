/** The functions and variables that the kernels of one module share, each made when it is first asked for. */
import type { Global } from '@tapegrad/kernels/assembler'
import { global, i32 } from '@tapegrad/kernels/assembler'
import type { ListedColumns, ListSource } from '@tapegrad/kernels'
import {
  addSkippedColumns,
  addSkippedRows,
  countNonzerosFunction,
  listRowFunction,
  multiplyListed,
  startColumnsFunction,
  wasmFeatures,
} from '@tapegrad/kernels'
import type { DenseFunctions } from './denseProduct.js'
import { denseFunctions } from './denseProduct.js'

export class ModuleFunctions {
  readonly addSkippedRows = addSkippedRows()
  readonly addSkippedColumns = addSkippedColumns()
  readonly dense = once((dtype: 'float32' | 'float64'): DenseFunctions =>
    denseFunctions(dtype, wasmFeatures().relaxedSimd),
  )
  readonly countNonzeros = once((source: ListSource) => countNonzerosFunction(source))
  readonly listRow = once(
    ({ source, byColumns }: Listing) => listRowFunction(source, byColumns),
    ({ source, byColumns }) => `${source} ${byColumns}`,
  )
  readonly startColumns = startColumnsFunction()
  readonly multiplyListed = once(
    (columns: ListedColumns) => multiplyListed(columns),
    ({ columns, stride }) => `${columns} ${stride}`,
  )
  /** 1 where a list is used. Each thread has its own, for each finds out from the same sample. */
  readonly isUsed = once((list: number): Global<'i32'> => global('i32', `usesList${list}`, i32.const(0)))
}

/** What is listed, and how. */
interface Listing {
  readonly source: ListSource
  readonly byColumns: boolean
}

/** The function, remembering what it made for each key. */
function once<Argument, Made>(
  make: (argument: Argument) => Made,
  keyOf: (argument: Argument) => unknown = (argument) => argument,
): (argument: Argument) => Made {
  const made = new Map<unknown, Made>()
  return (argument) => {
    const key = keyOf(argument)
    const known = made.get(key)
    if (known !== undefined) return known
    const fresh = make(argument)
    made.set(key, fresh)
    return fresh
  }
}
