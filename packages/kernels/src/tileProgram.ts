/** Code that multiplies packed panels, tile by tile; see matmulProgram.ts for what a panel is. */
import {
  block,
  br_if,
  call,
  f32x4,
  f64x2,
  for_,
  func,
  i32,
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

/** Left panels times right panels of `vectors` vectors, as {@link Multiply} describes. */
export function multiplyPanels(shape: TileShape, vectors: number): DefinedFunction<'none'> {
  // Functions are called anew for each panel: an engine replaces first, slow code only between calls.
  const multiplyPanel = multiplyByPanel(shape, vectors)
  const panelBytes = vectors * 16
  return func(
    `multiplyPanels${vectors}`,
    multiplyParameters,
    'none',
    ({ left, right, out, rows, columns, depth, outStride, accumulate }) => {
      const column = local('i32', 'column')
      return [
        for_(column, 0, columns, vectors * lanesOf(shape), [
          call(multiplyPanel, left, right, out, rows, i32.sub(columns, column), depth, outStride, accumulate),
          increase(right, i32.mul(depth, panelBytes)),
          increase(out, panelBytes),
        ]),
      ]
    },
  )
}

/** All left panels times one right panel; `columns` counts those left from this panel on. */
function multiplyByPanel(shape: TileShape, vectors: number): DefinedFunction<'none'> {
  const storeSome = storeSomeFunction(shape)
  const { add } = vectorOperations(shape)
  const stepBytes = shape.rows * shape.elementBytes
  return func(
    `multiplyByPanel${vectors}`,
    multiplyParameters,
    'none',
    ({ left, right, out, rows, columns, depth, outStride, accumulate }) => {
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
function storeSomeFunction({ elementBytes }: TileShape): DefinedFunction<'none'> {
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

function vectorOperations({ elementBytes, relaxed }: TileShape) {
  const vector = elementBytes === 4 ? f32x4 : f64x2
  return {
    add: vector.add,
    loadSplat: elementBytes === 4 ? v128.load32_splat : v128.load64_splat,
    multiplyAdd: (x: Local<'v128'>, y: Local<'v128'>, sum: Local<'v128'>) =>
      relaxed ? vector.relaxed_madd(x, y, sum) : vector.add(sum, vector.mul(x, y)),
  }
}

function zero(): Expression<'v128'> {
  return v128.const(new Uint8Array(16))
}
