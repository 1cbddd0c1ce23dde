import fc from 'fast-check'
import { broadcastTo, reshape, shapeOf, tensor, Tensor } from '@tapegrad/autograd'
import { sizeOf } from '@tapegrad/autograd/tracing'
import type { Access, Linear } from '../../src/lowering/linear.js'
import {
  addLinear,
  broadcastAccess,
  constantLinear,
  identityAccess,
  positionIn,
  reshapeAccess,
  scaleLinear,
} from '../../src/lowering/linear.js'
import { at, indicesOf } from '../support/loopNest.js'

const loops = 3
const index = fc.array(fc.nat({ max: 9 }), { minLength: loops, maxLength: loops })
const form: fc.Arbitrary<Linear> = fc.record({
  offset: fc.integer({ min: -9, max: 9 }),
  steps: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: loops, maxLength: loops }),
})

test('sums and multiples of forms are sums and multiples of their values', () => {
  fc.assert(
    fc.property(form, form, fc.integer({ min: -5, max: 5 }), index, (a, b, factor, i) => {
      expect(at(addLinear(a, b), i)).toBe(at(a, i) + at(b, i))
      expect(at(scaleLinear(a, factor), i)).toBe(at(a, i) * factor + 0)
      expect(at(constantLinear(factor, loops), i)).toBe(factor)
    }),
  )
})

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 })

test('the identity reaches every element once, in order', () => {
  fc.assert(
    fc.property(shape, (extents) => {
      const position = positionIn(extents, identityAccess(extents.length), extents.length)
      expect(indicesOf(extents).map((i) => at(position, i))).toEqual(counted(sizeOf(extents)))
    }),
  )
})

/** 0, 1, … as a tensor, whose elements say where they are. */
function positions(extents: readonly number[]): Tensor {
  return new Tensor(Float64Array.from(counted(sizeOf(extents))), extents, 'float64')
}

function counted(size: number): number[] {
  return Array.from({ length: size }, (_, k) => k)
}

/** The elements that loops of `extents` reach in a buffer of `from`. */
function reached(from: readonly number[], access: Access, extents: readonly number[]): number[] {
  const position = positionIn(from, access, extents.length)
  return indicesOf(extents).map((i) => at(position, i))
}

test('broadcast accesses reach what broadcastTo repeats', () => {
  const shapes = shape.chain((to) =>
    fc
      .tuple(fc.nat({ max: to.length }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
      .map(([missing, ones]) => ({ to, from: to.map((extent, k) => (ones[k] ? 1 : extent)).slice(missing) })),
  )
  fc.assert(
    fc.property(shapes, ({ from, to }) => {
      const access = broadcastAccess(identityAccess(to.length), from, to.length)
      expect(reached(from, access, to)).toEqual([...broadcastTo(positions(from), to).data])
    }),
  )
})

/** A shape, and another one of as many elements: axes merged, divided, of size 1 put in. */
const reshaping = fc.array(fc.constantFrom(1, 2, 2, 3), { maxLength: 6 }).chain((factors) =>
  fc.tuple(
    grouped(factors),
    fc.oneof(
      grouped(factors),
      fc.shuffledSubarray(factors, { minLength: factors.length }).chain((shuffled) => grouped(shuffled)),
    ),
  ),
)

/** The factors, neighbours multiplied together here and there. */
function grouped(factors: readonly number[]): fc.Arbitrary<number[]> {
  return fc.array(fc.boolean(), { minLength: factors.length, maxLength: factors.length }).map((joins) =>
    factors.reduce<number[]>((result, factor, k) => {
      if (joins[k] && result.length > 0) return result.with(-1, result[result.length - 1] * factor)
      return [...result, factor]
    }, []),
  )
}

test('reshape accesses, where there are any, reach what reshape has there', () => {
  let found = 0
  fc.assert(
    fc.property(reshaping, ([from, to]) => {
      const access = reshapeAccess(from, to, identityAccess(to.length), to.length)
      if (access === undefined) return
      found++
      expect(access).toHaveLength(from.length)
      expect(reached(from, access, to)).toEqual([...reshape(positions(from), to).data])
    }),
    { numRuns: 400 },
  )
  expect(found).toBeGreaterThan(50)
})

test('reshape accesses exist exactly where no index has to be divided', () => {
  const exists = (from: number[], to: number[]): boolean =>
    reshapeAccess(from, to, identityAccess(to.length), to.length) !== undefined
  expect(exists([6], [2, 3])).toBe(true)
  expect(exists([2, 3], [6])).toBe(false)
  expect(exists([4, 3], [2, 2, 3])).toBe(true)
  expect(exists([2, 6], [4, 3])).toBe(false)
  expect(exists([1, 6, 1], [1, 1, 2, 1, 3])).toBe(true)
  expect(exists([], [1, 1])).toBe(true)
  expect(exists([1], [])).toBe(true)
  expect(shapeOf(tensor(1))).toEqual([])
})
