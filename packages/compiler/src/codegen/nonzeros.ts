/** Code that lists the nonzero elements of a matrix, and multiplies by such a list. */
import type { Body, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import { call, drop, for_, func, i32, if_, increase, local, memory, set } from '@tapegrad/kernels/assembler'
import { sizeOf } from '@tapegrad/autograd/tracing'
import type { ListLayout, ListSource } from '@tapegrad/kernels'
import {
  blocksAtOnce,
  compressedBlocks,
  compressedListLayout,
  listedColumns,
  listLayout,
  mostDense,
} from '@tapegrad/kernels'
import type { LeftList, MatmulKernel, NonzerosKernel } from '../lowering/kernel.js'
import { Emitter } from './emitter.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'
import type { Layout } from './layout.js'
import { elementBytes } from './machine.js'
import { setIndices } from './mapLoop.js'
import type { ModuleFunctions } from './moduleFunctions.js'
import { smaller } from './smaller.js'

/** Elements that are looked at together in a sample. */
const sampledTogether = 64

/** So many rows are looked at, evenly spread, each at so many places: neighbours in memory come into the cache together. */
const sampledRows = 8
const sampledInRow = 16

/**
 * Finds out from a sample whether the list is used. Every thread does, and none has to wait for another to know; they
 * see the same sample, so that the way of multiplying doesn't depend on their number.
 */
export function chooseList(kernel: NonzerosKernel, functions: ModuleFunctions, layout: Layout): KernelCode {
  const { buffer } = kernel
  const { rows, columns } = extentsOf(kernel)
  const row = local('i32', 'row')
  const column = local('i32', 'column')
  const start = local('i32', 'start')
  const found = local('i32', 'found')
  const rowStep = Math.ceil(rows / sampledRows)
  const columnStep = sampledTogether * Math.ceil(columns / (sampledTogether * sampledInRow))
  const inRow = Array.from({ length: Math.ceil(columns / columnStep) }, (_, k) =>
    Math.min(sampledTogether, columns - k * columnStep),
  ).reduce((sum, count) => sum + count, 0)
  const sampled = inRow * Math.ceil(rows / rowStep)
  const count = functions.countNonzeros(sourceOf(kernel))
  return {
    run: func('chooseList', rangeParameters, 'none', () => [
      for_(row, 0, rows, rowStep, [
        atRow(kernel, layout, row, (address) => [set(start, address)]),
        for_(column, 0, columns, columnStep, [
          increase(
            found,
            call(
              count,
              i32.add(start, i32.mul(column, elementBytes[kernel.leaf.dtype])),
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
  const { buffer, leaf } = kernel
  const { rows, columns } = extentsOf(kernel)
  const { tableStride, pairs, pairsStride } = listLayoutOf(kernel)
  const list = layout.addressOf(buffer)
  const row = local('i32', 'row')
  const column = local('i32', 'column')
  const start = local('i32', 'start')
  const line = local('i32', 'line')
  const pair = local('i32', 'pair')
  const listRow = functions.listRow({ source: sourceOf(kernel), step: kernel.step })
  const values = kernel.values === undefined ? 0 : layout.addressOf(kernel.values)
  // A row of a data set is rarely in the cache, and waiting for many together takes no longer than for one. Where the
  // list isn't used, the matrix is made next, which reads the same.
  const touch = (address: Code<'i32'>): Body => [
    set(start, address),
    for_(column, 0, columns, cacheLine, [drop(i32.load8_u(i32.add(start, column)))]),
  ]
  return {
    run: func('listRows', rangeParameters, 'none', ({ begin, end }) => [
      leaf.dtype === 'uint8' ? for_(row, begin, end, 1, [atRow(kernel, layout, row, touch)]) : [],
      if_(functions.isUsed(buffer), [
        set(line, i32.add(i32.mul(begin, tableStride), list)),
        set(pair, i32.add(i32.mul(begin, pairsStride), list + pairs)),
        for_(row, begin, end, 1, [
          atRow(kernel, layout, row, (address) => [call(listRow, address, columns, line, pair, values)]),
          increase(line, tableStride),
          // Without gaps between rows the list is on few pages of memory.
          set(pair, i32.load(i32.sub(line, 4))),
        ]),
      ]),
    ]),
    total: rows,
    grain: 1,
  }
}

/** Lists the nonzero elements of a range of compressed rows. */
export function listCompressedRows(
  kernel: NonzerosKernel,
  functions: ModuleFunctions,
  layout: Layout,
): KernelCode {
  const { buffer, leaf } = kernel
  const { rows, columns } = extentsOf(kernel)
  const { tableStride, pairs, pairsStride } = listLayoutOf(kernel)
  const blocks = compressedBlocks(columns)
  const list = layout.addressOf(buffer)
  const compressed = layout.addressOf(leaf.buffer)
  const values = layout.addressOf(kernel.values!)
  const [row, start, entry, line, pair] = ['row', 'start', 'entry', 'line', 'pair'].map((name) =>
    local('i32', name),
  )
  const begins = i32.add(i32.load(start), compressed)
  const ends = i32.add(i32.load(start, blocks * 4), compressed)
  // As in listRows, waiting for many together takes no longer than for one.
  const touch = (address: Code<'i32'>): Body => [
    set(start, address),
    for_(entry, begins, ends, cacheLine, [drop(i32.load8_u(entry))]),
  ]
  return {
    run: func('listCompressedRows', rangeParameters, 'none', ({ begin, end }) => [
      for_(row, begin, end, 1, [atRow(kernel, layout, row, touch)]),
      set(line, i32.add(i32.mul(begin, tableStride), list)),
      set(pair, i32.add(i32.mul(begin, pairsStride), list + pairs)),
      for_(row, begin, end, 1, [
        atRow(kernel, layout, row, (address) => [
          call(
            functions.listCompressedRow(kernel.step),
            address,
            i32.const(blocks),
            i32.const(compressed),
            line,
            pair,
            values,
          ),
        ]),
        increase(line, tableStride),
        set(pair, i32.load(i32.sub(line, 4))),
      ]),
    ]),
    total: rows,
    grain: 1,
  }
}

/** How much memory is fetched at a time. */
const cacheLine = 64

/** The matrix that a list is of. */
function extentsOf({ loops }: NonzerosKernel): { readonly rows: number; readonly columns: number } {
  return { rows: sizeOf(loops.slice(0, -1)), columns: loops[loops.length - 1] }
}

export function listLayoutOf(kernel: NonzerosKernel): ListLayout {
  const { rows, columns } = extentsOf(kernel)
  return layoutFor(rows, columns, kernel.isCompressed)
}

/** How the list of a product's left side is laid out; of a batch, that of each matrix of it. */
export function layoutOfLeftList(kernel: MatmulKernel): ListLayout {
  const { m, k, transposeA, nonzeros } = kernel
  const isCompressed = nonzeros?.isCompressed
  return transposeA ? layoutFor(k, m, isCompressed) : layoutFor(m, k, isCompressed)
}

function layoutFor(rows: number, columns: number, isCompressed: boolean | undefined): ListLayout {
  return isCompressed === true ? compressedListLayout(rows, columns) : listLayout(rows, columns)
}

function sourceOf({ leaf }: NonzerosKernel): ListSource {
  return leaf.dtype === 'uint8' ? 'bytes' : 'floats'
}

/** Code for a row of the matrix, told where that, or what it is made of, begins. */
function atRow(
  { loops, leaf }: NonzerosKernel,
  layout: Layout,
  row: Local<'i32'>,
  code: (address: Code<'i32'>) => Body,
): Body {
  const outer = loops.slice(0, -1)
  const indices = outer.map((_, loop) => local('i32', `i${loop}`))
  const emitter = new Emitter(layout, [...indices, local('i32', 'firstColumn')])
  const before: Body[] = []
  const address = emitter.addressOfLeaf(leaf, before)
  return [setIndices(row, outer, indices), emitter.prelude, ...before, code(address)]
}

/** Where the operands of a product are, a matrix each, and the list of the left one. */
export interface ListedOperands {
  readonly list: Code<'i32'>
  readonly right: Code<'i32'>
  readonly result: Code<'i32'>
}

/** A product with a list, of the rows from `begin` to `end`, which of a transposed left side are the list's columns. */
export function listedProduct(
  kernel: MatmulKernel,
  { step }: LeftList,
  functions: ModuleFunctions,
  { list, right, result }: ListedOperands,
  { begin, end }: { readonly begin: Local<'i32'>; readonly end: Local<'i32'> },
): Body {
  const { n, k, transposeA, batch } = kernel
  const stride = n * 4
  const { tableStride, block: blockColumns } = layoutOfLeftList(kernel)
  const [line, rows, from, out] = ['line', 'rows', 'from', 'out'].map((name) => local('i32', name))
  const [block, blockEnd, span, first] = ['block', 'blockEnd', 'span', 'first'].map((name) =>
    local('i32', name),
  )
  const ranges = transposeA
    ? [
        set(line, list),
        set(rows, k),
        set(out, result),
        set(blockEnd, i32.div_u(i32.add(end, blockColumns - 1), blockColumns)),
      ]
    : [
        set(line, i32.add(i32.mul(begin, tableStride), list)),
        set(rows, i32.sub(end, begin)),
        set(out, first),
        set(blockEnd, Math.ceil(k / blockColumns)),
      ]
  const firstBlock = transposeA ? i32.div_u(begin, blockColumns) : i32.const(0)
  const multiply = transposeA ? functions.multiplyListedColumns : functions.multiplyListedRows
  const addSkipped = transposeA ? functions.addSkippedColumns : functions.addSkippedRows
  const [skippedBegin, skippedEnd] = transposeA ? [begin, end] : [i32.const(0), i32.const(k)]
  return [
    set(first, i32.add(i32.mul(begin, stride), result)),
    set(from, right),
    ranges,
    // The list's rows are from all threads, and fetching them together takes hardly longer than one of them.
    transposeA && batch.count === 1 ? touchPairs(line, tableStride, rows, { firstBlock, blockEnd }) : [],
    memory.fill(first, 0, i32.mul(i32.sub(end, begin), stride)),
    // First, for it runs through the right side in order, which fetches it from where another thread has left it.
    call(
      addSkipped,
      ...[line, i32.const(tableStride), rows, skippedBegin, skippedEnd],
      ...[from, out, i32.const(n), i32.const(blockColumns), i32.const(step)],
    ),
    columnGroups(n).map(({ column, columns }) => {
      const atOnce = blocksAtOnce(columns, blockColumns)
      return for_(block, firstBlock, blockEnd, atOnce, [
        set(span, i32.mul(smaller(i32.sub(blockEnd, block), atOnce), 4)),
        call(
          multiply({ columns, stride, step }),
          ...[i32.add(line, i32.mul(block, 4)), span, i32.const(tableStride), rows],
          ...[i32.add(from, column * 4), i32.add(out, column * 4)],
        ),
      ])
    }),
  ]
}

/** Asks for the memory of the pairs in a range of blocks. */
function touchPairs(
  firstLine: Local<'i32'>,
  tableStride: number,
  rows: Local<'i32'>,
  { firstBlock, blockEnd }: { readonly firstBlock: Code<'i32'>; readonly blockEnd: Local<'i32'> },
): Body {
  const [row, line, pair, last] = ['row', 'touched', 'pair', 'last'].map((name) => local('i32', name))
  return [
    for_(row, 0, rows, 1, [
      set(line, i32.add(firstLine, i32.mul(row, tableStride))),
      set(last, i32.load(i32.add(line, i32.mul(blockEnd, 4)))),
      for_(pair, i32.load(i32.add(line, i32.mul(firstBlock, 4))), last, cacheLine, [drop(i32.load(pair))]),
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
