/**
 * Code that lists the nonzero elements of a matrix, and multiplies by the list. Multiplying by an element that is
 * zero and adding changes nothing unless the other factor is NaN or infinite; those products are left out.
 *
 * A list is the count of all elements in it, or more than there are where none was made; then the count of each row;
 * then for each row room for as many pairs (column, value) as it has columns.
 */
import type { Body, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import {
  br_if,
  drop,
  f32,
  f32x4,
  for_,
  func,
  i32,
  i32x4,
  if_,
  increase,
  local,
  loop,
  memory,
  set,
  v128,
} from '@tapegrad/kernels/assembler'
import type { MatmulKernel, NonzerosKernel } from '../lowering/kernel.js'
import { aligned } from '../plan.js'
import type { Layout } from './layout.js'
import type { KernelCode } from './mapLoop.js'
import { rangeParameters } from './mapLoop.js'

const pairBytes = 8
const lanes = 4

/** A list is used where at most this fraction of the elements isn't zero: beyond it the dense product is as fast. */
const mostDense = 0.4

/** Where the parts of a list are. */
interface ListPlaces {
  readonly total: number
  readonly counts: number
  readonly pairs: number
}

function listPlaces(address: number, rows: number): ListPlaces {
  return { total: address, counts: address + 16, pairs: address + 16 + aligned(4 * rows) }
}

/** Bytes of a list. */
export function listBytes({ rows, columns }: NonzerosKernel): number {
  return 16 + aligned(4 * rows) + rows * columns * pairBytes
}

/** Whether the list of so many elements was made: code for 1 or 0. */
export function isSparse(layout: Layout, list: number, elements: number): Code<'i32'> {
  return i32.le_u(i32.load(i32.const(layout.addressOf(list))), Math.floor(elements * mostDense))
}

/** So many rows are looked at before all are. */
const sampledRows = 8

/** Matrices with a larger fraction of nonzero elements in the sample aren't searched any further. */
const mostDenseInSample = 0.5

/**
 * Starts a list: sets its total to 0, or to more elements than there are where a sample of rows is dense. One thread
 * decides for all, so that the way of multiplying doesn't depend on their number.
 */
export function startList({ buffer, source, rows, columns }: NonzerosKernel, layout: Layout): KernelCode {
  const row = local('i32', 'row')
  const element = local('i32', 'element')
  const column = local('i32', 'column')
  const found = local('i32', 'found')
  const step = Math.max(1, Math.floor(rows / sampledRows))
  const sampled = Math.ceil(rows / step) * columns
  const whole = columns - (columns % lanes)
  const nonzeroLanes = i32x4.bitmask(f32x4.ne(v128.load(element), f32x4.splat(0)))
  return {
    run: func('startNonzeros', rangeParameters, 'none', () => [
      for_(row, 0, rows, step, [
        set(element, i32.add(i32.mul(row, columns * 4), layout.addressOf(source))),
        for_(column, 0, whole, lanes, [increase(found, i32.popcnt(nonzeroLanes)), increase(element, 16)]),
        for_(column, whole, columns, 1, [
          increase(found, f32.ne(f32.load(element), 0)),
          increase(element, 4),
        ]),
      ]),
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
export function nonzerosLoop({ buffer, source, rows, columns }: NonzerosKernel, layout: Layout): KernelCode {
  const { total, counts, pairs } = listPlaces(layout.addressOf(buffer), rows)
  const row = local('i32', 'row')
  const column = local('i32', 'column')
  const element = local('i32', 'element')
  const pair = local('i32', 'pair')
  const firstPair = local('i32', 'firstPair')
  const found = local('i32', 'found')
  const values = Array.from({ length: 4 }, (_, k) => local('v128', `values${k}`))
  const single = local('f32', 'single')

  const takeOne = (value: Code<'f32'>, at: Code<'i32'>): Body => [
    // The pair is written in any case, and kept, by moving on, where its value isn't zero.
    set(single, value),
    i32.store(pair, at),
    f32.store(pair, single, 4),
    increase(pair, i32.shl(f32.ne(single, 0), 3)),
  ]
  const takeVector = (vector: Local<'v128'>, offset: number): Body => [
    if_(v128.any_true(f32x4.ne(vector, f32x4.splat(0))), [
      [0, 1, 2, 3].map((lane) => takeOne(f32x4.extract_lane(vector, lane), i32.add(column, offset + lane))),
    ]),
  ]
  const wholeBlocks = columns - (columns % 16)
  const isAnyOf = v128.or(v128.or(values[0], values[1]), v128.or(values[2], values[3]))
  const scanRow: Body = [
    for_(column, 0, wholeBlocks, 16, [
      values.map((vector, k) => set(vector, v128.load(element, 16 * k))),
      // Most blocks of sixteen are all zeros, or −0, whose bits aren't.
      if_(v128.any_true(isAnyOf), [values.map((vector, k) => takeVector(vector, lanes * k))]),
      increase(element, 64),
    ]),
    for_(column, wholeBlocks, columns, 1, [takeOne(f32.load(element), column), increase(element, 4)]),
  ]
  const add = (count: Code<'i32'>): Body =>
    layout.shared
      ? [drop(i32.atomic_rmw_add(i32.const(total), count))]
      : [i32.store(i32.const(total), i32.add(i32.load(i32.const(total)), count))]
  return {
    run: func('nonzeros', rangeParameters, 'none', ({ begin, end }) => [
      if_(i32.le_u(i32.load(i32.const(total)), rows * columns), [
        set(element, i32.add(i32.mul(begin, columns * 4), layout.addressOf(source))),
        for_(row, begin, end, 1, [
          set(firstPair, i32.add(i32.mul(row, columns * pairBytes), pairs)),
          set(pair, firstPair),
          scanRow,
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

/** At most so many vectors of sums are kept in registers. */
const mostSums = 8

/** Widths, in vectors, of the blocks that so many vectors are worked on in: as equal as can be. */
function blockWidths(vectors: number): number[] {
  const count = Math.ceil(vectors / mostSums)
  return Array.from(
    { length: count },
    (_, k) => Math.floor(((k + 1) * vectors) / count) - Math.floor((k * vectors) / count),
  )
}

interface ColumnBlock {
  /** The first column. */
  readonly first: number
  readonly vectors: number
  /** Elements of the last vector that belong to the row: 4, or fewer at its end. */
  readonly last: number
}

function columnBlocks(n: number): ColumnBlock[] {
  let first = 0
  return blockWidths(Math.ceil(n / lanes)).map((vectors) => {
    const columns = Math.min(vectors * lanes, n - first)
    const made = { first, vectors, last: columns - (vectors - 1) * lanes }
    first += columns
    return made
  })
}

/** out = a · b for rows from `begin` to `end`, by the nonzero elements of a. */
export function multiplyByRows(
  { b, buffer, n, m, k }: MatmulKernel,
  list: number,
  layout: Layout,
  begin: Code<'i32'>,
  end: Local<'i32'>,
): Body {
  const { counts, pairs } = listPlaces(layout.addressOf(list), m)
  const row = local('i32', 'row')
  const out = local('i32', 'out')
  return [
    for_(row, begin, end, 1, [
      set(out, i32.add(i32.mul(row, n * 4), layout.addressOf(buffer))),
      columnBlocks(n).map(({ first, vectors, last }) => {
        const sums = Array.from({ length: vectors }, (_, v) => local('v128', `sum${v}`))
        const factor = local('v128', 'factor')
        const right = local('i32', 'right')
        return [
          sums.map((sum) => set(sum, f32x4.splat(0))),
          forEachPair(row, k, counts, pairs, (pair) => [
            set(factor, v128.load32_splat(pair, 4)),
            set(right, i32.mul(i32.load(pair), n * 4)),
            sums.map((sum, v) =>
              set(
                sum,
                f32x4.add(sum, f32x4.mul(factor, v128.load(right, layout.addressOf(b) + first * 4 + 16 * v))),
              ),
            ),
          ]),
          sums.map((sum, v) => storeFirst(v === vectors - 1 ? last : lanes, out, sum, first * 4 + 16 * v)),
        ]
      }),
    ]),
  ]
}

/** out = aᵀ · b for rows from `begin` to `end`, which are columns of the listed matrix. */
export function multiplyByColumns(
  { b, buffer, n, m, k }: MatmulKernel,
  list: number,
  layout: Layout,
  begin: Code<'i32'>,
  end: Local<'i32'>,
): Body {
  const { counts, pairs } = listPlaces(layout.addressOf(list), k)
  const first = local('i32', 'first')
  const row = local('i32', 'row')
  const column = local('i32', 'column')
  const out = local('i32', 'out')
  const address = layout.addressOf(buffer)
  return [
    set(first, begin),
    memory.fill(i32.add(i32.mul(first, n * 4), address), 0, i32.mul(i32.sub(end, first), n * 4)),
    columnBlocks(n).map((columns) => {
      const factors = Array.from({ length: columns.vectors }, (_, v) => local('v128', `factor${v}`))
      const value = local('v128', 'value')
      return for_(row, 0, k, 1, [
        factors.map((factor, v) =>
          set(factor, v128.load(i32.mul(row, n * 4), layout.addressOf(b) + columns.first * 4 + 16 * v)),
        ),
        forEachPair(row, m, counts, pairs, (pair) => [
          set(column, i32.load(pair)),
          if_(i32.and(i32.ge_s(column, first), i32.lt_s(column, end)), [
            set(value, v128.load32_splat(pair, 4)),
            set(out, i32.mul(column, n * 4)),
            factors.map((factor, v) => {
              const at = address + columns.first * 4 + 16 * v
              const sum = f32x4.add(v128.load(out, at), f32x4.mul(value, factor))
              return storeFirst(v === columns.vectors - 1 ? columns.last : lanes, out, sum, at)
            }),
          ]),
        ]),
      ])
    }),
  ]
}

/** Runs through the pairs of a row of `columns` columns. */
function forEachPair(
  row: Local<'i32'>,
  columns: number,
  counts: number,
  pairs: number,
  body: (pair: Local<'i32'>) => Body,
): Body {
  const pair = local('i32', 'pair')
  const end = local('i32', 'end')
  return [
    set(pair, i32.add(i32.mul(row, columns * pairBytes), pairs)),
    set(end, i32.add(pair, i32.shl(i32.load(i32.mul(row, 4), counts), 3))),
    if_(i32.lt_u(pair, end), [
      loop((again) => [body(pair), increase(pair, pairBytes), br_if(again, i32.lt_u(pair, end))]),
    ]),
  ]
}

/** Stores the first elements of a vector, one to four. */
function storeFirst(count: number, address: Code<'i32'>, vector: Code<'v128'>, offset: number): Body {
  const kept = local('v128', 'kept')
  switch (count) {
    case 4:
      return [v128.store(address, vector, offset)]
    case 3:
      return [
        set(kept, vector),
        v128.store64_lane(address, kept, 0, offset),
        v128.store32_lane(address, kept, 2, offset + 8),
      ]
    case 2:
      return [v128.store64_lane(address, vector, 0, offset)]
    default:
      return [v128.store32_lane(address, vector, 0, offset)]
  }
}
