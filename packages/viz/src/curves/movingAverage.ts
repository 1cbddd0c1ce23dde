/** Smooths a noisy series. */

/**
 * The exponential moving average without the usual pull towards the starting value: after k finite values,
 * averageₖ = Σᵢ smoothingᵏ⁻ⁱ · valueᵢ / Σᵢ smoothingᵏ⁻ⁱ. A value that is not finite gives NaN in its own place
 * and leaves the average as it was.
 */
export function movingAverage(values: ArrayLike<number>, smoothing: number): number[] {
  let average = 0
  let weight = 0
  return Array.from(values, (value) => {
    if (!Number.isFinite(value)) return NaN
    weight = smoothing * weight + 1
    average += value / weight - average / weight
    return average
  })
}
