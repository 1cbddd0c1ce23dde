/** Holds the gamma family to published values and to the identities between its values. */
import { fc, test } from '@fast-check/jest'
import { digamma, logGamma, polygamma } from '../src/gammaFunctions.js'

/** Expects equality to within so many units of 1e-15, relative to the result. */
function expectRelative(actual: number, expected: number, error = 5e-15): void {
  expect(Math.abs(actual / expected - 1)).toBeLessThanOrEqual(error)
}

/** Expects equality to within an error relative to the terms that a result is made of. */
function expectSum(actual: number, terms: readonly number[], error = 2e-14): void {
  const sum = terms.reduce((total, term) => total + term, 0)
  const scale = Math.max(...terms.map(Math.abs), Math.abs(actual))
  expect(Math.abs(actual - sum)).toBeLessThanOrEqual(error * scale)
}

const eulerGamma = 0.5772156649015329
/** Apéry's constant ζ(3), and ζ(5) (NIST Digital Library of Mathematical Functions, 25.6; OEIS A002117, A013663). */
const [zeta3, zeta5] = [1.2020569031595942, 1.03692775514337]
const catalan = 0.915965594177219

describe('published values', () => {
  // NIST Digital Library of Mathematical Functions (dlmf.nist.gov), 5.4.6 to 5.4.10.
  test.each([
    [1 / 2, 1.772453850905516],
    [1 / 3, 2.678938534707747],
    [2 / 3, 1.3541179394264],
    [1 / 4, 3.625609908221908],
    [3 / 4, 1.225416702465177],
  ])('of Γ(%p)', (x, value) => {
    expectRelative(logGamma(x), Math.log(value))
  })

  // The same, Table 5.4.1: some extrema of Γ, given to ten decimals.
  test.each([
    [1.4616321449, 0.8856031944],
    [-0.5040830083, -3.5446436112],
    [-1.5734984732, 2.3024072583],
    [-3.6352933665, 0.2451275398],
  ])('of the extremum of Γ at %p', (x, value) => {
    expect(Math.exp(logGamma(x))).toBeCloseTo(Math.abs(value), 9)
    expect(Math.abs(digamma(x))).toBeLessThan(2e-9)
  })

  // The same, 5.4.12, 5.4.13, and Gauss's theorem 5.4.19 for the thirds and quarters.
  test.each([
    [1, -eulerGamma],
    [1 / 2, -eulerGamma - 2 * Math.LN2],
    [1 / 3, -eulerGamma - Math.PI / (2 * Math.sqrt(3)) - 1.5 * Math.log(3)],
    [1 / 4, -eulerGamma - Math.PI / 2 - 3 * Math.LN2],
    [-3 / 2, -eulerGamma - 2 * Math.LN2 + 8 / 3],
  ])('of ψ(%p)', (x, value) => {
    expectRelative(digamma(x), value)
  })

  // The same, 5.15.2 to 5.15.4, and ψ′(1/4) = π² + 8 G with Catalan's constant.
  test.each([
    [1, 1, Math.PI ** 2 / 6],
    [1, 1 / 2, Math.PI ** 2 / 2],
    [1, 1 / 4, Math.PI ** 2 + 8 * catalan],
    [1, -1 / 2, Math.PI ** 2 / 2 + 4],
    [2, 1, -2 * zeta3],
    [2, 1 / 2, -14 * zeta3],
    [3, 1, Math.PI ** 4 / 15],
    [4, 1, -24 * zeta5],
    [4, 1 / 2, -24 * 31 * zeta5],
  ])('of ψ⁽ⁿ⁾ for n = %p at %p', (order, x, value) => {
    expectRelative(polygamma(order, x), value)
  })

  test('of factorials', () => {
    let factorial = 1
    for (let n = 3; n <= 170; n++) {
      factorial *= n - 1
      expectRelative(logGamma(n), Math.log(factorial))
    }
    expect([logGamma(1), logGamma(2)]).toEqual([0, 0])
  })
})

test('near its zeros log Γ loses no digits', () => {
  for (const near of [1e-10, -1e-10, 2 ** -40]) {
    // The distance that is left of it beside 1; the series (5.7.3) ends with its square, to the last bit.
    const z = 1 + near - 1
    expectRelative(logGamma(1 + z), z * (-eulerGamma + (Math.PI ** 2 / 12) * z))
    const d = 2 + near - 2
    expectRelative(logGamma(2 + d), d * (1 - eulerGamma + (Math.PI ** 2 / 12 - 0.5) * d))
  }
})

/** Numbers to test identities at: not so small that a sum with 1 would lose them. */
const positive = fc.oneof(
  fc.double({ min: 2 ** -10, max: 20, noNaN: true }),
  fc.double({ min: 20, max: 1e6, noNaN: true }),
)
/** Away from the poles, where rounding of the argument counts. */
const between = fc
  .tuple(fc.integer({ min: -30, max: 30 }), fc.double({ min: 0.1, max: 0.9, noNaN: true }))
  .map(([n, fraction]) => n + fraction)
const order = fc.integer({ min: 1, max: 8 })

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1)
}

describe('identities', () => {
  test.prop([positive])('log Γ(x + 1) = log Γ(x) + log x', (x) => {
    // x + 1 is rounded; the derivative says what that is worth.
    const rounding = (x + 1 - 1 - x) * digamma(x + 1)
    expectSum(logGamma(x + 1), [logGamma(x), Math.log(x), rounding])
  })

  test.prop([between])('log |Γ(x) Γ(1 − x)| = log |π / sin πx|', (x) => {
    expectSum(
      logGamma(x),
      [-logGamma(1 - x), Math.log(Math.PI), -Math.log(Math.abs(Math.sin(Math.PI * (x - Math.floor(x)))))],
      1e-13,
    )
  })

  test.prop([positive])('log Γ(2x) is that of Γ(x) Γ(x + 1/2) 4ˣ / 2√π', (x) => {
    const rounding = (x - (x + 0.5 - 0.5)) * digamma(x + 0.5)
    expectSum(logGamma(2 * x), [
      logGamma(x),
      logGamma(x + 0.5),
      rounding,
      2 * x * Math.LN2,
      -Math.log(2 * Math.sqrt(Math.PI)),
    ])
  })

  test.prop([positive])('2 ψ(2x) = ψ(x) + ψ(x + 1/2) + 2 log 2', (x) => {
    expectSum(2 * digamma(2 * x), [digamma(x), digamma(x + 0.5), 2 * Math.LN2])
  })

  test.prop([between])('ψ(1 − x) − ψ(x) = π cot πx', (x) => {
    expectSum(digamma(x), [digamma(1 - x), -Math.PI / Math.tan(Math.PI * (x - Math.round(x)))], 1e-13)
  })

  test.prop([order, between])('ψ⁽ⁿ⁾(x + 1) = ψ⁽ⁿ⁾(x) + (−1)ⁿ n! / xⁿ⁺¹', (n, x) => {
    expectSum(polygamma(n, x + 1), [polygamma(n, x), ((-1) ** n * factorial(n)) / x ** (n + 1)], 1e-12)
  })

  test.prop([order, positive])('2ⁿ⁺¹ ψ⁽ⁿ⁾(2x) = ψ⁽ⁿ⁾(x) + ψ⁽ⁿ⁾(x + 1/2)', (n, x) => {
    expectSum(2 ** (n + 1) * polygamma(n, 2 * x), [polygamma(n, x), polygamma(n, x + 0.5)])
  })

  test.prop([order, fc.double({ min: 0.5, max: 20, noNaN: true })])(
    'ψ⁽ⁿ⁾ is ± n! Σ 1 / (k + x)ⁿ⁺¹',
    (n, x) => {
      const terms = Array.from({ length: 2000 }, (_, k) => 1 / (k + x) ** (n + 1))
      // What follows the terms is their integral, between the next one's half and a correction.
      const y = x + terms.length
      terms.push(1 / (n * y ** n), 0.5 / y ** (n + 1))
      const sum = terms.reduceRight((total, term) => total + term, 0)
      expectRelative(polygamma(n, x), (n % 2 === 1 ? 1 : -1) * factorial(n) * sum, 1e-7)
    },
  )
})

test('poles and ends', () => {
  for (const pole of [0, -0, -1, -2, -1e300]) {
    expect(logGamma(pole)).toBe(Infinity)
    expect(digamma(pole)).toBeNaN()
    expect(polygamma(1, pole)).toBe(Infinity)
    expect(polygamma(2, pole)).toBeNaN()
  }
  expect([logGamma(Infinity), digamma(Infinity), polygamma(1, Infinity)]).toEqual([Infinity, Infinity, 0])
  expect([logGamma(1e308), digamma(1e308)]).toEqual([Infinity, Math.log(1e308)])
  for (const x of [NaN, -Infinity])
    expect([logGamma(x), digamma(x), polygamma(1, x)]).toEqual([NaN, NaN, NaN])
})

test('high orders neither overflow nor vanish on the way', () => {
  // ψ⁽ⁿ⁾(x) is about (n − 1)! / xⁿ (1 + n / 2x + n (n + 1) / 12x²) (5.15.9), where here xⁿ overflows.
  const [n, x] = [150, 2000]
  const expected = logGamma(n) - n * Math.log(x) + Math.log1p(n / (2 * x) + (n * (n + 1)) / (12 * x * x))
  expect(Math.log(-polygamma(n, x))).toBeCloseTo(expected, 5)
})

test('the order 0 is digamma', () => {
  expect(polygamma(0, 2.5)).toBe(digamma(2.5))
})

test('even orders at negative half-integers are those of the point they are reflected to', () => {
  // There the derivatives of the cotangent vanish.
  for (const n of [2, 4, 8, 30])
    for (const x of [-0.5, -1.5, -6.5]) expectRelative(polygamma(n, x), polygamma(n, 1 - x))
})
