import { fc, test } from '@fast-check/jest'
import { ShapeError } from '@tapegrad/autograd'
import {
  broadcastAxes,
  broadcastShapes,
  broadcastsTo,
  normalizeAxes,
  normalizeAxis,
  reducedShape,
  sameShape,
  sizeOf,
  stridesOf,
} from '../src/shape.js'
import { broadcastablePair, filledShape, shape } from './support/arbitraries.js'
import { expectError } from './support/errors.js'

const broadcast = (a: readonly number[], b: readonly number[]) => broadcastShapes('add', a, b)

describe('sizes and strides', () => {
  test.prop([shape])('the size is the product, 1 for a scalar', (shape) => {
    expect(sizeOf(shape)).toBe(shape.reduce((product, extent) => product * extent, 1))
  })

  test.prop([filledShape])('strides number the elements in row-major order', (shape) => {
    const strides = stridesOf(shape)
    const indices = shape.reduce<number[][]>(
      (prefixes, extent) =>
        prefixes.flatMap((prefix) => Array.from({ length: extent }, (_, i) => [...prefix, i])),
      [[]],
    )
    const offsets = indices.map((index) => index.reduce((offset, i, axis) => offset + i * strides[axis], 0))
    expect(offsets).toEqual(Array.from({ length: sizeOf(shape) }, (_, i) => i))
  })

  test.prop([shape, shape])('shapes are the same when they read the same', (a, b) => {
    expect(sameShape(a, b)).toBe(JSON.stringify(a) === JSON.stringify(b))
    expect(sameShape(a, [...a])).toBe(true)
  })
})

describe('broadcasting', () => {
  test.prop([broadcastablePair])('is commutative', ([a, b]) => {
    expect(broadcast(a, b)).toEqual(broadcast(b, a))
  })

  test.prop([broadcastablePair, broadcastablePair])(
    'is associative, in results and in failures',
    ([a, b], [c]) => {
      const attempt = (f: () => readonly number[]): readonly number[] | string => {
        try {
          return f()
        } catch (error) {
          return (error as ShapeError).code
        }
      }
      expect(attempt(() => broadcast(broadcast(a, b), c))).toEqual(
        attempt(() => broadcast(a, broadcast(b, c))),
      )
    },
  )

  test.prop([shape])('has the scalar as identity and is idempotent', (a) => {
    expect(broadcast(a, [])).toEqual(a)
    expect(broadcast([], a)).toEqual(a)
    expect(broadcast(a, a)).toEqual(a)
  })

  test.prop([broadcastablePair])('gives a shape that both broadcast to', ([a, b]) => {
    const target = broadcast(a, b)
    for (const part of [a, b]) {
      expect(broadcastsTo(part, target)).toBe(true)
      expect(broadcast(part, target)).toEqual(target)
    }
  })

  test.prop([shape, shape])(
    'a shape broadcasts to another exactly when together they give the other',
    (a, b) => {
      let together: readonly number[] | undefined
      try {
        together = broadcast(a, b)
      } catch {
        together = undefined
      }
      expect(broadcastsTo(a, b)).toBe(together !== undefined && sameShape(together, b))
    },
  )

  test.prop([broadcastablePair])('reducing the repeated axes gives the smaller shape back', ([a, b]) => {
    const target = broadcast(a, b)
    const reduced = reducedShape(target, broadcastAxes(a, target), true)
    expect(reduced.slice(target.length - a.length)).toEqual(a)
    expect(reduced.slice(0, target.length - a.length).every((extent) => extent === 1)).toBe(true)
  })

  test('an axis of size 0 meets one of size 1, but no other', () => {
    expect(broadcast([0], [1])).toEqual([0])
    expect(broadcast([3, 1], [0])).toEqual([3, 0])
    expect(() => broadcast([0], [2])).toThrow(ShapeError)
  })

  test('shapes that do not fit are an error that names both and the sizes', () => {
    expectError(
      () => broadcast([4, 3], [2, 1, 5]),
      ShapeError,
      'SHAPES_DO_NOT_BROADCAST',
      "add: shapes [4, 3] and [2, 1, 5] don't broadcast (3 ≠ 5); aligned at the end, sizes must be equal or 1",
    )
  })
})

describe('axes', () => {
  const axisOf = fc.integer({ min: 1, max: 5 }).chain((rank) => fc.tuple(fc.constant(rank), fc.nat(rank - 1)))

  test.prop([axisOf])('negative ones count from the end', ([rank, axis]) => {
    expect(normalizeAxis('sum', axis, rank)).toBe(axis)
    expect(normalizeAxis('sum', axis - rank, rank)).toBe(axis)
  })

  test.prop([axisOf])('several come out sorted, all of them when none are named', ([rank, axis]) => {
    const all = Array.from({ length: rank }, (_, k) => k)
    expect(normalizeAxes('sum', undefined, rank)).toEqual(all)
    expect(normalizeAxes('sum', [...all].reverse(), rank)).toEqual(all)
    expect(normalizeAxes('sum', axis, rank)).toEqual([axis])
    expect(normalizeAxes('sum', [], rank)).toEqual([])
  })

  test.each([2, -3, 0.5, NaN])('%d is no axis of a matrix', (axis) => {
    expectError(
      () => normalizeAxis('sum', axis, 2),
      ShapeError,
      'UNKNOWN_AXIS',
      `sum: unknown axis ${axis} of a value of rank 2; axes go from -2 to 1`,
    )
  })

  test('a scalar has none', () => {
    expectError(
      () => normalizeAxis('sum', 0, 0),
      ShapeError,
      'UNKNOWN_AXIS',
      'sum: unknown axis 0 of a value of rank 0; a scalar has no axes',
    )
  })

  test('an axis named twice is an error, however it is counted', () => {
    expectError(
      () => normalizeAxes('sum', [1, -1], 2),
      ShapeError,
      'REPEATED_AXIS',
      'sum: axis 1 appears twice in [1, -1]',
    )
  })

  test.prop([
    shape.chain((shape) => fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, axis) => axis)))),
  ])('reduced ones become 1 or go away', ([shape, axes]) => {
    expect(reducedShape(shape, axes, true)).toHaveLength(shape.length)
    expect(reducedShape(shape, axes, false)).toHaveLength(shape.length - axes.length)
    expect(sizeOf(reducedShape(shape, axes, true))).toBe(sizeOf(reducedShape(shape, axes, false)))
  })
})
