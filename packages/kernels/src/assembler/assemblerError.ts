/** The error of a program that would not be valid WebAssembly. */
import { TapegradError } from '../errors.js'

export class AssemblerError extends TapegradError {}

export function assemblerError(message: string): AssemblerError {
  return new AssemblerError('ASSEMBLER', message)
}
