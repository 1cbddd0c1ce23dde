/** Pace: whether a program runs faster on several threads or on one alone. */

export type Way = 'alone' | 'together'

/** Every so many runs the way that was slower is tried again, a few times. */
const trialPeriod = 256
const trials = 6

/**
 * Chooses between running alone and together by how long each took lately. Threads that wait for one another are slower
 * than one alone where other programs want the cores, and which it is changes from moment to moment. Results are the
 * same either way.
 */
export class Pace {
  private runs = 0
  private last: Way | undefined
  private isWarm = false
  private readonly milliseconds = { alone: NaN, together: NaN }

  choose(): Way {
    const { alone, together } = this.milliseconds
    const [faster, slower]: Way[] = alone < together ? ['alone', 'together'] : ['together', 'alone']
    const way = this.runs++ % trialPeriod < trials ? slower : faster
    this.isWarm = way === this.last
    this.last = way
    return way
  }

  note(way: Way, milliseconds: number): void {
    // The first run after a change pays for waking threads and filling caches, which the next ones don't.
    if (!this.isWarm) return
    const before = this.milliseconds[way]
    this.milliseconds[way] = Number.isNaN(before) ? milliseconds : 0.8 * before + 0.2 * milliseconds
  }
}
