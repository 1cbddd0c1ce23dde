/** Arbitrary shapes and axes, which shrink towards few, small axes. */
import fc from 'fast-check'
import type { Shape } from '../index.js'

export interface ShapeConstraints {
  /** The fewest axes, 0 by default. */
  readonly minRank?: number | undefined
  /** The most axes, 3 by default. */
  readonly maxRank?: number | undefined
  /** The least size of an axis, 0 by default. */
  readonly minSize?: number | undefined
  /** The greatest size of an axis, 4 by default. */
  readonly maxSize?: number | undefined
}

/** A shape: of a scalar, a vector, …; seldom one without elements, never if `minSize` is above 0. */
export function shape({
  minRank = 0,
  maxRank = Math.max(3, minRank),
  minSize = 0,
  maxSize = Math.max(4, minSize),
}: ShapeConstraints = {}): fc.Arbitrary<Shape> {
  return fc.array(extent(minSize, maxSize), { minLength: minRank, maxLength: maxRank, size: 'max' })
}

/** The size of an axis, seldom 0: a value without elements says little. */
export function extent(minSize: number, maxSize: number): fc.Arbitrary<number> {
  const some = fc.integer({ min: Math.max(1, minSize), max: maxSize })
  if (minSize > 0) return some
  return fc.oneof({ weight: 9, arbitrary: some }, { weight: 1, arbitrary: fc.constant(0) })
}

export interface BroadcastableShapesConstraints extends ShapeConstraints {
  /** How many shapes, 2 by default. */
  readonly count?: number | undefined
}

/** Shapes that broadcast together; the constraints are those of the shape that they broadcast to. */
export function broadcastableShapes({
  count = 2,
  ...constraints
}: BroadcastableShapesConstraints = {}): fc.Arbitrary<readonly Shape[]> {
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

/** An axis of a value of `rank`, at least 1, counted from the front or from the end. */
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
