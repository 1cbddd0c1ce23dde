/** Which right sides of products are packed once for all threads, in a step of its own. */
import type { Kernel, MatmulKernel, PackKernel } from './kernel.js'
import type { LoweredProgram } from './lower.js'

/** Elements of a right side that each thread packs for itself sooner than it would wait for others. */
const mostForItself = 65_536

/** The program with a kernel that packs the right side before each product where that is large. */
export function packRight(lowered: LoweredProgram): LoweredProgram {
  let next = 1 + Math.max(0, ...lowered.kernels.map(({ buffer }) => buffer), lowered.program.nodes.length)
  const kernels = lowered.kernels.flatMap((kernel): Kernel[] => {
    if (kernel.kind !== 'matmul' || kernel.batch.count > 1 || kernel.n * kernel.k <= mostForItself)
      return [kernel]
    const packed = next++
    return [packFor(kernel, packed), { ...kernel, packed }]
  })
  return { ...lowered, kernels }
}

function packFor({ dtype, b, n, k, transposeB, nonzeros }: MatmulKernel, buffer: number): PackKernel {
  return { kind: 'pack', buffer, dtype, b, n, k, transposeB, unlessListed: nonzeros }
}
