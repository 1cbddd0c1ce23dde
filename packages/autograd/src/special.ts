/** Special functions of a number that JavaScript's Math lacks, to full float64 accuracy. */

/**
 * The error function 2/√π ∫₀ˣ exp(−t²) dt.
 *
 * Below 2.5 by the series 2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!, whose terms are all of one sign, so that nothing
 * cancels; beyond by the continued fraction of erfc (Abramowitz and Stegun, Handbook of Mathematical Functions,
 * 7.1.6 and 7.1.14). From 6 on it is 1 to the last bit.
 */
export function erf(x: number): number {
  const magnitude = Math.abs(x)
  if (magnitude >= 6) return Math.sign(x)
  return magnitude < 2.5 ? erfSeries(x) : Math.sign(x) * (1 - erfcContinuedFraction(magnitude))
}

function erfSeries(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > Number.EPSILON * 1e-2 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

function erfcContinuedFraction(x: number): number {
  let fraction = 0
  for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction)
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction)
}
