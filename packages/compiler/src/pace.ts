/** Pace: whether a program runs faster on several threads or on one alone. */

export type Way = 'alone' | 'together'

/** How many runs of each way are remembered, the latest, and after how many they are looked at. */
const remembered = 25
const checkPeriod = 8

/** The slower way is tried again for a few runs, after so many others at first, and after ever more while it stays slower. */
const measuredInTrial: Readonly<Record<Way, number>> = { alone: 7, together: 12 }
const firstPeriod = 64
const longestPeriod = 4096

/** The first runs after a change pay for filling caches, and those together for waking threads and spreading them, too. */
const warmups: Readonly<Record<Way, number>> = { alone: 2, together: 12 }

/** A way has to be so much faster for the other one to be left. */
const clearlyFaster = 0.95

/**
 * Chooses between running alone and together by how long each took lately. Threads that wait for one another are slower
 * than one alone where other programs want the cores, and which it is changes from moment to moment. Medians of a few
 * runs tell, so that a single slow run doesn't. Results are the same either way.
 */
export class Pace {
  /** Alone at first: the engine optimizes the program meanwhile, for which it wants a core. */
  private preferred: Way = 'alone'
  private last: Way | undefined
  private runsOfWay = 0
  private trialsLeft = 0
  private period = firstPeriod
  private untilTrial = firstPeriod
  private readonly milliseconds: Record<Way, number[]> = { alone: [], together: [] }

  choose(): Way {
    if (this.trialsLeft === 0 && this.untilTrial-- === 0) this.beginTrial()
    const way = this.trialsLeft > 0 ? otherThan(this.preferred) : this.preferred
    this.runsOfWay = way === this.last ? this.runsOfWay + 1 : 0
    this.last = way
    return way
  }

  note(way: Way, milliseconds: number): void {
    const isTrial = way !== this.preferred
    if (isTrial) this.trialsLeft--
    if (this.runsOfWay >= warmups[way]) {
      this.milliseconds[way].push(milliseconds)
      if (this.milliseconds[way].length > remembered) this.milliseconds[way].shift()
    }
    if (this.trialsLeft === 0 && (isTrial || this.untilTrial % checkPeriod === 0)) this.decide(isTrial)
  }

  private beginTrial(): void {
    const other = otherThan(this.preferred)
    this.trialsLeft = warmups[other] + measuredInTrial[other]
    this.milliseconds[other] = []
  }

  private decide(isTrialOver: boolean): void {
    const other = otherThan(this.preferred)
    const isOtherFaster =
      median(this.milliseconds[other]) < clearlyFaster * median(this.milliseconds[this.preferred])
    if (isOtherFaster) this.preferred = other
    else if (!isTrialOver) return
    this.period = isOtherFaster ? firstPeriod : Math.min(2 * this.period, longestPeriod)
    this.untilTrial = this.period
  }
}

function otherThan(way: Way): Way {
  return way === 'alone' ? 'together' : 'alone'
}

/** The one in the middle; NaN, which is neither more nor less than others, where there is none. */
function median(values: readonly number[]): number {
  return values.length === 0 ? NaN : [...values].sort((a, b) => a - b)[values.length >> 1]
}
