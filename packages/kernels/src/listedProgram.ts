/**
 * Code that multiplies by a listed matrix; see listProgram.ts for what a list is. Multiplying by an element that is
 * zero, and adding, changes a sum only where the other factor is NaN or infinite; then it is done for that factor alone.
 */
import {
  br_if,
  call,
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
  return_,
  set,
  v128,
  type Body,
  type DefinedFunction,
  type Expression,
  type Local,
} from './assembler/index.js'
import { pairBytes } from './listProgram.js'

/** Elements of a vector. */
const lanes = 4

/**
 * Columns of a product that are worked on together. As many vectors of sums as that, a factor and a product are all
 * that fits into the registers of x86-64.
 */
export const listedColumns = 13 * lanes

/**
 * Bytes of the right side, or of the result, that are worked on together along the columns of a list: about those of a
 * first-level cache. Where a core has a second-level cache to itself, more are as fast; where it shares one, slower.
 */
export const blockBytes = 48 * 1024

/** How many blocks, each of so many of a list's columns, to work on together, for products of so many columns. */
export function blocksAtOnce(columns: number, block: number): number {
  return Math.max(1, Math.floor(blockBytes / (columns * 4 * block)))
}

/** Which columns of a product to work on: so many, at most {@link listedColumns}, of rows of so many bytes. */
export interface ListedColumns {
  readonly columns: number
  /** Bytes from one row of the right side, and of the result, to the next; an unknown one would cost a fifth more. */
  readonly stride: number
  /** The step of the list's places, of which the stride is a multiple. */
  readonly step: number
  /** Whether one relaxed instruction multiplies and adds. */
  readonly relaxed: boolean
}

const listedParameters = {
  line: 'i32',
  span: 'i32',
  lineStride: 'i32',
  rows: 'i32',
  right: 'i32',
  out: 'i32',
} as const

/**
 * `multiplyListedRows(line, span, lineStride, rows, right, out)`: for each of so many rows of the list, out[row] += Σ
 * value · right[column] over its pairs in a range of blocks. `line` is the first entry of the range in the first row's
 * line, `span` the bytes from there to the entry behind the range.
 */
export function multiplyListedRows({
  columns,
  stride,
  step,
  relaxed,
}: ListedColumns): DefinedFunction<'none'> {
  const { sums, load, store } = rowVectors(columns)
  const factor = local('v128', 'factor')
  return func('multiplyListedRows', listedParameters, 'none', (parameters) => {
    const { right, out } = parameters
    const from = local('i32', 'from')
    // The loop over pairs has to be the second one: V8 unrolls a deeper one, and in one that stands alone it loads all
    // of a row before it multiplies; either way the sums don't fit into registers any more.
    return forEachLine(parameters, [increase(out, stride)], (pair, last) => [
      load(out),
      forEachPair(pair, last, [
        set(factor, v128.load32_splat(pair, 4)),
        set(from, i32.add(times(i32.load(pair), stride / step), right)),
        sums.map((sum, v) => set(sum, multiplyAdd(relaxed, factor, v128.load(from, v * 16), sum))),
      ]),
      store(out),
    ])
  })
}

/**
 * `multiplyListedColumns(…)`, with the same parameters: for each of so many rows of the list, out[column] += value ·
 * right[row] for its pairs in a range of blocks. `out` is where the product's row of column 0 is.
 */
export function multiplyListedColumns({
  columns,
  stride,
  step,
  relaxed,
}: ListedColumns): DefinedFunction<'none'> {
  const { sums: factors, load, last: lastLanes } = rowVectors(columns)
  const value = local('v128', 'value')
  return func('multiplyListedColumns', listedParameters, 'none', (parameters) => {
    const { right, out } = parameters
    const to = local('i32', 'to')
    return forEachLine(parameters, [increase(right, stride)], (pair, last) => [
      load(right),
      forEachPair(pair, last, [
        set(value, v128.load32_splat(pair, 4)),
        set(to, i32.add(times(i32.load(pair), stride / step), out)),
        factors.map((factor, v) => {
          const sum = multiplyAdd(relaxed, value, factor, v128.load(to, v * 16))
          return storeFirst(v === factors.length - 1 ? lastLanes : lanes, to, sum, v * 16)
        }),
      ]),
    ])
  })
}

function times(x: Expression<'i32'>, factor: number): Expression<'i32'> {
  return factor === 1 ? x : i32.mul(x, factor)
}

/** x · y + sum, in each lane. */
function multiplyAdd(
  relaxed: boolean,
  x: Expression<'v128'>,
  y: Expression<'v128'>,
  sum: Expression<'v128'>,
): Expression<'v128'> {
  return relaxed ? f32x4.relaxed_madd(x, y, sum) : f32x4.add(sum, f32x4.mul(x, y))
}

/** The vectors of a row of so many columns, and how they are loaded and stored. */
function rowVectors(columns: number) {
  const count = Math.ceil(columns / lanes)
  const last = columns - (count - 1) * lanes
  const sums = Array.from({ length: count }, (_, v) => local('v128', `sum${v}`))
  return {
    sums,
    /** Elements of the last vector that belong to the row. */
    last,
    load: (address: Local<'i32'>): Body => sums.map((sum, v) => set(sum, v128.load(address, v * 16))),
    store: (address: Local<'i32'>): Body =>
      sums.map((sum, v) => storeFirst(v === count - 1 ? last : lanes, address, sum, v * 16)),
  }
}

/** Runs through rows of a list: what is done to the pairs of one, from `pair` up to `last`, and how to move on. */
function forEachLine(
  {
    line,
    span,
    lineStride,
    rows,
  }: { readonly [Name in 'line' | 'span' | 'lineStride' | 'rows']: Local<'i32'> },
  moveOn: Body,
  body: (pair: Local<'i32'>, last: Local<'i32'>) => Body,
): readonly Body[] {
  const row = local('i32', 'row')
  const pair = local('i32', 'pair')
  const last = local('i32', 'last')
  return [
    for_(row, 0, rows, 1, [
      set(pair, i32.load(line)),
      set(last, i32.load(i32.add(line, span))),
      body(pair, last),
      increase(line, lineStride),
      moveOn,
    ]),
  ]
}

function forEachPair(pair: Local<'i32'>, last: Local<'i32'>, body: Body): Body {
  const isLeft = i32.lt_u(pair, last)
  return [if_(isLeft, [loop((again) => [body, increase(pair, pairBytes), br_if(again, isLeft)])])]
}

/** Stores the first elements of a vector, one to four. */
function storeFirst(count: number, address: Local<'i32'>, vector: Expression<'v128'>, offset: number): Body {
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

const skippedParameters = {
  line: 'i32',
  lineStride: 'i32',
  rows: 'i32',
  begin: 'i32',
  end: 'i32',
  right: 'i32',
  out: 'i32',
  columns: 'i32',
  block: 'i32',
  step: 'i32',
} as const

/**
 * `addSkippedRows(line, lineStride, rows, begin, end, right, out, columns, block, step)` completes what
 * {@link multiplyListedRows} does for the columns from `begin` to `end` of the list: where a row of `right`, of so many
 * columns, isn't finite, 0 times it is added to the rows of `out` whose element there is zero and so isn't listed. The
 * list has blocks of so many columns, and places of that step.
 */
export function addSkippedRows(): DefinedFunction<'none'> {
  return func('addSkippedRows', skippedParameters, 'none', (parameters) => {
    const { line, lineStride, rows, begin, end, right, out, columns, block, step } = parameters
    const row = local('i32', 'row')
    const from = local('i32', 'from')
    const stride = i32.shl(columns, 2)
    return [
      set(from, i32.add(i32.mul(begin, stride), right)),
      if_(call(isFinite, from, i32.mul(i32.sub(end, begin), columns)), [return_()]),
      for_(begin, begin, end, 1, [
        set(from, i32.add(i32.mul(begin, stride), right)),
        if_(i32.eqz(call(isFinite, from, columns)), [
          for_(row, 0, rows, 1, [
            call(
              addUnlessListed,
              i32.add(line, i32.mul(row, lineStride)),
              begin,
              from,
              i32.add(out, i32.mul(row, stride)),
              columns,
              block,
              step,
            ),
          ]),
        ]),
      ]),
    ]
  })
}

/** The same for {@link multiplyListedColumns}: 0 times a row of `right` that isn't finite, for what its row skips. */
export function addSkippedColumns(): DefinedFunction<'none'> {
  return func('addSkippedColumns', skippedParameters, 'none', (parameters) => {
    const { line, lineStride, rows, begin, end, right, out, columns, block, step } = parameters
    const row = local('i32', 'row')
    const column = local('i32', 'column')
    const stride = i32.shl(columns, 2)
    return [
      if_(call(isFinite, right, i32.mul(rows, columns)), [return_()]),
      for_(row, 0, rows, 1, [
        if_(i32.eqz(call(isFinite, right, columns)), [
          for_(column, begin, end, 1, [
            call(
              addUnlessListed,
              line,
              column,
              right,
              i32.add(out, i32.mul(column, stride)),
              columns,
              block,
              step,
            ),
          ]),
        ]),
        increase(line, lineStride),
        increase(right, stride),
      ]),
    ]
  })
}

/** `isFinite(start, count)`: 0 where one of so many elements is NaN or infinite, or their sum overflows; else 1. */
const isFinite = func('isFinite', { start: 'i32', count: 'i32' }, 'i32', ({ start, count }) => {
  // A sum with NaN or an infinity in it is no finite number. Several sums, for one would wait for itself.
  const sums = Array.from({ length: 4 }, (_, k) => local('v128', `sum${k}`))
  const rest = local('f32', 'rest')
  const element = local('i32', 'element')
  const whole = local('i32', 'whole')
  const atOnce = sums.length * lanes
  const [first, ...others] = sums
  return [
    set(whole, i32.and(count, -atOnce)),
    for_(element, 0, whole, atOnce, [
      sums.map((sum, k) => set(sum, f32x4.add(sum, v128.load(start, k * 16)))),
      increase(start, atOnce * 4),
    ]),
    others.map((sum) => set(first, f32x4.add(first, sum))),
    for_(element, whole, count, 1, [set(rest, f32.add(rest, f32.load(start))), increase(start, 4)]),
    i32.and(
      i32x4.all_true(f32x4.eq(f32x4.sub(first, first), f32x4.splat(0))),
      f32.eq(f32.sub(rest, rest), 0),
    ),
  ]
})

const unlessListedParameters = {
  line: 'i32',
  column: 'i32',
  from: 'i32',
  to: 'i32',
  columns: 'i32',
  block: 'i32',
  step: 'i32',
} as const

/** `addUnlessListed(line, column, from, to, columns, block, step)`: to += 0 · from unless the line's row has a pair for the column. */
const addUnlessListed = func(
  'addUnlessListed',
  unlessListedParameters,
  'none',
  ({ line, column, from, to, columns, block, step }) => {
    const entry = local('i32', 'entry')
    const pair = local('i32', 'pair')
    const last = local('i32', 'last')
    const rest = local('i32', 'rest')
    return [
      set(entry, i32.add(line, i32.mul(i32.div_u(column, block), 4))),
      set(pair, i32.load(entry)),
      set(last, i32.load(entry, 4)),
      forEachPair(pair, last, [if_(i32.eq(i32.load(pair), i32.mul(column, step)), [return_()])]),
      for_(rest, 0, columns, 1, [
        f32.store(to, f32.add(f32.load(to), f32.mul(f32.load(from), 0))),
        increase(to, 4),
        increase(from, 4),
      ]),
    ]
  },
)
