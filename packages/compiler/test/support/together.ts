/** Makes programs run on several threads whether it is faster or not, for tests, and waits for their workers. */
import type { Way } from '../../src/pace.js'
import { Pace } from '../../src/pace.js'
import type { Run } from '../../src/threads.js'
import { Threads } from '../../src/threads.js'

export class ForcedPace {
  /** How programs run where workers are ready. */
  way: Way = 'together'
  private readonly seen = new Set<Threads>()

  constructor() {
    const { seen } = this
    const execute = Reflect.get(Threads.prototype, 'execute') as (this: Threads, run: Run) => void
    jest.spyOn(Threads.prototype, 'execute').mockImplementation(function (this: Threads, run) {
      seen.add(this)
      execute.call(this, run)
    })
    jest.spyOn(Pace.prototype, 'choose').mockImplementation(() => this.way)
  }

  /** Waits until the program that was the last to run for the first time has so many workers ready. */
  async ready(workers: number): Promise<void> {
    const deadline = performance.now() + 15_000
    while (([...this.seen].at(-1)?.ready ?? workers) < workers) {
      if (performance.now() > deadline) throw new Error('the workers do not come up')
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  /** How many programs with workers have run. */
  get programs(): number {
    return this.seen.size
  }

  /** Ends all workers. */
  stop(): void {
    for (const threads of this.seen) threads.stop()
    this.seen.clear()
  }
}
