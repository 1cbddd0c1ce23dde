/** Arbitrary shapes and axes. */
import { fc, test } from '@fast-check/jest'
import type { Shape } from '@tapegrad/autograd'
import { axesOf, axisOf, broadcastableShapes, shape } from '@tapegrad/autograd/testing'
import { broadcastShapes, normalizeAxes, sizeOf } from '../../src/shape.js'
import { smallestFailing } from './shrinking.js'

const seed = fc.nat()

test('keep to their constraints', () => {
  for (const drawn of fc.sample(shape({ minRank: 1, maxRank: 2, minSize: 2, maxSize: 3 }), 100)) {
    expect([1, 2]).toContain(drawn.length)
    for (const size of drawn) expect([2, 3]).toContain(size)
  }
})

test('have all ranks up to 3 by default, and are seldom empty', () => {
  const drawn = fc.sample(shape(), { seed: 2, numRuns: 1000 })
  expect(new Set(drawn.map(({ length }) => length))).toEqual(new Set([0, 1, 2, 3]))
  const empty = drawn.filter((each) => sizeOf(each) === 0).length
  expect(empty).toBeGreaterThan(10)
  expect(empty).toBeLessThan(300)
})

test('a constraint beyond the default of the other moves it', () => {
  expect(fc.sample(shape({ minRank: 5, minSize: 6 }), 1)).toEqual([[6, 6, 6, 6, 6]])
})

test.prop([seed], { numRuns: 30 })(
  'shrink to few, small axes, and to empty ones only where those fail',
  (seed) => {
    expect(smallestFailing(shape(), () => true, { seed })).toHaveLength(0)
    expect(smallestFailing(shape(), (x) => x.length >= 2 && !x.includes(0), { seed })).toEqual([1, 1])
    expect(smallestFailing(shape(), (x) => x.some((size) => size > 1), { seed })).toEqual([2])
    expect(smallestFailing(shape(), (x) => x.includes(0), { seed })).toEqual([0])
  },
)

test.prop([fc.integer({ min: 1, max: 4 }), seed])(
  'broadcast together, as many as asked for',
  (count, seed) => {
    for (const drawn of fc.sample(broadcastableShapes({ count, maxSize: 3 }), { seed, numRuns: 10 })) {
      expect(drawn).toHaveLength(count)
      const whole = drawn.reduce<Shape>((a, b) => broadcastShapes('test', a, b), [])
      for (const size of whole) expect(size).toBeLessThanOrEqual(3)
    }
  },
)

test('are two, and often different, unless told otherwise', () => {
  const drawn = fc.sample(broadcastableShapes(), { seed: 3, numRuns: 100 })
  for (const each of drawn) expect(each).toHaveLength(2)
  expect(drawn.filter(([a, b]) => String(a) !== String(b)).length).toBeGreaterThan(30)
})

test.prop([fc.nat(4), seed])('axes are of the rank, each once', (rank, seed) => {
  for (const axes of fc.sample(axesOf(rank), { seed, numRuns: 10 }))
    expect(() => normalizeAxes('test', axes, rank)).not.toThrow()
  for (const axis of fc.sample(axisOf(rank + 1), { seed, numRuns: 10 }))
    expect(() => normalizeAxes('test', axis, rank + 1)).not.toThrow()
})
