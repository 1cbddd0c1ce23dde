/** The module of a program: `run(thread, threads, maySleep)` does a thread's part of everything. */
import type {
  Body,
  DefinedFunction,
  Expression,
  Global,
  ImportedFunction,
  Local,
} from '@tapegrad/kernels/assembler'
import { call, encodeModule, func, i32, if_, local, select, set } from '@tapegrad/kernels/assembler'
import type { ControlWords } from './codegen/barrier.js'
import { barrierFunction } from './codegen/barrier.js'
import { greatestCommonDivisor, leastCommonMultiple } from './codegen/multiples.js'
import { vectorMathImports } from './math/index.js'
import type { CutStep, Phase } from './phases.js'
import { isAlone } from './phases.js'

export interface EncodeOptions {
  /** 1 where a list of nonzero elements is used. */
  readonly isUsed: (list: number) => Global<'i32'>
  readonly control: ControlWords
  /** Whether several threads may run it. */
  readonly shared: boolean
  readonly maximumPages: number
}

/** Steps in one function; engines compile small functions sooner, and refuse huge ones. */
const stepsInFunction = 64

const parameters = { thread: 'i32', threads: 'i32', maySleep: 'i32' } as const

interface Thread {
  readonly thread: Local<'i32'>
  readonly threads: Local<'i32'>
  readonly maySleep: Local<'i32'>
}

export function encodeProgram(phases: readonly Phase[], options: EncodeOptions): Uint8Array<ArrayBuffer> {
  const { control, shared, maximumPages, isUsed } = options
  const barrier = barrierFunction(control)
  const wait = ({ threads, maySleep }: Thread): Body => (shared ? [call(barrier, threads, maySleep)] : [])

  /** What is before a step: its thread's wait for the others. */
  const waitBefore = (step: CutStep, thread: Thread): Body => {
    if (typeof step.waits === 'object') return [if_(i32.eqz(isUsed(step.waits.unlessListed)), wait(thread))]
    return step.waits === 'always' ? wait(thread) : []
  }
  const work = (step: CutStep, range: Range, { thread }: Thread): Body => {
    const { run, total, isForEveryThread, unlessListed } = step.code
    const done = isForEveryThread === true ? [call(run, 0, total, thread)] : callPart(step, range, thread)
    return unlessListed === undefined ? done : [if_(i32.eqz(isUsed(unlessListed)), done)]
  }

  const items = withNeededWaits(phases).flatMap((phase) =>
    phase.map((step) => ({ step, grain: grainOf(phase, step.rows) })),
  )
  const part = (first: number): DefinedFunction<'none'> =>
    func('part', parameters, 'none', (thread) => {
      const ranges = new Ranges(thread)
      return items.slice(first, first + stepsInFunction).map(({ step, grain }) => {
        const { range, before } = ranges.of(step, grain)
        return [waitBefore(step, thread), before, work(step, range, thread)]
      })
    })
  const parts = Array.from({ length: Math.ceil(items.length / stepsInFunction) }, (_, k) =>
    part(k * stepsInFunction),
  )
  const endsTogether = phases.length > 0 && !isAlone(phases[phases.length - 1])
  const run = func('run', parameters, 'none', (thread) => [
    parts.map((f) => call(f, thread.thread, thread.threads, thread.maySleep)),
    endsTogether ? wait(thread) : [],
  ])
  return encodeModule({
    imports: mathImports(),
    memory: { minimum: 1, maximum: maximumPages, shared, import: ['program', 'memory'] },
    exports: { run },
  })
}

/** Nobody waits before the first phase, nor between two that one thread does alone. */
function withNeededWaits(phases: readonly Phase[]): Phase[] {
  return phases.map(([first, ...rest], k) => {
    const isNeeded = k > 0 && !(isAlone(phases[k]) && isAlone(phases[k - 1]))
    return [{ ...first, waits: isNeeded ? 'always' : 'never' }, ...rest]
  })
}

/** Ranges of rows begin at multiples of this, so that those of each step of the phase begin where its code can. */
function grainOf(phase: Phase, rows: number): number {
  return phase
    .filter((step) => step.rows === rows)
    .reduce((grain, { code }) => {
      const scale = code.total / rows
      return leastCommonMultiple(grain, code.grain / greatestCommonDivisor(code.grain, scale))
    }, 1)
}

/** The rows that a thread does of a step. */
interface Range {
  readonly begin: Local<'i32'>
  readonly end: Local<'i32'>
}

/** A thread's ranges of rows in one function, each computed before its first use. */
class Ranges {
  private readonly known = new Map<string, Range>()

  constructor(private readonly thread: Thread) {}

  of({ rows }: CutStep, grain: number): { readonly range: Range; readonly before: Body } {
    const key = `${rows} ${grain}`
    const known = this.known.get(key)
    if (known !== undefined) return { range: known, before: [] }
    const range = { begin: local('i32', 'begin'), end: local('i32', 'end') }
    this.known.set(key, range)
    const { thread, threads } = this.thread
    const grains = Math.ceil(rows / grain)
    const part = i32.mul(i32.div_u(i32.add(i32.sub(threads, 1), grains), threads), grain)
    return {
      range,
      before: [
        set(range.end, part),
        set(range.begin, i32.mul(thread, range.end)),
        set(range.end, smaller(i32.add(range.begin, range.end), rows)),
      ],
    }
  }
}

/** Calls a step's code for a range of its rows, which is empty for the last threads where there are few. */
function callPart(
  { code: { run, total }, rows }: CutStep,
  { begin, end }: Range,
  thread: Local<'i32'>,
): Body {
  const scale = total / rows
  return [if_(i32.lt_s(begin, end), [call(run, i32.mul(begin, scale), i32.mul(end, scale), thread)])]
}

function smaller(x: Expression<'i32'>, limit: number): Expression<'i32'> {
  return select(x, limit, i32.lt_s(x, limit))
}

/** What the functions of JavaScript's Math are called that rare lanes fall back to. */
function mathImports(): readonly ImportedFunction[] {
  return (['sin', 'cos', 'tan'] as const).flatMap((name) => vectorMathImports(name))
}
