/** Code that lists the nonzero elements of a matrix, and multiplies by such a list. */
import type { Body, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import {
  call,
  drop,
  for_,
  func,
  i32,
  if_,
  increase,
  local,
  memory,
  select,
  set,
} from '@tapegrad/kernels/assembler'
import type { ListLayout, ListSource } from '@tapegrad/kernels'
import {
  blocksAtOnce,
  columnLineBytes,
  listBlock,
  listedColumns,
  listLayout,
  mostDense,
  pairBytes,
} from '@tapegrad/kernels'
import type { MatmulKernel, NonzerosKernel } from '../lowering/kernel.js'
import { Emitter } from './emitter.js'
import type { KernelCode, RangeParameters } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'
import type { Layout } from './layout.js'
import type { ModuleFunctions } from './moduleFunctions.js'

/** Elements that are looked at together in a sample. */
const sampledTogether = 64

/** About so many places of a matrix are looked at, evenly spread. */
const sampledPlaces = 96

/**
 * Finds out from a sample whether the list is used. Every thread does, and none has to wait for another to know; they
 * see the same sample, so that the way of multiplying doesn't depend on their number.
 */
export function chooseList(kernel: NonzerosKernel, functions: ModuleFunctions, layout: Layout): KernelCode {
  const { buffer, rows, columns } = kernel
  const row = local('i32', 'row')
  const column = local('i32', 'column')
  const place = local('i32', 'place')
  const found = local('i32', 'found')
  const inRow = Math.ceil(columns / sampledTogether)
  const step = Math.max(1, Math.floor((rows * inRow) / sampledPlaces)) | 1
  const sampled = Array.from({ length: Math.ceil((rows * inRow) / step) }, (_, k) =>
    Math.min(sampledTogether, columns - ((k * step) % inRow) * sampledTogether),
  ).reduce((sum, count) => sum + count, 0)
  const count = functions.countNonzeros(sourceOf(kernel))
  return {
    run: func('chooseList', rangeParameters, 'none', () => [
      for_(place, 0, rows * inRow, step, [
        set(row, i32.div_u(place, inRow)),
        set(column, i32.mul(i32.rem_u(place, inRow), sampledTogether)),
        atRow(kernel, layout, row, (address) => [
          increase(
            found,
            call(
              count,
              i32.add(address, i32.mul(column, kernel.bytes === undefined ? 4 : 1)),
              i32.sub(columns, column),
            ),
          ),
        ]),
      ]),
      set(functions.isUsed(buffer), i32.le_u(found, Math.floor(sampled * mostDense))),
    ]),
    total: 1,
    grain: 1,
    isForEveryThread: true,
  }
}

/** Lists the nonzero elements of a range of rows where the list is used. */
export function listRows(kernel: NonzerosKernel, functions: ModuleFunctions, layout: Layout): KernelCode {
  const { buffer, rows, columns, bytes, byColumns } = kernel
  const { tableStride, pairs, pairsStride, columnTables, columnTableStride, columnPairs, columnPairsStride } =
    layoutOf(kernel, layout)
  const list = layout.addressOf(buffer)
  const row = local('i32', 'row')
  const column = local('i32', 'column')
  const columnTable = local('i32', 'columnTable')
  const listRow = functions.listRow({ source: sourceOf(kernel), byColumns })
  const values = bytes === undefined ? 0 : layout.addressOf(bytes.values)
  // A row of a data set is rarely in the cache, and waiting for many together takes no longer than for one.
  const touch = (address: Code<'i32'>): Body => [
    for_(column, 0, columns, cacheLine, [drop(i32.load8_u(i32.add(address, column)))]),
  ]
  return {
    run: func('listRows', rangeParameters, 'none', ({ begin, end, thread }) => [
      if_(functions.isUsed(buffer), [
        bytes === undefined ? [] : for_(row, begin, end, 1, [atRow(kernel, layout, row, touch)]),
        set(columnTable, i32.add(i32.mul(thread, columnTableStride), list + columnTables)),
        byColumns
          ? call(
              functions.startColumns,
              columnTable,
              columns,
              i32.add(i32.mul(begin, pairBytes), list + columnPairs),
              columnPairsStride,
            )
          : [],
        for_(row, begin, end, 1, [
          atRow(kernel, layout, row, (address) => [
            call(
              listRow,
              ...[address, i32.const(columns)],
              ...[i32.add(i32.mul(row, tableStride), list), i32.add(i32.mul(row, pairsStride), list + pairs)],
              ...[i32.const(values), row, columnTable],
            ),
          ]),
        ]),
      ]),
    ]),
    total: rows,
    grain: 1,
  }
}

function layoutOf({ rows, columns, byColumns }: NonzerosKernel, { threads }: Layout): ListLayout {
  return listLayout(rows, columns, byColumns ? threads : 0)
}

/** How much memory is fetched at a time. */
const cacheLine = 64

function sourceOf({ bytes }: NonzerosKernel): ListSource {
  return bytes === undefined ? 'floats' : 'bytes'
}

/** Code for a row of the matrix, or of the bytes it is made of, told where that begins. */
function atRow(
  { source, columns, bytes }: NonzerosKernel,
  layout: Layout,
  row: Local<'i32'>,
  code: (address: Code<'i32'>) => Body,
): Body {
  if (bytes === undefined) return code(i32.add(i32.mul(row, columns * 4), layout.addressOf(source)))
  const emitter = new Emitter(layout, [row, local('i32', 'firstColumn')])
  const before: Body[] = []
  const address = emitter.addressOfLeaf(bytes.leaf, before)
  return [emitter.prelude, ...before, code(address)]
}

/** A product with a list: threads share its rows, which of a transposed left side are the list's columns. */
export function listedProduct(
  kernel: MatmulKernel,
  functions: ModuleFunctions,
  layout: Layout,
  range: RangeParameters,
): Body {
  const { n, transposeA, nonzeros, b, buffer } = kernel
  const { begin, end } = range
  const stride = n * 4
  const places = {
    list: layout.addressOf(nonzeros!),
    right: layout.addressOf(b),
    first: i32.add(i32.mul(begin, stride), layout.addressOf(buffer)),
    result: layout.addressOf(buffer),
  }
  return [
    memory.fill(places.first, 0, i32.mul(i32.sub(end, begin), stride)),
    (transposeA ? multiplyByColumns : multiplyByRows)(kernel, functions, layout, places, range),
  ]
}

/** Where the parts of a product are. */
interface ProductPlaces {
  readonly list: number
  readonly right: number
  readonly result: number
  /** The first row of the result in the range. */
  readonly first: Code<'i32'>
}

function multiplyByRows(
  { m, n, k }: MatmulKernel,
  functions: ModuleFunctions,
  { threads }: Layout,
  { list, right, first }: ProductPlaces,
  { begin, end }: RangeParameters,
): Body {
  const { tableStride } = listLayout(m, k, threads)
  const [line, rows, out, block, span] = ['line', 'rows', 'out', 'block', 'span'].map((name) =>
    local('i32', name),
  )
  const blocks = Math.ceil(k / listBlock)
  return [
    set(line, i32.add(i32.mul(begin, tableStride), list)),
    set(rows, i32.sub(end, begin)),
    set(out, first),
    // First, for it runs through the right side in order, which fetches it from where another thread has left it.
    call(
      functions.addSkippedRows,
      ...[line, i32.const(tableStride), rows, i32.const(0), i32.const(k)],
      ...[i32.const(right), out, i32.const(n)],
    ),
    columnGroups(n).map(({ column, columns }) => {
      const step = blocksAtOnce(columns)
      return for_(block, 0, blocks, step, [
        set(span, i32.mul(smaller(i32.sub(blocks, block), step), 4)),
        call(
          functions.multiplyListed({ columns, stride: n * 4 }),
          ...[i32.add(line, i32.mul(block, 4)), span, i32.const(tableStride), rows],
          ...[i32.const(right + column * 4), i32.add(out, column * 4)],
        ),
      ])
    }),
  ]
}

function multiplyByColumns(
  { m, n, k }: MatmulKernel,
  functions: ModuleFunctions,
  layout: Layout,
  { list, right, result, first }: ProductPlaces,
  { begin, end, threads }: RangeParameters,
): Body {
  const { tableStride, columnTables, columnTableStride } = listLayout(k, m, layout.threads)
  const [line, other, rows, out] = ['line', 'other', 'rows', 'out'].map((name) => local('i32', name))
  /** Does something with the table by columns of each thread that has listed rows. */
  const forEachTable = (body: Body): Body => [
    set(line, i32.add(i32.mul(begin, columnLineBytes), list + columnTables)),
    for_(other, 0, threads, 1, [body, increase(line, columnTableStride)]),
  ]
  return [
    set(rows, i32.sub(end, begin)),
    set(out, first),
    call(
      functions.addSkippedColumns,
      ...[i32.const(list), i32.const(tableStride), i32.const(k), begin, end],
      ...[i32.const(right), i32.const(result), i32.const(n)],
    ),
    forEachTable(touchPairs(line, rows)),
    columnGroups(n).map(({ column, columns }) =>
      forEachTable([
        call(
          functions.multiplyListed({ columns, stride: n * 4 }),
          ...[line, i32.const(4), i32.const(columnLineBytes), rows],
          ...[i32.const(right + column * 4), i32.add(out, column * 4)],
        ),
      ]),
    ),
  ]
}

/**
 * Asks for the memory of columns' pairs, which are from all threads: fetching many together takes hardly longer than
 * one of them.
 */
function touchPairs(firstLine: Local<'i32'>, columns: Local<'i32'>): Body {
  const [column, line, pair] = ['column', 'touched', 'pair'].map((name) => local('i32', name))
  return [
    set(line, firstLine),
    for_(column, 0, columns, 1, [
      for_(pair, i32.load(line), i32.load(line, 4), cacheLine, [drop(i32.load(pair))]),
      increase(line, columnLineBytes),
    ]),
  ]
}

/** Columns of a product that are worked on together: whole groups, and what is left. */
function columnGroups(n: number): { readonly column: number; readonly columns: number }[] {
  return Array.from({ length: Math.ceil(n / listedColumns) }, (_, group) => {
    const column = group * listedColumns
    return { column, columns: Math.min(listedColumns, n - column) }
  })
}

function smaller(x: Code<'i32'>, limit: number): Code<'i32'> {
  return select(x, limit, i32.lt_s(x, limit))
}
