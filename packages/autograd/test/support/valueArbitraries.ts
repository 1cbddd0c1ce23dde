/** fast-check arbitraries for shapes and tensors, which shrink towards few, small axes and round numbers. */
import fc from 'fast-check'
import type { DType, Shape } from '../../src/index.js'
import { Tensor } from '../../src/index.js'
import { allocate, isFloat } from '../../src/dtype.js'
import { sizeOf } from '../../src/shape.js'

export interface ShapeConstraints {
  /** The fewest axes, 0 by default. */
  readonly minRank?: number
  /** The most axes, 3 by default. */
  readonly maxRank?: number
  /** The least size of an axis, 0 by default. */
  readonly minSize?: number
  /** The greatest size of an axis, 4 by default. */
  readonly maxSize?: number
}

/** A shape: scalars, vectors, …; zero-sized ones too unless `minSize` says otherwise. */
export function shape({
  minRank = 0,
  maxRank = 3,
  minSize = 0,
  maxSize = 4,
}: ShapeConstraints = {}): fc.Arbitrary<Shape> {
  return fc.array(extent(minSize, maxSize), { minLength: minRank, maxLength: maxRank })
}

/** The size of an axis, seldom 0: a value without elements says little. */
function extent(minSize: number, maxSize: number): fc.Arbitrary<number> {
  const some = fc.integer({ min: Math.max(1, minSize), max: maxSize })
  if (minSize > 0) return some
  return fc.oneof({ weight: 9, arbitrary: some }, { weight: 1, arbitrary: fc.constant(0) })
}

/** So many shapes, two by default, that broadcast together. */
export function broadcastableShapes(
  constraints: ShapeConstraints = {},
  count = 2,
): fc.Arbitrary<readonly Shape[]> {
  return shape(constraints).chain((whole) =>
    fc.array(shapeBroadcastingTo(whole), { minLength: count, maxLength: count }),
  )
}

/** A shape that broadcasts to `whole`: some leading axes left out, some of the others of size 1. */
export function shapeBroadcastingTo(whole: Shape): fc.Arbitrary<Shape> {
  const rank = whole.length
  return fc
    .tuple(fc.nat({ max: rank }), fc.array(fc.boolean(), { minLength: rank, maxLength: rank }))
    .map(([missing, repeats]) => whole.map((size, axis) => (repeats[axis] ? 1 : size)).slice(missing))
}

export interface ElementConstraints {
  /** float64 by default. */
  readonly dtype?: DType
  /** The least element, −2 by default (0 where the dtype has no negatives). */
  readonly min?: number
  /** The greatest element, 2 by default (1 for bool). */
  readonly max?: number
  /** Points that elements keep away from, such as kinks. */
  readonly avoid?: readonly number[]
  /** How far they keep away, 1/16 by default. */
  readonly margin?: number
  /** Whole numbers only, as integer dtypes have them anyway: sums and products of a few are exact. */
  readonly whole?: boolean
}

export interface TensorConstraints extends ElementConstraints {
  /** The shape, or an arbitrary of shapes; any shape by default. */
  readonly shape?: Shape | fc.Arbitrary<Shape>
}

/** Floats are multiples of this: exact in float32 too, and they shrink to round numbers. */
const grain = 1 / 1024

/** A number as an element of a tensor: between `min` and `max` and away from `avoid`, by construction. */
export function element({
  dtype = 'float64',
  min = dtype === 'bool' || dtype === 'uint8' ? 0 : -2,
  max = dtype === 'bool' ? 1 : 2,
  avoid = [],
  margin = 1 / 16,
  whole = false,
}: ElementConstraints = {}): fc.Arbitrary<number> {
  if (whole || !isFloat(dtype)) return fc.integer({ min, max })
  const allowed: { min: number; max: number }[] = []
  let from = min
  for (const point of [...avoid].sort((a, b) => a - b)) {
    allowed.push(inGrains(from, Math.min(point - margin, max)))
    from = Math.max(from, point + margin)
  }
  allowed.push(inGrains(from, max))
  const choices = allowed
    .filter((interval) => interval.min <= interval.max)
    .map((interval) => ({ weight: 1 + interval.max - interval.min, arbitrary: fc.integer(interval) }))
  return fc.oneof(...choices).map((grains) => grains * grain)
}

function inGrains(min: number, max: number): { min: number; max: number } {
  return { min: Math.ceil(min / grain), max: Math.floor(max / grain) }
}

/** A tensor whose elements lie between `min` and `max` and away from `avoid`, by construction. */
export function tensor({
  shape: wanted = shape(),
  ...constraints
}: TensorConstraints = {}): fc.Arbitrary<Tensor> {
  const { dtype = 'float64' } = constraints
  const elements = element(constraints)
  const ofShape = (drawn: Shape): fc.Arbitrary<Tensor> => {
    const size = sizeOf(drawn)
    return fc
      .array(elements, { minLength: size, maxLength: size })
      .map((data) => tensorOf(data, drawn, dtype))
  }
  return isArbitrary(wanted) ? wanted.chain(ofShape) : ofShape(wanted)
}

function isArbitrary(x: Shape | fc.Arbitrary<Shape>): x is fc.Arbitrary<Shape> {
  return !Array.isArray(x)
}

/** A float64 tensor of `shape` no two elements of which are closer than 1/4, in any order. */
export function distinctTensor(wanted: Shape): fc.Arbitrary<Tensor> {
  const size = sizeOf(wanted)
  const ranks = Array.from({ length: size }, (_, k) => k)
  const shift = element({ min: 0, max: 0.25 })
  return fc
    .tuple(
      fc.shuffledSubarray(ranks, { minLength: size }),
      fc.array(shift, { minLength: size, maxLength: size }),
    )
    .map(([order, shifts]) =>
      tensorOf(
        order.map((rank, k) => (rank - size / 2) / 2 + shifts[k]),
        wanted,
        'float64',
      ),
    )
}

/** A tensor of elements in row-major order. */
export function tensorOf(elements: readonly number[], shape: Shape, dtype: DType = 'float64'): Tensor {
  const data = allocate(dtype, elements.length)
  data.set(elements)
  return new Tensor(data, shape, dtype)
}

/** An axis of a value of `rank`, counted from the front or from the end. */
export function axisOf(rank: number): fc.Arbitrary<number> {
  return fc.integer({ min: -rank, max: rank - 1 })
}

/** What reductions take as `axis`: one, several from the front or the end, or undefined for all. */
export function axesOf(rank: number): fc.Arbitrary<number | readonly number[] | undefined> {
  if (rank === 0) return fc.constantFrom(undefined, [])
  const several = fc
    .tuple(
      fc.shuffledSubarray(Array.from({ length: rank }, (_, axis) => axis)),
      fc.array(fc.boolean(), { minLength: rank, maxLength: rank }),
    )
    .map(([axes, fromEnd]) => axes.map((axis) => (fromEnd[axis] ? axis - rank : axis)))
  return fc.oneof(fc.constant(undefined), axisOf(rank), several)
}
