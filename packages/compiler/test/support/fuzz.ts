/** Compiles random programs and holds their results against eager's. */
import type { Value } from '@tapegrad/autograd'
import { compile } from '../../src/compile.js'
import { disagreement } from './agreement.js'
import type { ProgramOptions } from './randomProgram.js'
import { randomProgram, traced } from './randomProgram.js'

/** Undefined where the program of that seed does compiled what it does eagerly, else a report of what is wrong. */
export function mismatchOf(seed: number, options: ProgramOptions = {}): string | undefined {
  const program = randomProgram(seed, options)
  const { f, inputs } = program
  const report = (what: string): string =>
    `seed ${seed} ${JSON.stringify(options)}: ${what}\n${String(program)}`
  const eager = f(...inputs)
  let actual: readonly Value[]
  try {
    actual = compile(f as (...x: Value[]) => Value[])(...inputs) as Value[]
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return report(stack.split('\n').slice(0, 9).join('\n'))
  }
  const wrong = disagreement(traced(program), inputs, eager, actual)
  return wrong === undefined ? undefined : report(wrong)
}
