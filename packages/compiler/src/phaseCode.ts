/** A thread's part of a phase: of some steps its own rows, of others what it comes to before the other threads. */
import type { Body, Expression as Code, Global, Local } from '@tapegrad/kernels/assembler'
import { block, br_if, call, for_, i32, if_, increase, local, loop, set } from '@tapegrad/kernels/assembler'
import type { Claims } from './claims.js'
import { countOf } from './claims.js'
import type { ControlWords } from './codegen/barrier.js'
import { smaller } from './codegen/smaller.js'
import type { CutStep, Phase } from './phases.js'
import { grainOf } from './phases.js'

/** A phase with what is claimed in it. */
export interface ClaimingPhase {
  readonly phase: Phase
  readonly claims: Claims | undefined
}

export interface Thread {
  readonly thread: Local<'i32'>
  readonly threads: Local<'i32'>
  readonly maySleep: Local<'i32'>
}

export interface PhaseOptions {
  /** 1 where a list of nonzero elements is used. */
  readonly isUsed: (list: number) => Global<'i32'>
  readonly control: ControlWords
}

/** A thread's part of a phase, with its waits for the others. */
export function phaseCode(
  { phase, claims }: ClaimingPhase,
  thread: Thread,
  { isUsed, control }: PhaseOptions,
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
  const chainCode = (chain: readonly CutStep[], range: Range): Body => {
    const [{ rows }] = chain
    const atOnce = chain.length === 1 ? rows : sweptRows(chain, grainOf(phase, rows))
    return sweep(rows, atOnce, range, (part) => chain.map((step) => work(step, part)))
  }
  const inOwnRange = (chain: readonly CutStep[]): Body => {
    const [first] = chain
    const { rows } = first
    const known = ranges.get(rows)
    const range = known ?? { begin: local('i32', 'begin'), end: local('i32', 'end') }
    ranges.set(rows, range)
    return [
      first === phase[0] ? [] : waitBefore(first),
      known === undefined ? setRange(range, rows, grainOf(phase, rows), thread) : [],
      chainCode(chain, range),
    ]
  }
  const chains = chainsOf(phase)
  const isClaimed = ([{ rows }]: readonly CutStep[]): boolean =>
    claims?.pieces.some((pieces) => pieces.rows === rows) === true
  return [
    waitBefore(phase[0]),
    chains.filter((chain) => !isClaimed(chain)).map((chain) => inOwnRange(chain)),
    claims === undefined
      ? []
      : forEachClaim(claims, thread, control, (piece, ofRows) =>
          chains.filter(([{ rows }]) => rows === ofRows).map((chain) => chainCode(chain, piece)),
        ),
  ]
}

/** Does something with the pieces that no other thread has claimed, one after the other. */
function forEachClaim(
  { pieces: all, before }: Claims,
  { threads }: Thread,
  { claimed }: ControlWords,
  body: (piece: Range, rows: number) => Body,
): Body {
  const [next, piece] = [local('i32', 'next'), local('i32', 'piece')]
  const range = { begin: local('i32', 'begin'), end: local('i32', 'end') }
  const counted: Code<'i32'> = i32.add(i32.mul(threads, before.ends), before.pieces)
  return [
    set(next, 0),
    block((done) => [
      loop((again) => [
        // Alone, a thread counts for itself: others that were stopped in the middle of a run may have claimed.
        if_(
          i32.eq(threads, 1),
          [set(piece, next), increase(next, 1)],
          [set(piece, i32.sub(i32.atomic_rmw_add(i32.const(claimed), 1), counted))],
        ),
        br_if(done, i32.ge_u(piece, countOf(all))),
        all.map(({ rows, rowsInPiece, count, first }) => {
          const ofThese = i32.sub(piece, first)
          return if_(i32.lt_u(ofThese, count), [
            set(range.begin, i32.mul(ofThese, rowsInPiece)),
            set(range.end, i32.add(range.begin, rowsInPiece)),
            set(range.end, smaller(range.end, rows)),
            body(range, rows),
          ])
        }),
        br_if(again, i32.const(1)),
      ]),
    ]),
  ]
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
