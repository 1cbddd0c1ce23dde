/** Thins a long series to as many points as a plot can show, without hiding its extremes. */

/** Neighbouring values of a series, summed up. */
export interface Bin {
  /** Index of the first value. */
  readonly start: number
  /** Index after the last value. */
  readonly end: number
  /** Mean, smallest and largest of the finite values; NaN where none is finite. */
  readonly mean: number
  readonly min: number
  readonly max: number
}

/**
 * Cuts a series into bins of equal length (the last one may be shorter), at most `limit` of them. A series of no
 * more than `limit` values gets one bin for each.
 */
export function binValues(values: ArrayLike<number>, limit: number): Bin[] {
  const size = Math.max(1, Math.ceil(values.length / limit))
  const count = Math.ceil(values.length / size)
  return Array.from({ length: count }, (_, index) =>
    summarize(values, index * size, Math.min((index + 1) * size, values.length)),
  )
}

function summarize(values: ArrayLike<number>, start: number, end: number): Bin {
  let mean = 0
  let count = 0
  let min = Infinity
  let max = -Infinity
  for (let index = start; index < end; index++) {
    const value = values[index]
    if (!Number.isFinite(value)) continue
    count++
    // A running mean, because the sum of large values could overflow.
    mean += value / count - mean / count
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  return count > 0 ? { start, end, mean, min, max } : { start, end, mean: NaN, min: NaN, max: NaN }
}
