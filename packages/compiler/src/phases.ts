/** Phases: stretches of a program through which threads need not wait for one another. */
import type { KernelCode } from './codegen/kernelCode.js'
import type { Layout } from './codegen/layout.js'
import type { Touch, Touches } from './lowering/touches.js'
import { greatestCommonDivisor, leastCommonMultiple } from './multiples.js'

/** A step of the program: the code of a kernel, and what it touches. */
export interface Step {
  /** The position of its kernel in the program. */
  readonly kernel: number
  readonly code: KernelCode
  /** The same code for other addresses. */
  codeAt(layout: Layout): KernelCode
  readonly touches: Touches
  /** How many rows its work is best cut into, or is cut into. */
  readonly rows: number
  /** An estimate of the time it takes, in elements times operations. */
  readonly work: number
  /** How much it writes. */
  readonly bytes: number
}

/** A step with the rows it is cut into; 1 where one thread does it all. */
export interface CutStep extends Step {
  /**
   * Whether all threads wait for one another before it: always, or where this list of nonzero elements isn't used, for
   * otherwise the steps that it would have to wait for aren't done.
   */
  readonly waits: 'always' | 'never' | { readonly unlessListed: number }
  /** Where one thread does it all, the rows that it was cut into before: it may still go row by row with others. */
  readonly rowsAlone?: number
}

/** Steps between two waits of all threads. */
export type Phase = readonly CutStep[]

/** Buffers that are used in one phase don't share memory, so phases don't grow without bounds. */
const mostSteps = 64

/** How many steps are looked at for one that needn't wait. */
const lookahead = 32

/**
 * Cuts each step into rows, and finds where threads have to wait. A step goes with those before it as long as each row
 * of it touches, of what they touch, only the same row: so a thread takes its rows of a batch through a whole network.
 * Steps that would have to wait are put off as long as there are others. `resourceOf` tells buffers apart that don't
 * share memory.
 */
export function phasesOf(steps: readonly Step[], resourceOf: (buffer: number) => unknown): Phase[] {
  const conflicts = new Conflicts(resourceOf)
  const left = [...steps]
  const phases: Phase[] = []
  while (left.length > 0) {
    const phase: CutStep[] = [{ ...left.shift()!, waits: 'always' }]
    while (phase.length < mostSteps) {
      const next = nextOf(left, phase, conflicts)
      if (next === undefined) break
      left.splice(next.position, 1)
      phase.push(next.step)
    }
    phases.push(isWorthSharing(phase) ? phase : phase.map(alone))
  }
  return phases
}

/**
 * The next step that may go on in the phase without a wait, one with as many rows as the last if there is one, for they
 * go together; or else with a wait that isn't always needed.
 */
function nextOf(
  left: readonly Step[],
  phase: Phase,
  conflicts: Conflicts,
): { readonly position: number; readonly step: CutStep } | undefined {
  let waiting: { readonly position: number; readonly step: CutStep } | undefined
  let other: typeof waiting
  const { rows } = phase[phase.length - 1]
  const passed: Step[] = []
  for (const [position, candidate] of left.slice(0, lookahead).entries()) {
    const isNext = passed.every((other) => conflicts.between(candidate, other).length === 0)
    passed.push(candidate)
    if (!isNext) continue
    const step = cutFor(candidate, phase, conflicts)
    if (step.waits === 'never' && step.rows === rows) return { position, step }
    if (step.waits === 'never') other ??= { position, step }
    else if (step.waits !== 'always') waiting ??= { position, step }
  }
  return other ?? waiting
}

/** The step cut so that it waits as little as can be for those of the phase before it. */
function cutFor(step: Step, phase: Phase, conflicts: Conflicts): CutStep {
  const others = phase.filter((other) => conflicts.between(step, other).length > 0)
  const candidates = [...new Set(others.map(({ rows }) => rows)), step.rows]
  const cuts = candidates
    .filter((rows) => step.code.total % rows === 0)
    .map((rows): CutStep => {
      const inTheWay = others.filter((other) => !goesWith(step, other, rows, conflicts))
      return { ...step, rows, waits: waitFor(inTheWay, phase) }
    })
  return (
    cuts.find(({ waits }) => waits === 'never') ??
    cuts.find(({ waits }) => waits !== 'always') ?? { ...step, waits: 'always' }
  )
}

type Pair = readonly [Touch, Touch]

/** What two steps both touch and one of them at least writes. Each two are asked about many times. */
class Conflicts {
  private readonly known = new Map<Touches, Map<Touches, readonly Pair[]>>()

  constructor(private readonly resourceOf: (buffer: number) => unknown) {}

  /** It, as each of the two touches it. */
  between({ touches }: Step, { touches: others }: Step): readonly Pair[] {
    const ofStep = this.known.get(touches) ?? new Map<Touches, readonly Pair[]>()
    this.known.set(touches, ofStep)
    const known = ofStep.get(others)
    if (known !== undefined) return known
    const pairs: Pair[] = []
    this.findPairs(touches.reads, others.writes, pairs)
    this.findPairs(touches.writes, others.reads, pairs)
    this.findPairs(touches.writes, others.writes, pairs)
    ofStep.set(others, pairs)
    return pairs
  }

  private findPairs(xs: readonly Touch[], ys: readonly Touch[], pairs: Pair[]): void {
    for (const x of xs) {
      const resource = this.resourceOf(x.buffer)
      for (const y of ys) if (this.resourceOf(y.buffer) === resource) pairs.push([x, y])
    }
  }
}

/** Whether the step, cut into so many rows, may follow the other one on the same thread without a wait. */
function goesWith(step: Step, other: CutStep, rows: number, conflicts: Conflicts): boolean {
  if (other.rows !== rows || step.code.isForEveryThread === true || other.code.isForEveryThread === true)
    return false
  return (
    rows === 1 ||
    conflicts
      .between(step, other)
      .flat()
      .every((touch) => touch.isByRows(rows))
  )
}

/** How to wait for the steps of a phase that are in the way of the next one. */
function waitFor(inTheWay: readonly CutStep[], phase: Phase): CutStep['waits'] {
  let waits: CutStep['waits'] = 'never'
  for (const other of inTheWay) {
    const { unlessListed } = other.code
    if (unlessListed === undefined) return 'always'
    const hasWaited = phase
      .slice(phase.indexOf(other) + 1)
      .some((between) => typeof between.waits === 'object' && between.waits.unlessListed === unlessListed)
    if (hasWaited) continue
    if (typeof waits === 'object' && waits.unlessListed !== unlessListed) return 'always'
    waits = { unlessListed }
  }
  return waits
}

/** Less work than this is done by one thread while the others wait: sharing it would take longer. */
const leastShared = 16_000

function isWorthSharing(phase: Phase): boolean {
  return phase.some(({ code }) => code.isForEveryThread) || workOf(phase) >= leastShared
}

function workOf(phase: Phase): number {
  return phase.reduce((total, { work }) => total + work, 0)
}

/** The step done by one thread. */
function alone(step: CutStep): CutStep {
  return { ...step, rows: 1, rowsAlone: step.rows, waits: step.waits === 'always' ? 'always' : 'never' }
}

/** Ranges of rows begin at multiples of this, so that those of each step of the phase begin where its code can. */
export function grainOf(phase: Phase, rows: number): number {
  return phase
    .filter((step) => step.rows === rows)
    .reduce((grain, { code }) => {
      const scale = code.total / rows
      return leastCommonMultiple(grain, code.grain / greatestCommonDivisor(code.grain, scale))
    }, 1)
}

/** Whether one thread does the whole phase. */
export function isAlone(phase: Phase): boolean {
  return phase.every(({ rows, code }) => rows === 1 && code.isForEveryThread !== true)
}
