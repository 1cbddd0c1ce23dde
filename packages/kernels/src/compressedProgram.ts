/**
 * Code for rows of bytes that are mostly zeros, compressed.
 *
 * A row is a sequence of entries of two bytes, one for each of its bytes that isn't zero: how many columns it is behind
 * the entry before, or for the first one behind the row's start, and the byte itself. Where 255 columns aren't enough,
 * there is an entry of 255 and a zero between. The columns are cut in blocks, and it is known where the entries of each
 * block begin.
 */
import {
  br_if,
  call,
  f32,
  for_,
  func,
  global,
  i32,
  i64,
  if_,
  increase,
  local,
  loop,
  select,
  set,
  type Body,
  type DefinedFunction,
} from './assembler/index.js'
import { blockBytes, listedColumns } from './listedProgram.js'
import { layoutOf, pairBytes, pairsAtOnce, setWord, wordColumns, type ListLayout } from './listProgram.js'

/** Bytes of an entry. */
export const entryBytes = 2

/** The most columns from one entry to the next. */
export const longestStep = 255

/** Columns of a block, of so many: blocks of equal size, each of which is worth working on by itself. */
export function compressedBlock(columns: number): number {
  const count = Math.max(1, Math.round((columns * listedColumns * 4) / blockBytes))
  return Math.ceil(columns / count)
}

/** How many blocks so many columns have. */
export function compressedBlocks(columns: number): number {
  return Math.ceil(columns / compressedBlock(columns))
}

/** Where the parts of a list are that is made of compressed rows. */
export function compressedListLayout(rows: number, columns: number): ListLayout {
  const tableStride = (compressedBlocks(columns) + 1) * 4
  return layoutOf({ rows, columns, block: compressedBlock(columns), tableStride })
}

/**
 * `compressRows(source, rows, columns, block, starts, base, out)` compresses rows of so many bytes: writes their entries
 * from `out` on, and to `starts`, for each block of each row, where it begins, in bytes from `base`. Gives the address
 * behind the last entry.
 */
export function compressRowsFunction(): DefinedFunction<'i32'> {
  const compressBlock = compressBlockFunction()
  const parameters = {
    source: 'i32',
    rows: 'i32',
    columns: 'i32',
    block: 'i32',
    starts: 'i32',
    base: 'i32',
    out: 'i32',
  } as const
  return func('compressRows', parameters, 'i32', ({ source, rows, columns, block, starts, base, out }) => {
    const row = local('i32', 'row')
    const first = local('i32', 'first')
    const behind = local('i32', 'behind')
    return [
      for_(row, 0, rows, 1, [
        set(lastColumn, 0),
        for_(first, 0, columns, block, [
          i32.store(starts, i32.sub(out, base)),
          increase(starts, 4),
          set(behind, i32.add(first, block)),
          set(behind, select(behind, columns, i32.lt_u(behind, columns))),
          set(out, call(compressBlock, source, first, behind, out)),
        ]),
        increase(source, columns),
      ]),
      out,
    ]
  })
}

/** The column of the last entry of the row, if there is one. */
const lastColumn = global('i32', 'lastColumn', i32.const(0))

/** `compressBlock(row, first, behind, out)` writes the entries of some of a row's columns. */
function compressBlockFunction(): DefinedFunction<'i32'> {
  const parameters = { row: 'i32', first: 'i32', behind: 'i32', out: 'i32' } as const
  return func('compressBlock', parameters, 'i32', ({ row, first, behind, out }) => {
    const column = local('i32', 'column')
    const found = local('i32', 'found')
    const last = local('i32', 'last')
    const end = local('i32', 'end')
    const word = local('i64', 'word')
    const left = local('i64', 'left')
    const nextFound = i32.add(column, i32.wrap_i64(i64.ctz(left)))
    const isFar = i32.gt_u(i32.sub(nextFound, last), longestStep)
    // Those behind the last one of the word are overwritten.
    const writeEntry = (index: number): Body => [
      set(found, nextFound),
      i32.store16(
        out,
        i32.or(i32.sub(found, last), i32.shl(i32.load8_u(i32.add(row, found)), 8)),
        index * entryBytes,
      ),
      set(last, found),
      set(left, i64.and(left, i64.sub(left, 1n))),
    ]
    return [
      set(last, lastColumn),
      for_(column, first, behind, wordColumns, [
        setWord(word, 'bytes', i32.add(row, column), i32.sub(behind, column)),
        if_(i64.ne(word, 0n), [
          set(left, word),
          // Only the first one of a word can be so far from the one before.
          if_(isFar, [
            loop((again) => [
              i32.store16(out, longestStep),
              increase(out, entryBytes),
              increase(last, longestStep),
              br_if(again, isFar),
            ]),
          ]),
          set(end, i32.add(out, i32.mul(i32.wrap_i64(i64.popcnt(word)), entryBytes))),
          loop((again) => [
            Array.from({ length: pairsAtOnce }, (_, index) => writeEntry(index)),
            increase(out, pairsAtOnce * entryBytes),
            br_if(again, i32.lt_u(out, end)),
          ]),
          set(out, end),
          set(last, i32.sub(i32.add(column, wordColumns - 1), i32.wrap_i64(i64.clz(word)))),
        ]),
      ]),
      set(lastColumn, last),
      out,
    ]
  })
}

/** `countNonzeroBytes(start, count)` gives how many of so many bytes, a multiple of 64, aren't zero. */
export function countNonzeroBytesFunction(): DefinedFunction<'i32'> {
  return func('countNonzeroBytes', { start: 'i32', count: 'i32' }, 'i32', ({ start, count }) => {
    const at = local('i32', 'at')
    const found = local('i32', 'found')
    const word = local('i64', 'word')
    return [
      for_(at, 0, count, wordColumns, [
        setWord(word, 'bytes', i32.add(start, at), i32.const(wordColumns)),
        increase(found, i32.wrap_i64(i64.popcnt(word))),
      ]),
      found,
    ]
  })
}

/**
 * `listCompressedRow(starts, blocks, base, line, pair, values)` lists a row of so many blocks, of which `starts` says
 * where they begin, in bytes from `base`: its entries become pairs from `pair` on, with places of the given step, and its
 * line of the table gets where those of each block begin, and where the last ones end. `values` is the table of the 256
 * float32 that bytes stand for, of which the first is 0.
 */
export function listCompressedRowFunction(step: number): DefinedFunction<'none'> {
  const parameters = {
    starts: 'i32',
    blocks: 'i32',
    base: 'i32',
    line: 'i32',
    pair: 'i32',
    values: 'i32',
  } as const
  return func('listCompressedRow', parameters, 'none', ({ starts, blocks, base, line, pair, values }) => {
    const block = local('i32', 'block')
    const first = local('i32', 'first')
    const entry = local('i32', 'entry')
    const end = local('i32', 'end')
    const place = local('i32', 'place')
    const isLeft = i32.lt_u(entry, end)
    const entriesBefore = i32.sub(i32.load(starts), first)
    // Those behind the last one are overwritten.
    const writePair = (index: number): Body => {
      const [columns, byte] = [0, 1].map((half) => i32.load8_u(entry, index * entryBytes + half))
      return [
        set(place, i32.add(place, i32.mul(columns, step))),
        i32.store(pair, place, index * pairBytes),
        f32.store(pair, f32.load(i32.add(values, i32.shl(byte, 2))), index * pairBytes + 4),
      ]
    }
    return [
      set(first, i32.load(starts)),
      set(entry, i32.add(first, base)),
      // One more, for the end.
      for_(block, -1, blocks, 1, [
        i32.store(line, i32.add(pair, i32.mul(entriesBefore, pairBytes / entryBytes))),
        set(end, i32.add(i32.load(starts), base)),
        increase(starts, 4),
        increase(line, 4),
      ]),
      if_(isLeft, [
        loop((again) => [
          Array.from({ length: pairsAtOnce }, (_, index) => writePair(index)),
          increase(entry, pairsAtOnce * entryBytes),
          increase(pair, pairsAtOnce * pairBytes),
          br_if(again, isLeft),
        ]),
      ]),
    ]
  })
}
