/** Compiles random programs and holds their results against eager's. */
import type { Value } from '@tapegrad/autograd'
import { compile } from '../../src/compile.js'
import { disagreement } from './agreement.js'
import type { ProgramOptions } from './randomProgram.js'
import { randomProgram, traced } from './randomProgram.js'

/** Every so many programs one is compiled for two threads: in another order, with another plan of its memory. */
const sharedPeriod = 4

/** What went wrong with a random program. */
export interface Failure {
  /** A wrong result, a trap of WebAssembly, or another error. */
  readonly kind: 'mismatch' | 'trap' | 'error'
  readonly report: string
}

/** Undefined where the program of that seed does compiled what it does eagerly. */
export function failureOf(seed: number, options: ProgramOptions = {}): Failure | undefined {
  const program = randomProgram(seed, options)
  const { f, inputs } = program
  const failure = (kind: Failure['kind'], what: string): Failure => ({
    kind,
    report: `seed ${seed} ${JSON.stringify(options)}: ${what}\n${String(program)}`,
  })
  const eager = f(...inputs)
  let actual: readonly Value[]
  try {
    const threads = seed % sharedPeriod === 0 ? 2 : 1
    actual = compile(f as (...x: Value[]) => Value[], { threads })(...inputs) as Value[]
  } catch (error) {
    const isTrap = error instanceof WebAssembly.RuntimeError
    return failure(isTrap ? 'trap' : 'error', error instanceof Error ? (error.stack ?? '') : String(error))
  }
  const wrong = disagreement(traced(program), inputs, eager, actual)
  return wrong === undefined ? undefined : failure('mismatch', wrong)
}

/** The reports of all failures of so many programs. */
export function failuresOf(count: number, options: ProgramOptions = {}, firstSeed = 1): readonly string[] {
  return Array.from({ length: count }, (_, k) => failureOf(firstSeed + k, options)?.report ?? []).flat()
}
