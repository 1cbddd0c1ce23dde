/** Threads: workers that run a program's module over shared memory, each its part of every step. */
import type { AssembledProgram } from './assemble.js'
import type { ControlWords } from './codegen/barrier.js'
import { CompileError } from './errors.js'
import { Pace } from './pace.js'

/** Programs use at most so many threads unless told otherwise. */
const mostByDefault = 8

/** The run word counts runs in steps of this, which leaves room to say how many threads take part. */
const runStep = 16

/**
 * How many times a worker looks for the next run before it goes to sleep: about a millisecond. The steps of a loop come
 * sooner, and one that is woken is often put beside the thread that woke it, on one core, for the next few milliseconds.
 */
const looksBeforeSleep = 400_000

/**
 * Workers touch the pages of fresh memory, from the last one down, while the first thread writes constants from the
 * first one up: with a large data set, getting memory from the system takes longer than copying. Pages are at least so
 * large.
 */
const leastPageBytes = 4096

/** The part of `run(thread, threads, maySleep)` that a thread does. */
export type Run = (thread: number, threads: number, maySleep: number) => void

/**
 * The workers' program, as text so that neither Node nor a bundler has to find a file for it. It runs as a script and
 * as a module: Node takes it for a module where it was itself started with the text of one. A worker counts itself
 * in, waits for a run to begin, takes part if it was counted in before, and ends when told that no threads take part.
 * Where it fails, it says so to those who would wait for it.
 */
const workerSource = `
function work({ module, memory, words, runStep, looksBeforeSleep, pages: { first, last, step } }) {
  const bytes = new Uint8Array(memory.buffer)
  // Changes nothing, whatever another thread writes there meanwhile.
  for (let page = last; page >= first; page -= step) Atomics.or(bytes, page, 0)
  const { sin, cos, tan } = Math
  const { run } = new WebAssembly.Instance(module, { program: { memory }, math: { sin, cos, tan } }).exports
  const control = new Int32Array(memory.buffer)
  let seen = Atomics.load(control, words.run)
  const thread = Atomics.add(control, words.ready, 1) + 1
  for (;;) {
    let current
    for (let looks = 0; (current = Atomics.load(control, words.run)) === seen; looks++)
      if (looks > looksBeforeSleep) Atomics.wait(control, words.run, seen)
    seen = current
    const threads = current & (runStep - 1)
    if (threads === 0) return
    try {
      if (thread < threads) run(thread, threads, 1)
    } catch (error) {
      Atomics.store(control, words.failed, 1)
      Atomics.add(control, words.generation, 1)
      Atomics.notify(control, words.generation)
      throw error
    }
  }
}
const node = globalThis.process?.getBuiltinModule?.('worker_threads')
if (node !== undefined) work(node.workerData)
else globalThis.onmessage = ({ data }) => {
  work(data)
  close()
}
`

/** What workers of either kind have in common. */
interface StartedWorker {
  terminate(): unknown
}

interface NodeWorker extends StartedWorker {
  unref(): void
  on(event: 'error', listener: () => void): void
}

/** The parts of Node's built-in modules used here, which a bundler for browsers doesn't see. */
interface NodeModules {
  worker_threads: {
    Worker: new (source: string, options: object) => NodeWorker
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
  private readonly control: ControlArray
  private readonly workers: readonly StartedWorker[]
  private readonly pace = new Pace()
  private readonly maySleep = maySleep() ? 1 : 0

  constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    { control, start, memoryBytes }: Pick<AssembledProgram, 'control' | 'start' | 'memoryBytes'>,
    count: number,
  ) {
    this.control = { array: new Int32Array(memory.buffer), words: wordsOf(control) }
    const task = { module, memory, words: this.control.words, runStep, looksBeforeSleep }
    const step = (count - 1) * leastPageBytes
    this.workers = Array.from({ length: count - 1 }, (_, k) => {
      const last = memoryBytes - 1 - k * leastPageBytes
      return startWorker({ ...task, pages: { first: start, last, step } })
    })
    abandoned.register(this, this.control, this)
  }

  /** How many workers can take part. */
  get ready(): number {
    return Atomics.load(this.control.array, this.control.words.ready)
  }

  /**
   * Runs the program on this thread and on the workers that are ready, or alone where that was faster lately. Where it
   * throws, the workers are lost: `stop` is all that is left to do.
   */
  execute(run: Run): void {
    const { ready } = this
    const way = ready === 0 ? 'alone' : this.pace.choose()
    const started = performance.now()
    if (way === 'alone') run(0, 1, 0)
    else {
      startRun(this.control, 1 + ready)
      try {
        run(0, 1 + ready, this.maySleep)
      } catch (error) {
        fail(this.control)
        throw error
      }
    }
    if (ready > 0) this.pace.note(way, performance.now() - started)
  }

  /** Ends the workers. */
  stop(): void {
    abandoned.unregister(this)
    startRun(this.control, 0)
    for (const worker of this.workers) worker.terminate()
  }
}

/** The control words as elements of an array. */
interface ControlArray {
  readonly array: Int32Array
  /** The positions of the words. */
  readonly words: Readonly<Record<'run' | 'ready' | 'failed' | 'generation', number>>
}

function wordsOf({ run, ready, failed, generation }: ControlWords): ControlArray['words'] {
  const bytes = Int32Array.BYTES_PER_ELEMENT
  return { run: run / bytes, ready: ready / bytes, failed: failed / bytes, generation: generation / bytes }
}

/** Ends the workers of programs that nobody holds any more. */
const abandoned = new FinalizationRegistry<ControlArray>((control) => {
  startRun(control, 0)
})

/** Says that the next run begins, and how many threads take part; none ends the workers. */
function startRun({ array, words }: ControlArray, threads: number): void {
  const runs = Math.floor(Atomics.load(array, words.run) / runStep)
  Atomics.store(array, words.run, ((runs + 1) * runStep + threads) | 0)
  Atomics.notify(array, words.run)
}

/** Makes the other threads trap where they would wait for this one. */
function fail({ array, words }: ControlArray): void {
  Atomics.store(array, words.failed, 1)
  Atomics.add(array, words.generation, 1)
  Atomics.notify(array, words.generation)
}

function startWorker(task: object): StartedWorker {
  const node = nodeModule('worker_threads')
  if (node !== undefined) {
    const worker = new node.Worker(workerSource, { eval: true, workerData: task })
    worker.unref()
    // One that can't start is never counted in, and one that fails has told the others: the run throws.
    worker.on('error', () => undefined)
    return worker
  }
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }))
  const worker = new Worker(url)
  URL.revokeObjectURL(url)
  worker.postMessage(task)
  return worker
}
