/** The errors of this package. */
import { TapegradError } from '@tapegrad/autograd'

/** A function that can't be compiled, or a compiled one called in a way it can't be. */
export class CompileError extends TapegradError {}

export function notCompilable(operation: string): CompileError {
  return new CompileError(
    'NOT_COMPILABLE',
    `compile: the operation ${operation} can't be compiled yet; compute it outside and pass the result in`,
  )
}
