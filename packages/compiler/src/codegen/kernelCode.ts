/** What code for a kernel is: a function of a range of its work. */
import type { DefinedFunction } from '@tapegrad/kernels/assembler'

export interface KernelCode {
  readonly run: DefinedFunction<'none'>
  /** The work is [0, total), in the order of what is computed; 1 where one thread does it all. */
  readonly total: number
  /** A range that isn't all of it begins at a multiple of this. */
  readonly grain: number
  /** Left undone where this list of nonzero elements is used. */
  readonly unlessListed?: number | undefined
  /** Whether a few rows at a time take no longer than many: whether it is a plain loop. */
  readonly isLoop?: boolean
  /** Whether each thread does all of it, for itself. */
  readonly isForEveryThread?: boolean
}

/** The range, and which thread works on it. */
export const rangeParameters = { begin: 'i32', end: 'i32', thread: 'i32' } as const
