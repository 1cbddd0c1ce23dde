/** The smaller of two whole numbers, as code. */
import type { Expression as Code } from '@tapegrad/kernels/assembler'
import { i32, select } from '@tapegrad/kernels/assembler'

/** On signed integers; both are written twice, so that they should be locals or constants. */
export function smaller(x: Code<'i32'>, y: Code<'i32'> | number): Code<'i32'> {
  return select(x, y, i32.lt_s(x, y))
}
