/** The matrix product: checks its arguments and chooses how to compute it. */
import { checkMatmul, type MatmulOptions } from './matmulOptions.js'
import { matmulPlain } from './matmulPlain.js'

/** out = op(a) · op(b), where op transposes if asked to; see {@link MatmulOptions}. */
export function matmul(options: MatmulOptions): void {
  checkMatmul(options)
  matmulPlain(options)
}
