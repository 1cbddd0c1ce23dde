/**
 * The logarithm of the gamma function and its derivatives, of a number: by asymptotic series far from the origin,
 * whither recurrences lead, and by reflection for negative numbers. References are to the NIST Digital Library of
 * Mathematical Functions, dlmf.nist.gov.
 */

/** The Bernoulli numbers B₂, B₄, …, B₂₄ (24.2.iv). */
export const bernoulliNumbers: readonly number[] = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
  854513 / 138,
  -236364091 / 2730,
]

/** From here on the asymptotic series are exact to the last bit with the twelve terms there are. */
const farAway = 10

/** Euler's constant γ (5.2.3). */
export const eulerGamma = 0.5772156649015329

/** ζ(k) − 1 for k = 2, 3, …, of Riemann's zeta function; computed to the last bit of a float64. */
const zetaMinusOne = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914,
  0.008349277381922827, 0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853,
  0.0004941886041194645, 0.0002460865533080483, 0.00012271334757848915, 6.124813505870483e-5,
  3.058823630702049e-5, 1.528225940865187e-5, 7.637197637899763e-6, 3.81729326499984e-6, 1.908212716553939e-6,
  9.539620338727962e-7, 4.769329867878064e-7, 2.38450502727733e-7, 1.1921992596531106e-7,
  5.960818905125948e-8, 2.980350351465228e-8, 1.4901554828365043e-8, 7.45071178983543e-9,
]

/** x less the nearest whole number: sines and tangents of π times it are exact for large x, and 0 at poles. */
function fractionAround(x: number): number {
  return x - Math.round(x)
}

/**
 * log |Γ(x)|, +∞ at the poles 0, −1, …, NaN at −∞. Relative to the result it is exact to a few units in the last
 * place for positive x, near the zeros 1 and 2 too; for negative ones (5.5.3) relative to the terms that are
 * subtracted.
 */
export function logGamma(x: number): number {
  if (x >= farAway) return stirling(x)
  if (x > 2.5) {
    let product = 1
    let y = x
    while (y > 2.5) product *= --y
    return Math.log(product) + logGammaNearTwo(y - 2)
  }
  if (x > 1.5) return logGammaNearTwo(x - 2)
  if (x > 0.5) return logGammaNearTwo(x - 1) - Math.log1p(x - 1)
  if (x > 0) return logGammaNearTwo(x) - Math.log1p(x) - Math.log(x)
  if (!(x > -Infinity)) return NaN
  const fraction = fractionAround(x)
  if (fraction === 0) return Infinity
  return Math.log(Math.PI) - Math.log(Math.abs(Math.sin(Math.PI * fraction))) - logGamma(1 - x)
}

/** log Γ(2 + z) for |z| ≤ ½, by its Taylor series (5.7.3 with 5.5.1). */
function logGammaNearTwo(z: number): number {
  let sum = 0
  for (let k = zetaMinusOne.length + 1; k >= 2; k--)
    sum = sum * z + ((k % 2 === 0 ? 1 : -1) * zetaMinusOne[k - 2]) / k
  return z * (1 - eulerGamma + z * sum)
}

/** log Γ(x) by Stirling's series (5.11.1), with (x − ½) log x − x written so that it is ∞ at ∞. */
function stirling(x: number): number {
  let sum = 0
  for (let k = bernoulliNumbers.length; k >= 1; k--)
    sum = sum / (x * x) + bernoulliNumbers[k - 1] / (2 * k * (2 * k - 1))
  return (x - 0.5) * (Math.log(x) - 1) + (Math.log(2 * Math.PI) - 1) / 2 + sum / x
}

/** The digamma function ψ(x) = d/dx log Γ(x) (5.11.2, 5.5.2, 5.5.4); NaN at the poles 0, −1, … and at −∞. */
export function digamma(x: number): number {
  if (!(x > -Infinity)) return NaN
  if (x <= 0) {
    const fraction = fractionAround(x)
    return fraction === 0 ? NaN : digamma(1 - x) - Math.PI / Math.tan(Math.PI * fraction)
  }
  let recurrence = 0
  let y = x
  for (; y < farAway; y++) recurrence += 1 / y
  let sum = 0
  for (let k = bernoulliNumbers.length; k >= 1; k--) sum = (sum + bernoulliNumbers[k - 1] / (2 * k)) / (y * y)
  return Math.log(y) - 0.5 / y - sum - recurrence
}

/**
 * The polygamma function ψ⁽ⁿ⁾(x), the derivative of order n ≥ 0 of digamma. At the poles 0, −1, … it is +∞ for odd n,
 * to which it tends from both sides, and NaN for even n; NaN at −∞.
 */
export function polygamma(order: number, x: number): number {
  if (order === 0) return digamma(x)
  if (!(x > -Infinity)) return NaN
  if (x > 0) return polygammaOfPositive(order, x)
  const fraction = fractionAround(x)
  const isOdd = order % 2 === 1
  if (fraction === 0) return isOdd ? Infinity : NaN
  // Reflection, 5.15.6.
  const mirrored = polygammaOfPositive(order, 1 - x)
  return (isOdd ? -mirrored : mirrored) - Math.PI * cotangentDerivative(order, fraction)
}

/** By recurrence (5.15.5) to where the series (5.15.9) holds. All terms have one sign: nothing cancels. */
function polygammaOfPositive(order: number, x: number): number {
  let sum = 0
  let y = x
  for (; y < farAway + order; y++) sum += factorialOverPower(order, y)
  const leading = factorialOverPower(order - 1, y)
  sum += leading + factorialOverPower(order, y) / 2
  let term = leading
  bernoulliNumbers.forEach((number, k) => {
    const n = 2 * (k + 1)
    term *= ((n + order - 1) * (n + order - 2)) / (n * (n - 1)) / (y * y)
    sum += number * term
  })
  return order % 2 === 1 ? sum : -sum
}

/** n! / yⁿ⁺¹, factor by factor, so that neither overflows alone. */
function factorialOverPower(n: number, y: number): number {
  let product = 1 / y
  for (let k = 1; k <= n; k++) product *= k / y
  return product
}

/**
 * The derivative of order n of cot(πx): πⁿ times a polynomial in c = cot(πx) that starts from c, each following
 * from the one before by −(1 + c²) d/dc. Its coefficients are of one sign and its powers all even or all odd.
 */
function cotangentDerivative(order: number, x: number): number {
  let polynomial = [0, 1]
  for (let n = 0; n < order; n++) {
    const slope = polynomial.slice(1).map((coefficient, power) => -(power + 1) * coefficient)
    polynomial = [...slope, 0, 0].map((coefficient, power) => coefficient + (slope[power - 2] ?? 0))
  }
  // Beside its zeros the cotangent is a tangent, which is 0 at 0; that of a rounded π/2 isn't infinite.
  const isNearZero = Math.abs(x) > 0.25
  const cotangent = isNearZero
    ? Math.sign(x) * Math.tan(Math.PI * (0.5 - Math.abs(x)))
    : 1 / Math.tan(Math.PI * x)
  const value = polynomial.reduceRight((sum, coefficient) => sum * cotangent + coefficient)
  return Math.PI ** order * value
}
