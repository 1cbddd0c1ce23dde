/** The module of a program: `run(thread, threads, maySleep)` does a thread's part of everything. */
import type { Body, ImportedFunction } from '@tapegrad/kernels/assembler'
import { call, encodeModule, func, i32, if_ } from '@tapegrad/kernels/assembler'
import { claimsOf } from './claims.js'
import { barrierFunction } from './codegen/barrier.js'
import { vectorMathImports } from './math/index.js'
import type { ClaimingPhase, PhaseOptions, Thread } from './phaseCode.js'
import { phaseCode } from './phaseCode.js'
import type { Phase } from './phases.js'
import { isAlone } from './phases.js'

export interface EncodeOptions extends PhaseOptions {
  /** How many threads may run it at most. */
  readonly threads: number
  /** Whether its memory is shared: always where there are several threads. */
  readonly shared: boolean
  readonly maximumPages: number
}

const parameters = { thread: 'i32', threads: 'i32', maySleep: 'i32' } as const

export function encodeProgram(phases: readonly Phase[], options: EncodeOptions): Uint8Array<ArrayBuffer> {
  const { control, threads, shared, maximumPages } = options
  const barrier = barrierFunction(control)
  const wait = ({ threads, maySleep }: Thread): Body => (shared ? [call(barrier, threads, maySleep)] : [])
  const claims = claimsOf(phases, threads)
  const claiming = withNeededWaits(phases).map((phase, k) => ({ phase, claims: claims[k] }))
  // Functions of many steps each: engines compile small ones sooner, and refuse huge ones.
  const parts = gathered(claiming).map((group) =>
    func('part', parameters, 'none', (thread) =>
      group.map((phase) => phaseCode(phase, thread, options, wait)),
    ),
  )
  const isClaimed = claims.some((claimed) => claimed !== undefined)
  const endsTogether = phases.length > 0 && !isAlone(phases[phases.length - 1])
  const run = func('run', parameters, 'none', (thread) => [
    parts.map((part) => call(part, thread.thread, thread.threads, thread.maySleep)),
    endsTogether ? wait(thread) : [],
    // The others have made their last claim: the first thread comes here after all have, or does the rest alone.
    isClaimed ? if_(i32.eqz(thread.thread), [i32.atomic_store(i32.const(control.claimed), 0)]) : [],
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
function gathered(phases: readonly ClaimingPhase[]): ClaimingPhase[][] {
  const groups: ClaimingPhase[][] = []
  let steps = stepsInFunction
  for (const claiming of phases) {
    const { length } = claiming.phase
    if (steps + length > stepsInFunction) {
      groups.push([])
      steps = 0
    }
    groups[groups.length - 1].push(claiming)
    steps += length
  }
  return groups
}

/** Nobody waits before the first phase, nor between two that one thread does alone. */
function withNeededWaits(phases: readonly Phase[]): Phase[] {
  return phases.map(([first, ...rest], k) => {
    const isNeeded = k > 0 && !(isAlone(phases[k]) && isAlone(phases[k - 1]))
    return [{ ...first, waits: isNeeded ? 'always' : 'never' }, ...rest]
  })
}

/** What the functions of JavaScript's Math are called that rare lanes fall back to. */
function mathImports(): readonly ImportedFunction[] {
  return (['sin', 'cos', 'tan'] as const).flatMap((name) => vectorMathImports(name))
}
