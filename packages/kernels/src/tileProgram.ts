/** Code that multiplies packed panels, tile by tile; see matmulProgram.ts for what a panel is. */
import {
  block,
  br_if,
  call,
  f32,
  f32x4,
  f64,
  f64x2,
  for_,
  func,
  i32,
  if_,
  increase,
  local,
  loop,
  select,
  set,
  v128,
  type Body,
  type DefinedFunction,
  type Expression,
  type Local,
} from './assembler/index.js'
import { lanesOf, type TileShape } from './tileShape.js'

const multiplyParameters = {
  left: 'i32',
  right: 'i32',
  out: 'i32',
  rows: 'i32',
  columns: 'i32',
  depth: 'i32',
  outStride: 'i32',
  accumulate: 'i32',
} as const

type MultiplyLocals = { readonly [Name in keyof typeof multiplyParameters]: Local<'i32'> }

/** What is done to the elements of a product, once their sums are complete, before they are written. */
export interface WriteBack {
  /** Whether a bias is added, which has an element for each column. */
  readonly bias: boolean
  /** Whether relu is applied, after that: 0 where an element is at most 0, −0 included; NaN stays. */
  readonly relu: boolean
}

const writeBackParameters = { bias: 'i32', completes: 'i32' } as const

/** A write-back in a function that is told where the bias of its first column is, and whether it completes the sums. */
interface LocalWriteBack {
  readonly kind: WriteBack
  readonly bias: Local<'i32'>
  readonly completes: Local<'i32'>
}

/** A function of {@link Multiply}'s parameters, and where there is a write-back of those that it needs. */
function multiplyFunction(
  name: string,
  writeBack: WriteBack | undefined,
  body: (parameters: MultiplyLocals, writeBack?: LocalWriteBack) => Body,
): DefinedFunction<'none'> {
  if (writeBack === undefined) return func(name, multiplyParameters, 'none', (parameters) => body(parameters))
  return func(
    name,
    { ...multiplyParameters, ...writeBackParameters },
    'none',
    ({ bias, completes, ...parameters }) => body(parameters, { kind: writeBack, bias, completes }),
  )
}

/**
 * Left panels times right panels of `vectors` vectors, as {@link Multiply} describes. With a write-back, two parameters
 * follow: the address of the bias for the first column, and whether the call completes the sums, as the last one of
 * those that add up steps along k does.
 */
export function multiplyPanels(
  shape: TileShape,
  vectors: number,
  writeBack?: WriteBack,
): DefinedFunction<'none'> {
  // Functions are called anew for each panel: an engine replaces first, slow code only between calls.
  const multiplyPanel = multiplyByPanel(shape, vectors, writeBack)
  const few = (vectors === 1 ? fewColumnsOf(shape) : []).map((count) =>
    multiplyByColumns(shape, count, writeBack),
  )
  const panelBytes = vectors * 16
  return multiplyFunction(
    `multiplyPanels${vectors}`,
    writeBack,
    ({ left, right, out, rows, columns, depth, outStride, accumulate }, own) => {
      const column = local('i32', 'column')
      const count = local('i32', 'count')
      const multiply = (callee: DefinedFunction<'none'>): Body => [
        call(
          callee,
          ...[left, right, out, rows, count, depth, outStride, accumulate],
          ...(own === undefined ? [] : [own.bias, own.completes]),
        ),
      ]
      return [
        for_(column, 0, columns, vectors * lanesOf(shape), [
          set(count, i32.sub(columns, column)),
          few.reduceRight(
            (otherwise: Body, callee, index): Body => [
              if_(i32.eq(count, index + 1), multiply(callee), otherwise),
            ],
            multiply(multiplyPanel),
          ),
          increase(right, i32.mul(depth, panelBytes)),
          increase(out, panelBytes),
          own === undefined ? [] : [increase(own.bias, panelBytes)],
        ]),
      ]
    },
  )
}

/** All left panels times one right panel; `columns` counts those left from this panel on. */
function multiplyByPanel(
  shape: TileShape,
  vectors: number,
  writeBack: WriteBack | undefined,
): DefinedFunction<'none'> {
  const storeSome = storeSomeFunctions[shape.elementBytes]
  const { add } = vectorOperations(shape)
  const stepBytes = shape.rows * shape.elementBytes
  return multiplyFunction(
    `multiplyByPanel${vectors}`,
    writeBack,
    ({ left, right, out, rows, columns, depth, outStride, accumulate }, own) => {
      const row = local('i32', 'row')
      const addend = local('i32', 'addend')
      const sums = Array.from({ length: shape.rows }, (_, r) =>
        Array.from({ length: vectors }, (_, index) => local('v128', `sum${r}_${index}`)),
      )
      return [
        for_(row, 0, rows, shape.rows, [
          multiplyTile(shape, sums, left, right, i32.mul(depth, stepBytes)),
          if_(accumulate, [
            set(addend, out),
            sums.map((rowSums) => [
              rowSums.map((sum, index) => set(sum, add(v128.load(addend, index * 16), sum))),
              increase(addend, outStride),
            ]),
          ]),
          own === undefined ? [] : finishSums(shape, sums, own, (index) => v128.load(own.bias, index * 16)),
          if_(
            i32.ge_s(columns, vectors * lanesOf(shape)),
            sums.map((rowSums) => [
              rowSums.map((sum, index) => v128.store(out, sum, index * 16)),
              increase(out, outStride),
            ]),
            sums.map((rowSums) => [
              rowSums.map((sum, index) =>
                call(storeSome, i32.add(out, index * 16), sum, i32.sub(columns, index * lanesOf(shape))),
              ),
              increase(out, outStride),
            ]),
          ),
        ]),
      ]
    },
  )
}

/** How many columns are worked on by vectors of rows, which takes no more of them than vectors of columns would waste. */
function fewColumnsOf(shape: TileShape): number[] {
  const lanes = lanesOf(shape)
  return shape.rows % lanes === 0 ? Array.from({ length: lanes / 2 }, (_, index) => index + 1) : []
}

/** Left panels whose sums with few columns are kept in registers together. */
const panelsAtOnce = 4

/** All left panels times the first columns of one right panel, by vectors of rows: of a panel's, which lie side by side. */
function multiplyByColumns(
  shape: TileShape,
  count: number,
  writeBack: WriteBack | undefined,
): DefinedFunction<'none'> {
  const stepBytes = shape.rows * shape.elementBytes
  return multiplyFunction(
    `multiplyBy${count}Columns`,
    writeBack,
    ({ left, right, out, rows, depth, outStride, accumulate }, own) => {
      const row = local('i32', 'row')
      const panelBytes = local('i32', 'panelBytes')
      const manyEnd = local('i32', 'manyEnd')
      const some = (panels: number): Body => [
        multiplySomePanels(
          shape,
          { panels, count },
          { left, right, depth, panelBytes, out, outStride, accumulate },
          own,
        ),
        increase(left, i32.mul(panelBytes, panels)),
        increase(out, i32.mul(outStride, panels * shape.rows)),
      ]
      const together = panelsAtOnce * shape.rows
      return [
        set(panelBytes, i32.mul(depth, stepBytes)),
        set(manyEnd, i32.sub(rows, together - 1)),
        for_(row, 0, manyEnd, together, some(panelsAtOnce)),
        for_(row, row, rows, shape.rows, some(1)),
      ]
    },
  )
}

/** out = so many left panels · so many columns of a right panel, or added to what is there. */
function multiplySomePanels(
  shape: TileShape,
  { panels, count }: { readonly panels: number; readonly count: number },
  places: Omit<MultiplyLocals, 'rows' | 'columns'> & { readonly panelBytes: Local<'i32'> },
  writeBack: LocalWriteBack | undefined,
): Body {
  const { left, right, depth, panelBytes, out, outStride, accumulate } = places
  const { add, loadSplat, loadLane, storeLane, multiplyAdd, addLane } = vectorOperations(shape)
  const lanes = lanesOf(shape)
  const vectors = shape.rows / lanes
  const b = local('i32', 'b')
  const end = local('i32', 'end')
  const to = local('i32', 'to')
  const starts = Array.from({ length: panels }, (_, panel) => local('i32', `panel${panel}`))
  const xs = Array.from({ length: count }, (_, column) => local('v128', `x${column}`))
  const y = local('v128', 'y')
  /** Of each panel, each vector of rows, and each column. */
  const sums = starts.map(() =>
    Array.from({ length: vectors }, () => xs.map((_, column) => local('v128', `sum${column}`))),
  )
  /** Code for each lane of the sums, told where in the row that `to` points to its element is. */
  const forLanes = (
    code: (sum: Local<'v128'>, lane: number, column: number, offset: number) => Body,
  ): Body => [
    set(to, out),
    sums
      .flat()
      .map((columnSums) =>
        Array.from({ length: lanes }, (_, lane) => [
          columnSums.map((sum, column) => code(sum, lane, column, column * shape.elementBytes)),
          increase(to, outStride),
        ]),
      ),
  ]
  return [
    sums.flat(2).map((sum) => set(sum, zero())),
    starts.map((start, panel) => set(start, panel === 0 ? left : i32.add(starts[panel - 1], panelBytes))),
    set(b, right),
    set(end, i32.add(right, i32.shl(depth, 4))),
    if_(i32.lt_u(b, end), [
      loop((again) => [
        xs.map((x, column) => set(x, loadSplat(b, column * shape.elementBytes))),
        sums.map((panelSums, panel) =>
          panelSums.map((columnSums, vector) => [
            set(y, v128.load(starts[panel], vector * 16)),
            columnSums.map((sum, column) => set(sum, multiplyAdd(y, xs[column], sum))),
          ]),
        ),
        starts.map((start) => increase(start, vectors * 16)),
        increase(b, 16),
        br_if(again, i32.lt_u(b, end)),
      ]),
    ]),
    writeBack === undefined
      ? forLanes((sum, lane, _, offset) => addLane(to, sum, lane, offset, accumulate))
      : [
          if_(
            accumulate,
            forLanes((sum, lane, column, offset) => [
              set(xs[column], loadLane(to, xs[column], lane, offset)),
              lane === lanes - 1 ? [set(sum, add(sum, xs[column]))] : [],
            ]),
          ),
          finishSums(shape, sums.flat(), writeBack, (column) =>
            loadSplat(writeBack.bias, column * shape.elementBytes),
          ),
          forLanes((sum, lane, _, offset) => [storeLane(to, sum, lane, offset)]),
        ],
  ]
}

/** Once the sums are complete, adds the bias, of which `biasOf` gives that of the n-th sums of all rows, and applies relu. */
function finishSums(
  shape: TileShape,
  sums: readonly (readonly Local<'v128'>[])[],
  { kind, completes }: LocalWriteBack,
  biasOf: (index: number) => Expression<'v128'>,
): Body {
  const { add, le } = vectorOperations(shape)
  const bias = local('v128', 'bias')
  return [
    if_(
      completes,
      sums[0].map((_, index) => [
        kind.bias ? [set(bias, biasOf(index))] : [],
        sums.map(({ [index]: sum }) => [
          kind.bias ? [set(sum, add(sum, bias))] : [],
          kind.relu ? [set(sum, v128.andnot(sum, le(sum, zero())))] : [],
        ]),
      ]),
    ),
  ]
}

/** sums = one left panel · one right panel; moves `left` past its panel. */
function multiplyTile(
  shape: TileShape,
  sums: readonly Local<'v128'>[][],
  left: Local<'i32'>,
  right: Local<'i32'>,
  leftBytes: Expression<'i32'>,
): Body {
  const { loadSplat, multiplyAdd } = vectorOperations(shape)
  const leftStep = sums.length * shape.elementBytes
  const rightStep = sums[0].length * 16
  const b = local('i32', 'b')
  const end = local('i32', 'end')
  const x = local('v128', 'x')
  const ys = sums[0].map((_, index) => local('v128', `y${index}`))

  const step: Body = [
    ys.map((y, vector) => set(y, v128.load(b, vector * 16))),
    sums.map((rowSums, row) => [
      set(x, loadSplat(left, row * shape.elementBytes)),
      rowSums.map((sum, vector) => set(sum, multiplyAdd(x, ys[vector], sum))),
    ]),
  ]
  return [
    sums.flat().map((sum) => set(sum, zero())),
    set(b, right),
    set(end, i32.add(left, leftBytes)),
    if_(i32.lt_u(left, end), [
      // Between two steps the loop may be left. So there is no rest to care for, and V8, which in a stretch of code
      // without branches loads everything first, has registers enough for one step at a time.
      block((done) => [
        loop((again) => [
          Array.from({ length: shape.unroll }, (_, index) => [
            step,
            increase(b, rightStep),
            set(left, i32.add(left, leftStep)),
            index < shape.unroll - 1 ? br_if(done, i32.ge_u(left, end)) : br_if(again, i32.lt_u(left, end)),
          ]),
        ]),
      ]),
    ]),
  ]
}

/** Stores the first `count` elements of a vector, at least one; all of them where `count` is larger. */
function storeSomeFunction(elementBytes: TileShape['elementBytes']): DefinedFunction<'none'> {
  const parameters = { address: 'i32', vector: 'v128', count: 'i32' } as const
  return func('storeSome', parameters, 'none', ({ address, vector, count }) => {
    if (elementBytes === 8) {
      return [if_(i32.ge_s(count, 2), [v128.store(address, vector)], [v128.store64_lane(address, vector, 0)])]
    }
    return [
      if_(
        i32.ge_s(count, 4),
        [v128.store(address, vector)],
        [
          if_(
            i32.and(count, 2),
            [
              v128.store64_lane(address, vector, 0),
              if_(i32.and(count, 1), [v128.store32_lane(address, vector, 2, 8)]),
            ],
            [v128.store32_lane(address, vector, 0)],
          ),
        ],
      ),
    ]
  })
}

/** One for all tiles of a module. */
const storeSomeFunctions = { 4: storeSomeFunction(4), 8: storeSomeFunction(8) }

function vectorOperations({ elementBytes, relaxed }: TileShape) {
  const vector = elementBytes === 4 ? f32x4 : f64x2
  return {
    add: vector.add,
    le: vector.le,
    loadSplat: elementBytes === 4 ? v128.load32_splat : v128.load64_splat,
    loadLane: elementBytes === 4 ? v128.load32_lane : v128.load64_lane,
    storeLane: elementBytes === 4 ? v128.store32_lane : v128.store64_lane,
    multiplyAdd: (x: Local<'v128'>, y: Local<'v128'>, sum: Local<'v128'>) =>
      relaxed ? vector.relaxed_madd(x, y, sum) : vector.add(sum, vector.mul(x, y)),
    /** Stores a lane, added to what is there if `accumulate` isn't 0. */
    addLane: (
      to: Local<'i32'>,
      sum: Local<'v128'>,
      lane: number,
      offset: number,
      accumulate: Local<'i32'>,
    ): Body =>
      elementBytes === 4
        ? [
            f32.store(
              to,
              f32.add(f32x4.extract_lane(sum, lane), select(f32.load(to, offset), f32.const(0), accumulate)),
              offset,
            ),
          ]
        : [
            f64.store(
              to,
              f64.add(f64x2.extract_lane(sum, lane), select(f64.load(to, offset), f64.const(0), accumulate)),
              offset,
            ),
          ],
  }
}

function zero(): Expression<'v128'> {
  return v128.const(new Uint8Array(16))
}
