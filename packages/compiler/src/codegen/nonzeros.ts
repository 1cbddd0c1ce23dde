/** Code that lists the nonzero elements of a matrix, from its float32 elements or from the bytes it is made of. */
import type { Body, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import {
  drop,
  f32,
  f32x4,
  for_,
  func,
  i32,
  i32x4,
  i8x16,
  if_,
  increase,
  local,
  set,
  v128,
} from '@tapegrad/kernels/assembler'
import { byteLeafOf } from '../lowering/byteLeaf.js'
import type { Expression } from '../lowering/expression.js'
import type { NonzerosKernel } from '../lowering/kernel.js'
import { Emitter } from './emitter.js'
import type { Layout } from './layout.js'
import { listPlaces, pairBytes } from './listPlaces.js'
import type { KernelCode } from './mapLoop.js'
import { rangeParameters } from './mapLoop.js'

/** How a row is read: from floats or from bytes. */
interface RowReader {
  /** Asks for the row's memory, so that it is there when it is read. */
  touch(row: Local<'i32'>): Body
  /** found += the number of nonzero elements of the row. */
  count(row: Local<'i32'>, found: Local<'i32'>): Body
  /** Writes the row's pairs from \`pair\` on, and moves it behind them. */
  list(row: Local<'i32'>, pair: Local<'i32'>): Body
}

/** So many rows are looked at before all are. */
const sampledRows = 8

/** Matrices with a larger fraction of nonzero elements in the sample aren't searched any further. */
const mostDenseInSample = 0.5

/**
 * Starts a list: sets its total to 0, or to more elements than there are where a sample of rows is dense. One thread
 * decides for all, so that the way of multiplying doesn't depend on their number.
 */
export function startList(kernel: NonzerosKernel, layout: Layout): KernelCode {
  const { buffer, rows, columns } = kernel
  const row = local('i32', 'row')
  const found = local('i32', 'found')
  const step = Math.max(1, Math.floor(rows / sampledRows))
  const sampled = Math.ceil(rows / step) * columns
  return {
    run: func('startNonzeros', rangeParameters, 'none', () => [
      for_(row, 0, rows, step, rowReader(kernel, layout).count(row, found)),
      i32.store(
        i32.const(layout.addressOf(buffer)),
        i32.mul(i32.gt_u(found, Math.floor(sampled * mostDenseInSample)), rows * columns + 1),
      ),
    ]),
    total: 1,
    grain: 1,
  }
}

/** Lists the nonzero elements of a range of rows, unless the sample was dense. */
export function nonzerosLoop(kernel: NonzerosKernel, layout: Layout): KernelCode {
  const { buffer, rows, columns } = kernel
  const { total, counts, pairs } = listPlaces(layout.addressOf(buffer), rows)
  const row = local('i32', 'row')
  const pair = local('i32', 'pair')
  const firstPair = local('i32', 'firstPair')
  const found = local('i32', 'found')
  const add = (count: Code<'i32'>): Body =>
    layout.shared
      ? [drop(i32.atomic_rmw_add(i32.const(total), count))]
      : [i32.store(i32.const(total), i32.add(i32.load(i32.const(total)), count))]
  return {
    run: func('nonzeros', rangeParameters, 'none', ({ begin, end }) => [
      if_(i32.le_u(i32.load(i32.const(total)), rows * columns), [
        for_(row, begin, end, 1, rowReader(kernel, layout).touch(row)),
        for_(row, begin, end, 1, [
          set(firstPair, i32.add(i32.mul(row, columns * pairBytes), pairs)),
          set(pair, firstPair),
          rowReader(kernel, layout).list(row, pair),
          set(pair, i32.shr_u(i32.sub(pair, firstPair), 3)),
          i32.store(i32.mul(row, 4), pair, counts),
          increase(found, pair),
        ]),
        add(found),
      ]),
    ]),
    total: rows,
    grain: 1,
  }
}

function rowReader(kernel: NonzerosKernel, layout: Layout): RowReader {
  return kernel.ofByte === undefined ? floatReader(kernel, layout) : byteReader(kernel, kernel.ofByte, layout)
}

function floatReader({ source, columns }: NonzerosKernel, layout: Layout): RowReader {
  const column = local('i32', 'column')
  const element = local('i32', 'element')
  const single = local('f32', 'single')
  const start = (row: Local<'i32'>): Body => [
    set(element, i32.add(i32.mul(row, columns * 4), layout.addressOf(source))),
  ]
  /** Calls for each block of so many columns, and for each of the columns that are left. */
  const forBlocks = (width: number, block: Body, rest: Body): Body => {
    const whole = columns - (columns % width)
    return [
      for_(column, 0, whole, width, [block, increase(element, 4 * width)]),
      for_(column, whole, columns, 1, [rest, increase(element, 4)]),
    ]
  }
  const nonzeroLanes = i32x4.bitmask(f32x4.ne(v128.load(element), f32x4.splat(0)))
  const takeOne = (pair: Local<'i32'>, value: Code<'f32'>, at: Code<'i32'>): Body => [
    // The pair is written in any case, and kept, by moving on, where its value isn't zero.
    set(single, value),
    i32.store(pair, at),
    f32.store(pair, single, 4),
    increase(pair, i32.shl(f32.ne(single, 0), 3)),
  ]
  const values = Array.from({ length: 4 }, (_, k) => local('v128', `values${k}`))
  const takeVector = (pair: Local<'i32'>, vector: Local<'v128'>, offset: number): Body => [
    if_(v128.any_true(f32x4.ne(vector, f32x4.splat(0))), [
      [0, 1, 2, 3].map((lane) =>
        takeOne(pair, f32x4.extract_lane(vector, lane), i32.add(column, offset + lane)),
      ),
    ]),
  ]
  const isAnyOf = v128.or(v128.or(values[0], values[1]), v128.or(values[2], values[3]))
  return {
    // The matrix has just been written.
    touch: () => [],
    count: (row, found) => [
      start(row),
      forBlocks(
        4,
        [increase(found, i32.popcnt(nonzeroLanes))],
        [increase(found, f32.ne(f32.load(element), 0))],
      ),
    ],
    list: (row, pair) => [
      start(row),
      forBlocks(
        16,
        [
          values.map((vector, k) => set(vector, v128.load(element, 16 * k))),
          // Most blocks of sixteen are all zeros, or −0, whose bits aren't.
          if_(v128.any_true(isAnyOf), [values.map((vector, k) => takeVector(pair, vector, 4 * k))]),
        ],
        takeOne(pair, f32.load(element), column),
      ),
    ],
  }
}

/** How much memory is fetched at a time. */
const cacheLine = 64

/** Reads the bytes that the matrix would be made of, sixteen at a time, and computes what isn't zero. */
function byteReader({ columns }: NonzerosKernel, ofByte: Expression, layout: Layout): RowReader {
  const leaf = byteLeafOf(ofByte)!
  const column = local('i32', 'column')
  const whole = columns - (columns % 16)
  /** Code for a row, told the address of the byte at the current column. */
  const forRow = (row: Local<'i32'>, code: (address: Code<'i32'>, emitter: Emitter) => Body): Body => {
    const emitter = new Emitter(layout, [row, column])
    const before: Body[] = []
    const body = code(emitter.addressOfLeaf(leaf, before), emitter)
    return [emitter.prelude, ...before, body]
  }
  const isZeroBlock = (address: Code<'i32'>): Code<'i32'> => i32.eqz(v128.any_true(v128.load(address)))
  return {
    // A row of a data set is rarely in the cache, and waiting for many together takes no longer than for one.
    touch: (row) =>
      forRow(row, (address) => [for_(column, 0, columns, cacheLine, [drop(i32.load8_u(address))])]),
    count: (row, found) =>
      forRow(row, (address) => [
        for_(column, 0, whole, 16, [
          increase(found, i32.popcnt(i8x16.bitmask(i8x16.ne(v128.load(address), i8x16.splat(0))))),
        ]),
        for_(column, whole, columns, 1, [increase(found, i32.ne(i32.load8_u(address), 0))]),
      ]),
    list: (row, pair) =>
      forRow(row, (address, emitter) => {
        const blockEnd = local('i32', 'blockEnd')
        const element: Body[] = []
        const value = emitter.scalar(ofByte, element) as Code<'f32'>
        const takeOne: Body = [
          if_(i32.load8_u(address), [
            ...element,
            i32.store(pair, column),
            f32.store(pair, value, 4),
            increase(pair, pairBytes),
          ]),
        ]
        const block = local('i32', 'block')
        return [
          for_(block, 0, whole, 16, [
            set(column, block),
            set(blockEnd, i32.add(block, 16)),
            if_(isZeroBlock(address), [], for_(column, block, blockEnd, 1, takeOne)),
          ]),
          for_(column, whole, columns, 1, takeOne),
        ]
      }),
  }
}
