/**
 * Code for rows of bytes that are mostly zeros, compressed.
 *
 * A row is a sequence of entries of two bytes, one for each of its bytes that isn't zero: how many columns it is behind
 * the entry before, or for the first one behind the row's start, and the byte itself. Where 255 columns aren't enough,
 * there is an entry of 255 and a zero between.
 */
import {
  br_if,
  call,
  f32,
  for_,
  func,
  i32,
  i64,
  if_,
  increase,
  local,
  loop,
  set,
  type Body,
  type DefinedFunction,
  type Expression,
  type Local,
} from './assembler/index.js'
import { pairBytes, pairsAtOnce, setWord, wordColumns } from './listProgram.js'

/** Bytes of an entry. */
export const entryBytes = 2

/** The most columns from one entry to the next. */
export const longestStep = 255

/**
 * `compressRows(source, rows, columns, starts, base, out)` compresses rows of so many bytes: writes their entries from
 * `out` on, and to `starts`, for each row, where it begins, in bytes from `base`. Gives the address behind the last
 * entry.
 */
export function compressRowsFunction(): DefinedFunction<'i32'> {
  const compressRow = compressRowFunction()
  const parameters = {
    source: 'i32',
    rows: 'i32',
    columns: 'i32',
    starts: 'i32',
    base: 'i32',
    out: 'i32',
  } as const
  return func('compressRows', parameters, 'i32', ({ source, rows, columns, starts, base, out }) => {
    const row = local('i32', 'row')
    return [
      for_(row, 0, rows, 1, [
        i32.store(starts, i32.sub(out, base)),
        set(out, call(compressRow, source, columns, out)),
        increase(source, columns),
        increase(starts, 4),
      ]),
      out,
    ]
  })
}

function compressRowFunction(): DefinedFunction<'i32'> {
  const parameters = { row: 'i32', columns: 'i32', out: 'i32' } as const
  return func('compressRow', parameters, 'i32', ({ row, columns, out }) => {
    const column = local('i32', 'column')
    const found = local('i32', 'found')
    const last = local('i32', 'last')
    const word = local('i64', 'word')
    const writeEntry = (step: Expression<'i32'>, byte: Expression<'i32'>): Body => [
      i32.store16(out, i32.or(step, i32.shl(byte, 8))),
      increase(out, entryBytes),
    ]
    const isFar = i32.gt_u(i32.sub(i32.add(column, found), last), longestStep)
    return [
      for_(column, 0, columns, wordColumns, [
        setWord(word, 'bytes', i32.add(row, column), i32.sub(columns, column)),
        whileLeft(word, [
          set(found, i32.wrap_i64(i64.ctz(word))),
          if_(isFar, [
            loop((again) => [
              writeEntry(i32.const(longestStep), i32.const(0)),
              increase(last, longestStep),
              br_if(again, isFar),
            ]),
          ]),
          writeEntry(
            i32.sub(i32.add(column, found), last),
            i32.load8_u(i32.add(row, i32.add(column, found))),
          ),
          set(last, i32.add(column, found)),
          set(word, i64.and(word, i64.sub(word, 1n))),
        ]),
      ]),
      out,
    ]
  })
}

function whileLeft(word: Local<'i64'>, body: Body): Body {
  const isLeft = i64.ne(word, 0n)
  return [if_(isLeft, [loop((again) => [body, br_if(again, isLeft)])])]
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
 * `listCompressedRow(entry, end, line, pair, values)` lists a row: its entries from `entry` to `end` become pairs from
 * `pair` on, and its line of the table gets where these begin and end. `values` is the table of the 256 float32 that
 * bytes stand for, of which the first is 0.
 */
export function listCompressedRowFunction(): DefinedFunction<'none'> {
  const parameters = { entry: 'i32', end: 'i32', line: 'i32', pair: 'i32', values: 'i32' } as const
  return func('listCompressedRow', parameters, 'none', ({ entry, end, line, pair, values }) => {
    const column = local('i32', 'column')
    const bits = local('i32', 'bits')
    const isLeft = i32.lt_u(entry, end)
    // Those behind the last one are overwritten.
    const writePair = (index: number): Body => [
      set(bits, i32.load16_u(entry, index * entryBytes)),
      set(column, i32.add(column, i32.and(bits, 255))),
      i32.store(pair, column, index * pairBytes),
      f32.store(pair, f32.load(i32.add(values, i32.shl(i32.shr_u(bits, 8), 2))), index * pairBytes + 4),
    ]
    return [
      i32.store(line, pair),
      i32.store(line, i32.add(pair, i32.mul(i32.sub(end, entry), pairBytes / entryBytes)), 4),
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
