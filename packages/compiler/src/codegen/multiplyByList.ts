/**
 * Code that multiplies by the nonzero elements of a matrix. Multiplying by an element that is zero and adding changes
 * nothing unless the other factor is NaN or infinite; those products are left out.
 */
import type { Body, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import {
  br_if,
  f32x4,
  for_,
  i32,
  if_,
  increase,
  local,
  loop,
  memory,
  set,
  v128,
} from '@tapegrad/kernels/assembler'
import type { MatmulKernel } from '../lowering/kernel.js'
import type { Layout } from './layout.js'
import type { ListPlaces } from './listPlaces.js'
import { listPlaces, pairBytes } from './listPlaces.js'

const lanes = 4

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
  const places = listPlaces(layout.addressOf(list), m)
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
          forEachPair(row, k, places, (pair) => [
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
  const places = listPlaces(layout.addressOf(list), k)
  const first = local('i32', 'first')
  const row = local('i32', 'row')
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
        forEachPair(
          row,
          m,
          places,
          (pair) => [
            set(value, v128.load32_splat(pair, 4)),
            set(out, i32.mul(i32.load(pair), n * 4)),
            factors.map((factor, v) => {
              const at = address + columns.first * 4 + 16 * v
              const sum = f32x4.add(v128.load(out, at), f32x4.mul(value, factor))
              return storeFirst(v === columns.vectors - 1 ? columns.last : lanes, out, sum, at)
            }),
          ],
          { first, end },
        ),
      ])
    }),
  ]
}

interface Bounds {
  readonly first: Local<'i32'>
  readonly end: Local<'i32'>
}

/**
 * Runs through the pairs of a row of `columns` columns: all, or those whose columns are from `first` to `end`. Pairs
 * are in the order of their columns.
 */
function forEachPair(
  row: Local<'i32'>,
  columns: number,
  { counts, pairs }: ListPlaces,
  body: (pair: Local<'i32'>) => Body,
  bounds?: Bounds,
): Body {
  const pair = local('i32', 'pair')
  const last = local('i32', 'last')
  const isInRow = i32.lt_u(pair, last)
  const isBefore = (bound: Local<'i32'>): Code<'i32'> => i32.and(isInRow, i32.lt_s(i32.load(pair), bound))
  const next = increase(pair, pairBytes)
  return [
    set(pair, i32.add(i32.mul(row, columns * pairBytes), pairs)),
    set(last, i32.add(pair, i32.shl(i32.load(i32.mul(row, 4), counts), 3))),
    bounds === undefined ? [] : while_(isBefore(bounds.first), [next]),
    while_(bounds === undefined ? isInRow : isBefore(bounds.end), [body(pair), next]),
  ]
}

function while_(condition: Code<'i32'>, body: Body): Body {
  return [if_(condition, [loop((again) => [body, br_if(again, condition)])])]
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
