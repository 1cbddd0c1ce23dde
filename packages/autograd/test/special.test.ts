/** Special functions against values published or computed elsewhere to more digits than float64 has. */
import fc from 'fast-check'
import { erf } from '../src/special.js'

/** Abramowitz and Stegun, Handbook of Mathematical Functions, table 7.1, to ten digits. */
const published = [
  [0.1, 0.112462916],
  [0.5, 0.5204998778],
  [1, 0.8427007929],
  [1.5, 0.9661051465],
  [2, 0.995322265],
]

/** Computed with mpmath 1.3 at forty digits. */
const computed = [
  [1e-300, 1.1283791670955126e-300],
  [1e-10, 1.1283791670955126e-10],
  [0.01, 0.011283415555849617],
  [0.3, 0.32862675945912742],
  [0.7, 0.67780119383741844],
  [1.2, 0.91031397822963537],
  [1.9, 0.99279042923525747],
  [2.4, 0.99931148610335492],
  [2.4999, 0.99959283009966655],
  [2.5, 0.99959304798255504],
  [2.6, 0.99976396558347065],
  [3.0, 0.99997790950300141],
  [3.7, 0.99999983284894209],
  [4.5, 0.99999999980338396],
  [5.5, 0.99999999999999264],
  [5.99, 0.99999999999999998],
]

test.each(published)('erf(%d) is the published value', (x, value) => {
  expect(Math.abs(erf(x) - value)).toBeLessThanOrEqual(0.5e-10 * (1 + 1e-9))
})

test.each(computed)('erf(%d) is right to the last bits', (x, value) => {
  expect(Math.abs(erf(x) / value - 1)).toBeLessThanOrEqual(4 * Number.EPSILON)
  expect(erf(-x)).toBe(-erf(x))
})

test('erf of 0, infinity and NaN', () => {
  expect(erf(0)).toBe(0)
  expect(Object.is(erf(-0), -0)).toBe(true)
  expect([erf(Infinity), erf(-Infinity), erf(NaN)]).toEqual([1, -1, NaN])
})

test('erf is odd, bounded by 1, and does not decrease by more than rounding', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (x, step) => {
      expect(Math.abs(erf(x))).toBeLessThanOrEqual(1)
      expect(erf(-x)).toBe(-erf(x))
      expect(erf(x + step)).toBeGreaterThanOrEqual(erf(x) - 4 * Number.EPSILON)
    }),
  )
})
