/** Arbitrary numbers: within what they are told, exact in float32, and round where they can be. */
import { fc, test } from '@fast-check/jest'
import { ArgumentError } from '@tapegrad/autograd'
import type { ElementConstraints } from '@tapegrad/autograd/testing'
import { element } from '@tapegrad/autograd/testing'
import { expectError } from '../support/errors.js'
import { smallestFailing } from './shrinking.js'

const bound = fc.integer({ min: -80, max: 80 }).map((eighths) => eighths / 8)
const bounds = fc.tuple(bound, bound).map((pair) => pair.sort((a, b) => a - b))
const seed = fc.nat()

test.prop([bounds, fc.array(fc.integer({ min: -10, max: 10 }), { maxLength: 4 }), seed])(
  'lie within the bounds and away from what they avoid',
  ([min, max], avoid, seed) => {
    const constraints: ElementConstraints = { min, max: max + 2, avoid, margin: 0.25 }
    for (const x of fc.sample(element(constraints), { seed, numRuns: 20 })) {
      expect(x).toBeGreaterThanOrEqual(min)
      expect(x).toBeLessThanOrEqual(max + 2)
      for (const point of avoid) expect(Math.abs(x - point)).toBeGreaterThanOrEqual(0.25)
    }
  },
)

test.prop([fc.integer({ min: -20, max: 12 }), seed])(
  'are held by float32 exactly, whatever the size of the bounds',
  (exponent, seed) => {
    const constraints = { min: 3 * 2 ** exponent, max: 4 * 2 ** exponent }
    const drawn = fc.sample(element(constraints), { seed, numRuns: 50 })
    expect(drawn.map(Math.fround)).toEqual(drawn)
    expect(new Set(drawn).size).toBeGreaterThan(10)
  },
)

test('are from −2 to 2 by default, zeros and ones among them', () => {
  const drawn = fc.sample(element(), { seed: 0, numRuns: 1000 })
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(-2)
  expect(Math.max(...drawn)).toBeLessThanOrEqual(2)
  for (const round of [-1, 0, 1]) expect(drawn).toContain(round)
  expect(drawn.some((x) => Object.is(x, -0))).toBe(false)
})

test.each([
  [{ dtype: 'int32' }, [-2, -1, 0, 1, 2]],
  [{ dtype: 'uint8' }, [0, 1, 2]],
  [{ dtype: 'bool' }, [0, 1]],
  [{ whole: true, min: 1, max: 3 }, [1, 2, 3]],
  [{ min: 0.1, max: 0.1 }, [0.1]],
  [{ min: 0, max: 0 }, [0]],
] as const)('%j gives %j', (constraints, all) => {
  const drawn = fc.sample(element(constraints), { seed: 1, numRuns: 200 })
  expect([...new Set(drawn)].sort((a, b) => a - b)).toEqual(all)
})

test.prop([seed], { numRuns: 30 })('shrink to the roundest number that fails', (seed) => {
  const smallest = (constraints: ElementConstraints, fails: (x: number) => boolean): number =>
    smallestFailing(element(constraints), fails, { seed })
  expect(smallest({}, () => true)).toBe(0)
  expect(smallest({}, (x) => x !== 0)).toBe(1)
  expect(smallest({}, (x) => x < 0)).toBe(-1)
  expect(smallest({}, (x) => x < -1)).toBe(-2)
  expect(smallest({}, (x) => x > 0.1 && x < 0.9)).toBe(0.5)
  expect(smallest({ avoid: [0, 1] }, (x) => x > 1)).toBe(2)
  expect(smallest({ avoid: [0], max: 0.9 }, (x) => x > 0)).toBe(0.5)
  expect(smallest({ dtype: 'int32', min: -100, max: 100 }, (x) => x >= 17)).toBe(17)
})

test.prop([element(), seed])('shrink along an order without cycles', (x) => {
  const binaryPlaces = (y: number): number => {
    let places = 0
    while (!Number.isInteger(y * 2 ** places)) places++
    return places
  }
  const isRounder = (a: number, b: number): boolean => {
    const order =
      binaryPlaces(a) - binaryPlaces(b) || Math.abs(a) - Math.abs(b) || Number(a < 0) - Number(b < 0)
    return order < 0
  }
  for (const { value } of element().shrink(x, undefined)) expect(isRounder(value, x)).toBe(true)
})

test('shrink numbers that a user gives, too', () => {
  const parameters = { examples: [[0.3]] as [number][], numRuns: 1 }
  expect(smallestFailing(element(), (x) => x > 0.2, parameters)).toBe(1)
  expect(element({ avoid: [0] }).canShrinkWithoutContext(0)).toBe(false)
})

test('say where nothing is left to draw', () => {
  expectError(
    () => element({ min: 0, max: 1, avoid: [0, 1], margin: 0.75 }),
    ArgumentError,
    'NOTHING_TO_DRAW',
    'element: no number from 0 to 1 is left, 0.75 or more from 0, 1; wants wider bounds',
  )
  expectError(
    () => element({ dtype: 'int32', min: 2, max: 1 }),
    ArgumentError,
    'NOTHING_TO_DRAW',
    'element: no whole number from 2 to 1 is left; wants wider bounds',
  )
})
