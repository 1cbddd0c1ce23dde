/** Code that copies a buffer. */
import { func, i32, memory } from '@tapegrad/kernels/assembler'
import type { CopyKernel } from '../lowering/kernel.js'
import type { Layout } from './layout.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'

export function copyLoop({ buffer, source, bytes }: CopyKernel, layout: Layout): KernelCode {
  return {
    run: func('copy', rangeParameters, 'none', ({ begin, end }) => [
      memory.copy(
        i32.add(begin, layout.addressOf(buffer)),
        i32.add(begin, layout.addressOf(source)),
        i32.sub(end, begin),
      ),
    ]),
    total: bytes,
    grain: 1,
  }
}
