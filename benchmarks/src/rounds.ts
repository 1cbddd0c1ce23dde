/** Times repeated work in rounds, and says what they took: the shortest, and the one in the middle. */

/** Milliseconds an iteration, over rounds. */
export interface Timing {
  /** Of the shortest round: the least disturbed by other programs. */
  readonly min: number
  readonly median: number
}

/** Runs rounds of so many iterations; what was compiled just now should have run for a while before. */
export function timeRounds(iterate: () => void, rounds: number, iterationsPerRound: number): Timing {
  return timingOf(
    Array.from({ length: rounds }, () => {
      const started = performance.now()
      for (let iteration = 0; iteration < iterationsPerRound; iteration++) iterate()
      return (performance.now() - started) / iterationsPerRound
    }),
  )
}

export function timingOf(milliseconds: readonly number[]): Timing {
  const sorted = [...milliseconds].sort((a, b) => a - b)
  return { min: sorted[0], median: sorted[Math.floor(sorted.length / 2)] }
}

/** A whole number from the command line, the n-th behind the program's name. */
export function argument(n: number, otherwise: number): number {
  const text = process.argv[2 + n]
  const value = text === undefined ? otherwise : Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`argument ${n + 1} is ${text}; wants a whole number of at least 1`)
  return value
}
