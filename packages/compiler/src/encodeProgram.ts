/** The module of a program: `run(thread, threads, maySleep)` does a thread's part of everything. */
import type { Body, Global, ImportedFunction, Local } from '@tapegrad/kernels/assembler'
import { call, encodeModule, for_, func, i32, if_, local, set } from '@tapegrad/kernels/assembler'
import type { ControlWords } from './codegen/barrier.js'
import { barrierFunction } from './codegen/barrier.js'
import { smaller } from './codegen/smaller.js'
import { vectorMathImports } from './math/index.js'
import { greatestCommonDivisor, leastCommonMultiple } from './multiples.js'
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

const parameters = { thread: 'i32', threads: 'i32', maySleep: 'i32' } as const

interface Thread {
  readonly thread: Local<'i32'>
  readonly threads: Local<'i32'>
  readonly maySleep: Local<'i32'>
}

export function encodeProgram(phases: readonly Phase[], options: EncodeOptions): Uint8Array<ArrayBuffer> {
  const { control, shared, maximumPages } = options
  const barrier = barrierFunction(control)
  const wait = ({ threads, maySleep }: Thread): Body => (shared ? [call(barrier, threads, maySleep)] : [])
  // Functions of many steps each: engines compile small ones sooner, and refuse huge ones.
  const parts = gathered(withNeededWaits(phases)).map((group) =>
    func('part', parameters, 'none', (thread) =>
      group.map((phase) => phaseCode(phase, thread, options, wait)),
    ),
  )
  const endsTogether = phases.length > 0 && !isAlone(phases[phases.length - 1])
  const run = func('run', parameters, 'none', (thread) => [
    parts.map((part) => call(part, thread.thread, thread.threads, thread.maySleep)),
    endsTogether ? wait(thread) : [],
  ])
  return encodeModule({
    imports: mathImports(),
    memory: { minimum: 1, maximum: maximumPages, shared, import: ['program', 'memory'] },
    exports: { run },
  })
}

/** About so many steps are in one function. */
const stepsInFunction = 64

/** The phases in groups, each of which becomes a function. */
function gathered(phases: readonly Phase[]): Phase[][] {
  const groups: Phase[][] = []
  let steps = stepsInFunction
  for (const phase of phases) {
    if (steps + phase.length > stepsInFunction) {
      groups.push([])
      steps = 0
    }
    groups[groups.length - 1].push(phase)
    steps += phase.length
  }
  return groups
}

/** A thread's part of a phase, with its waits for the others. */
function phaseCode(
  phase: Phase,
  thread: Thread,
  { isUsed }: EncodeOptions,
  wait: (thread: Thread) => Body,
): Body {
  const ranges = new Map<number, Range>()
  const unlessListed = (list: number, body: Body): Body => [if_(i32.eqz(isUsed(list)), body)]
  const waitBefore = ({ waits }: CutStep): Body => {
    if (typeof waits === 'object') return unlessListed(waits.unlessListed, wait(thread))
    return waits === 'always' ? wait(thread) : []
  }
  const work = (step: CutStep, range: Range): Body => {
    const { run, total, isForEveryThread, unlessListed: list } = step.code
    const done =
      isForEveryThread === true ? [call(run, 0, total, thread.thread)] : callPart(step, range, thread.thread)
    return list === undefined ? done : unlessListed(list, done)
  }
  return chainsOf(phase).map((chain) => {
    const [first] = chain
    const { rows } = first
    const grain = grainOf(phase, rows)
    const known = ranges.get(rows)
    const range = known ?? { begin: local('i32', 'begin'), end: local('i32', 'end') }
    ranges.set(rows, range)
    return [
      waitBefore(first),
      known === undefined ? setRange(range, rows, grain, thread) : [],
      sweep(rows, chain.length === 1 ? rows : sweptRows(chain, grain), range, (part) =>
        chain.map((step) => work(step, part)),
      ),
    ]
  })
}

/** Steps that follow one another without a wait, cut into the same rows. */
function chainsOf(phase: Phase): CutStep[][] {
  const chains: CutStep[][] = []
  for (const step of phase) {
    const chain = chains.at(-1)
    const goesOn =
      chain !== undefined &&
      chain[0].rows === step.rows &&
      step.waits === 'never' &&
      chain[0].code.isForEveryThread !== true &&
      step.code.isForEveryThread !== true
    if (goesOn) chain.push(step)
    else chains.push([step])
  }
  return chains
}

/** Rows go through a chain of steps so many at a time, so that what one has written is in the cache for the next. */
const rowsAtOnce = 120

/** Loops write so much at a time, a part of a second-level cache; products want all their rows. */
const bytesAtOnce = 128 * 1024

function sweptRows(chain: readonly CutStep[], grain: number): number {
  const { rows } = chain[0]
  const rowBytes = chain.reduce((sum, { bytes }) => sum + bytes, 0) / rows
  const isOfLoops = chain.every(({ code }) => code.isLoop === true)
  const most = isOfLoops ? Math.min(rowsAtOnce, Math.floor(bytesAtOnce / rowBytes)) : rowsAtOnce
  return Math.max(grain, most - (most % grain))
}

/** Does something with the rows of a range, so many at a time. */
function sweep(rows: number, atOnce: number, range: Range, body: (part: Range) => Body): Body {
  if (rows <= atOnce) return body(range)
  const part = { begin: local('i32', 'first'), end: local('i32', 'behind') }
  return [
    for_(part.begin, range.begin, range.end, atOnce, [
      set(part.end, i32.add(part.begin, atOnce)),
      set(part.end, smaller(part.end, range.end)),
      body(part),
    ]),
  ]
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

function setRange({ begin, end }: Range, rows: number, grain: number, { thread, threads }: Thread): Body {
  const grains = Math.ceil(rows / grain)
  return [
    set(end, i32.mul(i32.div_u(i32.add(i32.sub(threads, 1), grains), threads), grain)),
    set(begin, i32.mul(thread, end)),
    set(end, smaller(i32.add(begin, end), rows)),
  ]
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

/** What the functions of JavaScript's Math are called that rare lanes fall back to. */
function mathImports(): readonly ImportedFunction[] {
  return (['sin', 'cos', 'tan'] as const).flatMap((name) => vectorMathImports(name))
}
