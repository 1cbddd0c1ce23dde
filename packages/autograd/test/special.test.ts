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

/** Computed with mpmath 1.3 at forty digits, rounded to float64. */
const computed = [
  [1e-300, 1.1283791670955126e-300],
  [1e-10, 1.1283791670955126e-10],
  [0.01, 0.011283415555849618],
  [0.3, 0.3286267594591274],
  [0.7, 0.6778011938374184],
  [1.2, 0.9103139782296353],
  [1.9, 0.9927904292352575],
  [2.4, 0.999311486103355],
  [2.4999, 0.9995928300996666],
  [2.5, 0.999593047982555],
  [2.6, 0.9997639655834707],
  [3.0, 0.9999779095030014],
  [3.7, 0.9999998328489421],
  [4.5, 0.9999999998033839],
  [5.5, 0.9999999999999927],
  [5.99, 1.0],
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
