/** A function traced for one kind of arguments: its program, and the structure of what it returns. */
import type { Spec, Value, Variable } from '@tapegrad/autograd'
import { isValue, mapTree } from '@tapegrad/autograd'
import { CompileError } from './errors.js'
import { optimize } from './passes/index.js'
import type { Program } from './program.js'
import { Slot } from './result.js'
import { traceProgram } from './trace.js'

export interface TracedCall {
  readonly program: Program
  /** The result, with slots for its values. */
  readonly structure: unknown
}

/** Traces `f`; values among `args` become inputs, in order, and all other leaves stay. */
export function traceCall(
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  specs: readonly Spec[],
): TracedCall {
  let structure: unknown
  const program = traceProgram((inputs: readonly Variable[]) => {
    let next = 0
    const traced = mapTree(args, (leaf) => (isValue(leaf) ? inputs[next++] : leaf)) as never[]
    const values: Value[] = []
    structure = mapTree(f(...traced), (leaf) => {
      checkNotPromise(leaf)
      return isValue(leaf) ? new Slot(values.push(leaf) - 1) : leaf
    })
    return values
  }, specs)
  return { program: optimize(program), structure }
}

function checkNotPromise(leaf: unknown): void {
  if (leaf instanceof Promise)
    throw new CompileError(
      'PROMISE',
      "compile: the function returned a Promise; what it does after an await can't be traced. Await outside, and pass the values in",
    )
}
