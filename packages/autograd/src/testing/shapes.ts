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
export function shape(constraints: ShapeConstraints = {}): fc.Arbitrary<number[]> {
  const { minRank = 0, minSize = 0, maxSize = Math.max(4, minSize) } = constraints
  return fc.array(extent(minSize, maxSize), {
    minLength: minRank,
    maxLength: maxRankOf(constraints),
    size: 'max',
  })
}

function maxRankOf({ minRank = 0, maxRank = Math.max(3, minRank) }: ShapeConstraints): number {
  return maxRank
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
}: BroadcastableShapesConstraints = {}): fc.Arbitrary<number[][]> {
  const whole = shape(constraints)
  const cuts = fc.array(cutOf(maxRankOf(constraints)), { minLength: count, maxLength: count })
  // Drawn apart, not chained, so that the cuts stay as they are while the whole shape shrinks.
  return fc.tuple(whole, cuts).map(([drawn, each]) => each.map((cut) => cutShape(drawn, cut)))
}

/** A shape that broadcasts to `whole`: some leading axes left out, some of the others of size 1. */
export function shapeBroadcastingTo(whole: Shape): fc.Arbitrary<number[]> {
  return cutOf(whole.length).map((cut) => cutShape(whole, cut))
}

/** What makes a shape one that broadcasts to it. */
interface Cut {
  /** How many leading axes to leave out, modulo the number there can be. */
  readonly missing: number
  /** Which axes, counted from the last, to give size 1. */
  readonly repeats: readonly boolean[]
}

function cutOf(rank: number): fc.Arbitrary<Cut> {
  return fc.record({
    missing: fc.nat({ max: rank }),
    repeats: fc.array(fc.boolean(), { minLength: rank, maxLength: rank }),
  })
}

function cutShape(whole: Shape, { missing, repeats }: Cut): number[] {
  const rank = whole.length
  return whole.map((size, axis) => (repeats[rank - 1 - axis] ? 1 : size)).slice(missing % (rank + 1))
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
