/**
 * Code that lists the elements of a matrix that aren't zero, row by row.
 *
 * A list is a table and pairs. A pair is a place and the float32 there, and the pairs of a row are in the order of
 * their places. The place of a column is its number times the list's step, such as the bytes of a row of what the matrix
 * is multiplied by: then it says where the column's row of that is. The table has a line for each row: the address of
 * its first pair in each block of columns, and, last, the address behind its last pair. So a range of columns can be
 * taken from the middle of a row.
 */
import {
  br_if,
  f32,
  f32x4,
  for_,
  func,
  i16x8,
  i32,
  i64,
  i8x16,
  if_,
  increase,
  local,
  loop,
  set,
  v128,
  type Body,
  type DefinedFunction,
  type Expression,
  type Local,
} from './assembler/index.js'

/** Columns of a block. */
export const listBlock = 16

/** Bytes of a pair. */
export const pairBytes = 8

/** Columns that are looked at together; their nonzero elements are the bits of a word. */
export const wordColumns = 64

const blocksOfWord = wordColumns / listBlock

/**
 * Pairs are written so many at a time, those behind a word's last one to be overwritten: how often a loop runs for
 * each word is hard to predict, and less so the less often it runs.
 */
export const pairsAtOnce = 4

/** Where the parts of a list are, in bytes from its start. */
export interface ListLayout {
  /** Columns of a block. */
  readonly block: number
  /** Bytes from one line of the table to the next. */
  readonly tableStride: number
  /** Where the pairs begin. */
  readonly pairs: number
  /** Bytes from the pairs of one row to those of the next: there is room for every element, and what is written behind. */
  readonly pairsStride: number
  readonly bytes: number
}

export function listLayout(rows: number, columns: number): ListLayout {
  const tableStride = (Math.ceil(columns / wordColumns) * blocksOfWord + 1) * 4
  return layoutOf({ rows, columns, block: listBlock, tableStride })
}

/** The layout of a list with such a table. */
export function layoutOf({
  rows,
  columns,
  ...table
}: Pick<ListLayout, 'block' | 'tableStride'> & {
  readonly rows: number
  readonly columns: number
}): ListLayout {
  const pairs = Math.ceil((rows * table.tableStride) / 16) * 16
  const pairsStride = (columns + pairsAtOnce - 1) * pairBytes
  return { ...table, pairs, pairsStride, bytes: pairs + rows * pairsStride }
}

/** What a matrix is read from: its own elements, or bytes of which a table says what float32 each stands for. */
export type ListSource = 'floats' | 'bytes'

/** Bytes that may be read beyond the end of a matrix. */
export const listOverrun = wordColumns * 4

/**
 * `listRow(source, columns, line, pair, values)` lists the row of `columns` elements at `source`: fills its line of
 * the table, and writes its pairs, with places of the given step, from `pair` on. `values` is the table of the 256
 * float32 that bytes stand for, of which the first alone is 0; floats have none.
 */
export function listRowFunction(source: ListSource, step: number): DefinedFunction<'none'> {
  const parameters = { row: 'i32', columns: 'i32', line: 'i32', pair: 'i32', values: 'i32' } as const
  const { bytes, value } = readers[source]
  return func('listRow', parameters, 'none', ({ row, columns, line, pair, values }) => {
    const column = local('i32', 'column')
    const found = local('i32', 'found')
    const word = local('i64', 'word')
    const end = local('i32', 'end')
    const writePair = (index: number): Body => [
      set(found, i32.wrap_i64(i64.ctz(word))),
      i32.store(pair, i32.mul(i32.add(column, found), step), index * pairBytes),
      f32.store(pair, value(i32.add(row, i32.mul(found, bytes)), values), index * pairBytes + 4),
      set(word, i64.and(word, i64.sub(word, 1n))),
    ]
    return [
      for_(column, 0, columns, wordColumns, [
        setWord(word, source, row, i32.sub(columns, column)),
        Array.from({ length: blocksOfWord }, (_, block) => {
          const address = block === 0 ? pair : i32.add(pair, bytesOfPairs(word, block * listBlock))
          return i32.store(line, address, block * 4)
        }),
        if_(i64.ne(word, 0n), [
          set(end, i32.add(pair, bytesOfPairs(word, wordColumns))),
          loop((again) => [
            Array.from({ length: pairsAtOnce }, (_, index) => writePair(index)),
            increase(pair, pairsAtOnce * pairBytes),
            br_if(again, i32.lt_u(pair, end)),
          ]),
          set(pair, end),
        ]),
        increase(row, wordColumns * bytes),
        increase(line, blocksOfWord * 4),
      ]),
      i32.store(line, pair),
    ]
  })
}

/** `countNonzeros(row, columns)` gives how many of the first elements at `row`, at most 64, aren't zero. */
export function countNonzerosFunction(source: ListSource): DefinedFunction<'i32'> {
  const word = local('i64', 'word')
  return func('countNonzeros', { row: 'i32', columns: 'i32' }, 'i32', ({ row, columns }) => [
    setWord(word, source, row, columns),
    i32.wrap_i64(i64.popcnt(word)),
  ])
}

/** How elements are read. */
interface Reader {
  /** Bytes of an element. */
  readonly bytes: number
  /** A bit for each of 16 elements: 1 where it isn't zero. */
  nonzeroBits(row: Expression<'i32'>, first: number): Expression<'i32'>
  value(address: Expression<'i32'>, values: Local<'i32'>): Expression<'f32'>
}

const readers: Readonly<Record<ListSource, Reader>> = {
  floats: {
    bytes: 4,
    nonzeroBits: (row, first) => {
      // −0 is zero, and NaN isn't.
      const isNonzero = (vector: number): Expression<'v128'> =>
        f32x4.ne(v128.load(row, first * 4 + vector * 16), f32x4.splat(0))
      const half = (vector: number): Expression<'v128'> =>
        i16x8.narrow_i32x4_s(isNonzero(vector), isNonzero(vector + 1))
      return i8x16.bitmask(i8x16.narrow_i16x8_s(half(0), half(2)))
    },
    value: (address) => f32.load(address),
  },
  bytes: {
    bytes: 1,
    nonzeroBits: (row, first) => i8x16.bitmask(i8x16.ne(v128.load(row, first), i8x16.splat(0))),
    value: (address, values) => f32.load(i32.add(values, i32.shl(i32.load8_u(address), 2))),
  },
}

/** word = a bit for each of the 64 elements at `row`: 1 where it is one of the first `columns` and isn't zero. */
export function setWord(
  word: Local<'i64'>,
  source: ListSource,
  row: Expression<'i32'>,
  columns: Expression<'i32'>,
): Body {
  const { nonzeroBits } = readers[source]
  const [first, second, third, fourth] = [0, 16, 32, 48].map((element) => nonzeroBits(row, element))
  const low = i64.extend_i32_u(i32.or(first, i32.shl(second, 16)))
  const high = i64.extend_i32_u(i32.or(third, i32.shl(fourth, 16)))
  const behind = i64.extend_i32_u(i32.sub(wordColumns, columns))
  return [
    set(word, i64.or(low, i64.shl(high, 32n))),
    if_(i32.lt_s(columns, wordColumns), [set(word, i64.and(word, i64.shr_u(-1n, behind)))]),
  ]
}

/** Bytes of the pairs of the first so many columns of a word. */
function bytesOfPairs(word: Local<'i64'>, columns: number): Expression<'i32'> {
  const some = columns === wordColumns ? word : i64.shl(word, BigInt(wordColumns - columns))
  const count = i32.wrap_i64(i64.popcnt(some))
  return i32.mul(count, pairBytes)
}
