/** The functions that the vector mathematics approximates by polynomials, and over which ranges. */
import { divide, multiply, one, powerSeries, squareRoot, type Fixed } from './chebyshev.js'

interface Fit {
  readonly f: (x: Fixed) => Fixed
  readonly low: number
  readonly high: number
  /** Numbers of coefficients for float32 and float64 results. */
  readonly counts: { readonly single?: number; readonly double: number }
}

const ratio = (x: Fixed, numerator: number, denominator: number): Fixed =>
  (x * BigInt(numerator)) / BigInt(denominator)

const pi = 16n * arctangentOfInverse(5) - 4n * arctangentOfInverse(239)
const twoOverRootPi = divide(2n * one, squareRoot(pi))

/** arctan(1/n), for Machin's formula π = 16 arctan(1/5) − 4 arctan(1/239). */
function arctangentOfInverse(n: number): Fixed {
  const series = powerSeries(
    ratio(one, 1, n),
    (term) => -term,
    (k) => 2 * k + 1,
  )
  return series(ratio(one, 1, n * n))
}

const exponential = powerSeries(one, (term, k) => ratio(term, 1, k + 1))

/** erf(√z) / √z as a function of z */
export const errorFunction = powerSeries(
  twoOverRootPi,
  (term, k) => ratio(term, -1, k + 1),
  (k) => 2 * k + 1,
)

/** exp(a²) · erfc(a) where t = (a − 2) / (a + 2), that is, a = 2 (1 + t) / (1 − t). */
function scaledComplement(t: Fixed): Fixed {
  const a = divide(2n * (one + t), one - t)
  const square = multiply(a, a)
  return multiply(exponential(square), one - multiply(a, errorFunction(square)))
}

/** How many terms of its sum {@link zeta} takes: enough for an error of 3 / (3 + √8)ⁿ < 2⁻²⁵⁶. */
const zetaTerms = 102

/** What that sum is weighted with: n Σ (n + l − 1)! 4ˡ / ((n − l)! (2l)!) for l to each k ≤ n. */
const zetaWeights = ((): readonly bigint[] => {
  const n = BigInt(zetaTerms)
  const weights: bigint[] = []
  let term = 1n
  for (let l = 0n; l <= n; l++) {
    weights.push((weights.at(-1) ?? 0n) + term)
    term = (term * 4n * (n + l) * (n - l)) / ((2n * l + 1n) * (2n * l + 2n))
  }
  return weights
})()

/** ζ(s) for whole s ≥ 2: Borwein, An efficient algorithm for the Riemann zeta function, 1995, algorithm 2. */
function zeta(s: number): Fixed {
  const whole = zetaWeights[zetaTerms]
  let sum = 0n
  for (let k = 0; k < zetaTerms; k++) {
    const term = ((whole - zetaWeights[k]) * one) / BigInt(k + 1) ** BigInt(s)
    sum += k % 2 === 0 ? term : -term
  }
  return divide(sum / whole, one - ratio(2n * one, 1, 2 ** s))
}

/** The terms (−1)ᵏ (ζ(k) − 1) / k for k = 2, 3, …, of log Γ(2 + z) (dlmf.nist.gov, 5.7.3), as far as z = ½ needs them. */
const logGammaTerms = Array.from({ length: 50 }, (_, index) => {
  const k = index + 2
  return (k % 2 === 0 ? zeta(k) - one : one - zeta(k)) / BigInt(k)
})

/** (log Γ(2 + z) / z − 1 + γ) / z */
function logGammaBend(z: Fixed): Fixed {
  return logGammaTerms.reduceRight((sum, term) => term + multiply(sum, z))
}

export const fits = {
  /** (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2 */
  exp: {
    f: powerSeries(ratio(one, 1, 2), (term, k) => ratio(term, 1, k + 3)),
    low: -0.3466,
    high: 0.3466,
    counts: { single: 5, double: 10 },
  },
  /** (2 artanh(s) − 2s) / s³ in z = s², where (1 + s) / (1 − s) is from √½ to √2 */
  log: {
    f: powerSeries(
      2n * one,
      (term) => term,
      (k) => 2 * k + 3,
    ),
    low: 0,
    high: 0.02944,
    counts: { single: 3, double: 7 },
  },
  /** (2 artanh(s) · 3 / (2s) − 3 − z) / z² in z = s², over the same range */
  pow: {
    f: powerSeries(
      3n * one,
      (term) => term,
      (k) => 2 * k + 5,
    ),
    low: 0,
    high: 0.02944,
    counts: { double: 8 },
  },
  /** (sin r − r) / r³ in z = r², for |r| ≤ π / 4 */
  sin: {
    f: powerSeries(ratio(one, -1, 6), (term, k) => ratio(term, -1, (2 * k + 4) * (2 * k + 5))),
    low: 0,
    high: 0.6169,
    counts: { single: 3, double: 6 },
  },
  /** (cos r − 1 + r² / 2) / r⁴ in z = r², for |r| ≤ π / 4 */
  cos: {
    f: powerSeries(ratio(one, 1, 24), (term, k) => ratio(term, -1, (2 * k + 5) * (2 * k + 6))),
    low: 0,
    high: 0.6169,
    counts: { single: 3, double: 6 },
  },
  /** (arctan t − t) / t³ in z = t², for |t| ≤ tan(π / 8) */
  atan: {
    f: powerSeries(
      -one,
      (term) => -term,
      (k) => 2 * k + 3,
    ),
    low: 0,
    high: 0.17158,
    counts: { single: 5, double: 11 },
  },
  /** (arcsin t − t) / t³ in z = t², for |t| ≤ ½ */
  asin: {
    f: powerSeries(
      ratio(one, 1, 2),
      (term, k) => ratio(term, 2 * k + 3, 2 * k + 4),
      (k) => 2 * k + 3,
    ),
    low: 0,
    high: 0.25,
    counts: { single: 6, double: 13 },
  },
  /** erf(a) / a − 1 in z = a², for |a| ≤ 1 */
  erf: { f: (z) => errorFunction(z) - one, low: 0, high: 1, counts: { single: 7, double: 13 } },
  /** exp(a²) · erfc(a) in t = (a − 2) / (a + 2), for a from 1 to 6 */
  erfc: { f: scaledComplement, low: -1 / 3, high: 0.5, counts: { single: 7, double: 16 } },
  /** (log Γ(2 + z) / z − 1 + γ) / z for |z| ≤ ½ */
  logGamma: { f: logGammaBend, low: -0.5, high: 0.5, counts: { single: 9, double: 18 } },
} as const satisfies Record<string, Fit>
