/** Threads: workers that run a program's module over shared memory, each its part of every step. */
import type { ControlWords } from './codegen/barrier.js'
import { CompileError } from './errors.js'

/** Programs use at most so many threads unless told otherwise. */
const mostByDefault = 8

/** The run word counts runs in steps of this, which leaves room to say how many threads take part. */
const runStep = 16

/** The part of `run(thread, threads, maySleep)` that a thread does. */
export type Run = (thread: number, threads: number, maySleep: number) => void

/**
 * The workers' program, as text so that neither Node nor a bundler has to find a file for it. A worker counts itself
 * in, waits for a run to begin, takes part if it was counted in before, and ends when told that no threads take part.
 */
const workerSource = `
function work({ module, memory, runWord, readyWord, runStep }) {
  const { sin, cos, tan } = Math
  const { run } = new WebAssembly.Instance(module, { program: { memory }, math: { sin, cos, tan } }).exports
  const control = new Int32Array(memory.buffer)
  let seen = Atomics.load(control, runWord)
  const thread = Atomics.add(control, readyWord, 1) + 1
  for (;;) {
    let current
    for (let looks = 0; (current = Atomics.load(control, runWord)) === seen; looks++)
      if (looks > 20000) Atomics.wait(control, runWord, seen)
    seen = current
    const threads = current & (runStep - 1)
    if (threads === 0) return
    if (thread < threads) run(thread, threads, 1)
  }
}
if (typeof require === 'function') work(require('node:worker_threads').workerData)
else onmessage = ({ data }) => work(data)
`

/** What workers of either kind have in common. */
interface StartedWorker {
  terminate(): unknown
}

/** The parts of Node's built-in modules used here, which a bundler for browsers doesn't see. */
interface NodeModules {
  worker_threads: {
    Worker: new (source: string, options: object) => StartedWorker & { unref(): void }
  }
  os: { availableParallelism(): number }
}

interface HostProcess {
  getBuiltinModule?<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined
}

function nodeModule<Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined {
  return (globalThis as { process?: HostProcess }).process?.getBuiltinModule?.(name)
}

/** Whether this thread may sleep: all but a page's main thread may. */
function maySleep(): boolean {
  return nodeModule('worker_threads') !== undefined || typeof document === 'undefined'
}

/** Whether threads can share memory: a page has to be isolated from other origins for it. */
export function canShareMemory(): boolean {
  const isIsolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated
  return typeof SharedArrayBuffer !== 'undefined' && isIsolated !== false
}

/** The number of threads asked for, or the cores up to 8; 1 where memory can't be shared. Throws CompileError for no whole number from 1 to 15. */
export function threadCount(threads: number | undefined): number {
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1 || threads >= runStep))
    throw new CompileError(
      'THREADS',
      `compile: threads is ${threads}; wants a whole number from 1 to ${runStep - 1}`,
    )
  if (!canShareMemory()) return 1
  if (threads !== undefined) return threads
  const cores = nodeModule('os')?.availableParallelism() ?? navigator.hardwareConcurrency
  return Math.min(cores, mostByDefault)
}

/**
 * The workers of one program. They start in their own time: a run is shared among those that are ready, which
 * doesn't change its results. They never keep a process alive.
 */
export class Threads {
  private readonly place: RunWord
  private readonly readyWord: number
  private readonly workers: readonly StartedWorker[]
  private readonly pace = new Pace()

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, control: ControlWords, count: number) {
    this.place = { words: new Int32Array(memory.buffer), runWord: control.run / 4 }
    this.readyWord = control.ready / 4
    const task = { module, memory, runWord: this.place.runWord, readyWord: this.readyWord, runStep }
    this.workers = Array.from({ length: count - 1 }, () => startWorker(task))
    abandoned.register(this, this.place, this)
  }

  /** Runs the program on this thread and on the workers that are ready, or alone where that was faster lately. */
  execute(run: Run): void {
    const ready = Atomics.load(this.place.words, this.readyWord)
    const way = ready === 0 ? 'alone' : this.pace.choose()
    const threads = way === 'alone' ? 1 : 1 + ready
    const started = performance.now()
    if (threads > 1) startRun(this.place, threads)
    try {
      run(0, threads, maySleep() ? 1 : 0)
    } catch (error) {
      // The others would wait for this thread for ever.
      this.stop()
      throw error
    }
    if (ready > 0) this.pace.note(way, performance.now() - started)
  }

  /** Ends the workers. */
  stop(): void {
    abandoned.unregister(this)
    startRun(this.place, 0)
    for (const worker of this.workers) worker.terminate()
  }
}

type Way = 'alone' | 'together'

/** Every so many runs the way that was slower is tried again, a few times. */
const trialPeriod = 256
const trials = 4

/**
 * Chooses between running alone and together by how long each took lately. Threads that wait for one another are slower
 * than one alone where other programs want the cores, and which it is changes from moment to moment. Results are the
 * same either way.
 */
class Pace {
  private runs = 0
  private readonly milliseconds = { alone: NaN, together: NaN }

  choose(): Way {
    const { alone, together } = this.milliseconds
    const [faster, slower]: Way[] = alone < together ? ['alone', 'together'] : ['together', 'alone']
    return this.runs++ % trialPeriod < trials ? slower : faster
  }

  note(way: Way, milliseconds: number): void {
    const before = this.milliseconds[way]
    this.milliseconds[way] = Number.isNaN(before) ? milliseconds : 0.8 * before + 0.2 * milliseconds
  }
}

/** Where the run word is. */
interface RunWord {
  readonly words: Int32Array
  readonly runWord: number
}

/** Ends the workers of programs that nobody holds any more. */
const abandoned = new FinalizationRegistry<RunWord>((place) => {
  startRun(place, 0)
})

/** Says that the next run begins, and how many threads take part; none ends the workers. */
function startRun({ words, runWord }: RunWord, threads: number): void {
  const runs = Math.floor(Atomics.load(words, runWord) / runStep)
  Atomics.store(words, runWord, ((runs + 1) * runStep + threads) | 0)
  Atomics.notify(words, runWord)
}

function startWorker(task: object): StartedWorker {
  const node = nodeModule('worker_threads')
  if (node !== undefined) {
    const worker = new node.Worker(workerSource, { eval: true, workerData: task })
    worker.unref()
    return worker
  }
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }))
  const worker = new Worker(url)
  URL.revokeObjectURL(url)
  worker.postMessage(task)
  return worker
}
