/** Code that packs matrices into panels; see matmulProgram.ts for what a panel is. */
import {
  for_,
  func,
  i32,
  increase,
  i64,
  i8x16,
  local,
  select,
  set,
  v128,
  type Body,
  type DefinedFunction,
  type Expression,
  type Local,
} from './assembler/index.js'
import { lanesOf, type TileShape } from './tileShape.js'

const packParameters = { source: 'i32', target: 'i32', count: 'i32', depth: 'i32', stride: 'i32' } as const

/** Packs panels of `width` rows whose elements at one step are neighbours; steps lie a stride apart. */
export function copyPanels({ elementBytes }: TileShape, width: number): DefinedFunction<'none'> {
  const stepBytes = width * elementBytes
  return func(`copyPanels${width}`, packParameters, 'none', ({ source, target, count, depth, stride }) => {
    const first = local('i32', 'first')
    const step = local('i32', 'step')
    const from = local('i32', 'from')
    return [
      for_(first, 0, count, width, [
        set(from, i32.add(source, i32.mul(first, elementBytes))),
        for_(step, 0, depth, 1, [
          copyBytes(from, target, stepBytes),
          increase(from, stride),
          increase(target, stepBytes),
        ]),
      ]),
    ]
  })
}

/** Copies a multiple of 8 bytes. */
function copyBytes(from: Local<'i32'>, to: Local<'i32'>, count: number): Body {
  return Array.from({ length: Math.ceil(count / 16) }, (_, index) => index * 16).map((offset) =>
    count - offset >= 16
      ? v128.store(to, v128.load(from, offset), offset)
      : i64.store(to, i64.load(from, offset), offset),
  )
}

/** Packs panels of `width` rows, each contiguous along the steps; rows lie a stride apart. */
export function transposePanels(shape: TileShape, width: number): DefinedFunction<'none'> {
  const { elementBytes } = shape
  const lanes = lanesOf(shape)
  const transposeSteps = elementBytes === 4 ? transposeFourSteps : transposeTwoSteps
  const copyElement = elementBytes === 4 ? copyFourBytes : copyEightBytes
  return func(
    `transposePanels${width}`,
    packParameters,
    'none',
    ({ source, target, count, depth, stride }) => {
      const first = local('i32', 'first')
      const step = local('i32', 'step')
      const wholeVectors = local('i32', 'wholeVectors')
      const rows = Array.from({ length: width }, (_, row) => local('i32', `row${row}`))
      const advance = (steps: number): Body => [
        rows.map((row) => increase(row, steps * elementBytes)),
        increase(target, steps * width * elementBytes),
      ]
      return [
        set(wholeVectors, i32.and(depth, -lanes)),
        for_(first, 0, count, width, [
          // Beyond the last row, its address again: what is read there goes to the unused part of the panel.
          rows.map((row, index) =>
            set(row, i32.add(source, i32.mul(smaller(i32.add(first, index), i32.sub(count, 1)), stride))),
          ),
          for_(step, 0, wholeVectors, lanes, [transposeSteps(rows, target), advance(lanes)]),
          for_(step, wholeVectors, depth, 1, [
            rows.map((row, index) => copyElement(row, target, index * elementBytes)),
            advance(1),
          ]),
        ]),
      ]
    },
  )
}

/** Vectors of four float32 from four rows become four steps, a vector each; two rows that are left, half vectors. */
function transposeFourSteps(rows: readonly Local<'i32'>[], target: Local<'i32'>): Body {
  const stepBytes = rows.length * 4
  const fours = Array.from({ length: rows.length >> 2 }, (_, four) =>
    transposeFourRows(rows.slice(4 * four, 4 * four + 4), target, four * 16, stepBytes),
  )
  const left = rows.length & 3
  return left === 0 ? fours : [fours, transposeTwoRows(rows.slice(-2), target, stepBytes - 8, stepBytes)]
}

function transposeFourRows(
  rows: readonly Local<'i32'>[],
  target: Local<'i32'>,
  offset: number,
  stepBytes: number,
): Body {
  const [x, y, z, w] = ['x', 'y', 'z', 'w'].map((name) => local('v128', name))
  const [firstOfXy, lastOfXy, firstOfZw, lastOfZw] = ['xy0', 'xy2', 'zw0', 'zw2'].map((name) =>
    local('v128', name),
  )
  const store = (step: number, xy: Local<'v128'>, zw: Local<'v128'>, half: 0 | 1): Body => {
    const lanes = [0, 1, 4, 5].map((element) => element + 2 * half)
    return [v128.store(target, i8x16.shuffle(xy, zw, elementLanes(4, lanes)), offset + step * stepBytes)]
  }
  return [
    [x, y, z, w].map((vector, row) => set(vector, v128.load(rows[row]))),
    set(firstOfXy, i8x16.shuffle(x, y, elementLanes(4, [0, 4, 1, 5]))),
    set(lastOfXy, i8x16.shuffle(x, y, elementLanes(4, [2, 6, 3, 7]))),
    set(firstOfZw, i8x16.shuffle(z, w, elementLanes(4, [0, 4, 1, 5]))),
    set(lastOfZw, i8x16.shuffle(z, w, elementLanes(4, [2, 6, 3, 7]))),
    store(0, firstOfXy, firstOfZw, 0),
    store(1, firstOfXy, firstOfZw, 1),
    store(2, lastOfXy, lastOfZw, 0),
    store(3, lastOfXy, lastOfZw, 1),
  ]
}

function transposeTwoRows(
  [row, next]: readonly Local<'i32'>[],
  target: Local<'i32'>,
  offset: number,
  stepBytes: number,
): Body {
  const x = local('v128', 'x')
  const y = local('v128', 'y')
  const firstSteps = local('v128', 'firstSteps')
  const lastSteps = local('v128', 'lastSteps')
  return [
    set(x, v128.load(row)),
    set(y, v128.load(next)),
    set(firstSteps, i8x16.shuffle(x, y, elementLanes(4, [0, 4, 1, 5]))),
    set(lastSteps, i8x16.shuffle(x, y, elementLanes(4, [2, 6, 3, 7]))),
    v128.store64_lane(target, firstSteps, 0, offset),
    v128.store64_lane(target, firstSteps, 1, offset + stepBytes),
    v128.store64_lane(target, lastSteps, 0, offset + 2 * stepBytes),
    v128.store64_lane(target, lastSteps, 1, offset + 3 * stepBytes),
  ]
}

/** Vectors of two float64 from pairs of rows become two steps. */
function transposeTwoSteps(rows: readonly Local<'i32'>[], target: Local<'i32'>): Body {
  const x = local('v128', 'x')
  const y = local('v128', 'y')
  const stepBytes = rows.length * 8
  return pairs(rows).map(([row, next], pair) => [
    set(x, v128.load(row)),
    set(y, v128.load(next)),
    v128.store(target, i8x16.shuffle(x, y, elementLanes(8, [0, 2])), pair * 16),
    v128.store(target, i8x16.shuffle(x, y, elementLanes(8, [1, 3])), pair * 16 + stepBytes),
  ])
}

function pairs<Item>(items: readonly Item[]): [Item, Item][] {
  return Array.from({ length: items.length / 2 }, (_, pair) => [items[2 * pair], items[2 * pair + 1]])
}

/** The byte lanes of a shuffle that moves whole elements. */
function elementLanes(elementBytes: number, elements: readonly number[]): number[] {
  return elements.flatMap((element) =>
    Array.from({ length: elementBytes }, (_, byte) => element * elementBytes + byte),
  )
}

function copyFourBytes(from: Local<'i32'>, to: Local<'i32'>, offset: number) {
  return i32.store(to, i32.load(from), offset)
}

function copyEightBytes(from: Local<'i32'>, to: Local<'i32'>, offset: number) {
  return i64.store(to, i64.load(from), offset)
}

function smaller(x: Expression<'i32'>, y: Expression<'i32'>): Expression<'i32'> {
  return select(x, y, i32.lt_s(x, y))
}
