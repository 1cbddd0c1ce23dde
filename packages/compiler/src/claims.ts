/**
 * Work that threads claim piece by piece. Where a phase has work of a few large parts, such as the halves of a product,
 * some threads are done with theirs before others are. What else there is to do in the phase comes last then, and whoever
 * comes first does it. Pieces are the same whoever does them, and so are the results.
 */
import type { Phase } from './phases.js'
import { grainOf } from './phases.js'

/** What is claimed in a phase. */
export interface Claims {
  readonly pieces: readonly Pieces[]
  /**
   * What the count of claims has come to before the first of these: that many pieces, and so many times the number of
   * threads, each of which counts on once where nothing is left.
   */
  readonly before: { readonly pieces: number; readonly ends: number }
}

/** The steps of a phase that are cut into so many rows, in pieces. */
export interface Pieces {
  readonly rows: number
  /** The rows of a piece; the last one may have fewer. */
  readonly rowsInPiece: number
  readonly count: number
  /** How many pieces of other steps are claimed before. */
  readonly first: number
}

/** There are so many pieces for each thread, so that one can do most of them. */
const piecesPerThread = 2

/** Less work than this isn't worth counting. */
const leastWork = 4_000

/** What is claimed in each phase, undefined where nothing is. */
export function claimsOf(phases: readonly Phase[], threads: number): (Claims | undefined)[] {
  let before: Claims['before'] = { pieces: 0, ends: 0 }
  return phases.map((phase) => {
    const pieces = piecesOf(phase, threads)
    if (pieces.length === 0) return undefined
    const claims = { pieces, before }
    before = { pieces: before.pieces + countOf(pieces), ends: before.ends + 1 }
    return claims
  })
}

/** How many pieces there are. */
export function countOf(pieces: readonly Pieces[]): number {
  return pieces.reduce((sum, { count }) => sum + count, 0)
}

function piecesOf(phase: Phase, threads: number): Pieces[] {
  const all: Pieces[] = []
  for (const rows of claimedRows(phase, threads)) {
    const grain = grainOf(phase, rows)
    const rowsInPiece = Math.ceil(rows / (threads * piecesPerThread) / grain) * grain
    all.push({ rows, rowsInPiece, count: Math.ceil(rows / rowsInPiece), first: countOf(all) })
  }
  return all
}

/** Into how many rows the steps are cut that are less work than others of the phase, of a part for each thread. */
function claimedRows(phase: Phase, threads: number): number[] {
  const isForAll = phase.some(({ code }) => code.isForEveryThread === true)
  const isConditional = phase.some(({ waits }) => typeof waits === 'object')
  if (threads === 1 || isForAll || isConditional) return []
  const workByRows = new Map<number, number>()
  for (const { rows, work } of phase) workByRows.set(rows, (workByRows.get(rows) ?? 0) + work)
  const mostInParts = Math.max(0, ...[...workByRows].map(([rows, work]) => (rows <= threads ? work : 0)))
  return [...workByRows].flatMap(([rows, work]) =>
    rows > threads && work >= leastWork && work < mostInParts ? [rows] : [],
  )
}
