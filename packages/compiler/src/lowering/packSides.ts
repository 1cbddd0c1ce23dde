/** Which sides of products are packed in a step of their own: left ones that products share, and large right ones. */
import type { Kernel, MatmulKernel, PackLeftKernel, PackRightKernel } from './kernel.js'
import { isInRows } from './kernel.js'
import type { LoweredProgram } from './lower.js'

/** Elements of a right side that each thread packs for itself sooner than it would wait for others. */
export const mostPackedAlone = 65_536

/** The program with kernels that pack sides of products before their first use. */
export function packSides(lowered: LoweredProgram): LoweredProgram {
  const { program, kernels } = lowered
  let next = 1 + Math.max(0, ...kernels.map(({ buffer }) => buffer), program.nodes.length)
  const lefts = new Map<string, number>()
  const packed = kernels.flatMap((kernel): Kernel[] => {
    if (kernel.kind !== 'matmul' || kernel.nonzeros?.isCompressed === true) return [kernel]
    const before: Kernel[] = []
    let product: MatmulKernel = kernel
    if (isShared(kernel, kernels)) {
      const known = lefts.get(leftOf(kernel))
      const packedLeft = known ?? next++
      if (known === undefined) before.push(packLeft(kernel, packedLeft))
      lefts.set(leftOf(kernel), packedLeft)
      product = { ...product, packedLeft }
    }
    if (kernel.batch.count === 1 && kernel.n * kernel.k > mostPackedAlone) {
      const packedRight = next++
      before.push(packRight(kernel, packedRight))
      product = { ...product, packedRight }
    }
    return [...before, product]
  })
  return { ...lowered, kernels: packed }
}

/** Whether another product has the same left sides, of which one kernel alone fills the buffer. */
function isShared(kernel: MatmulKernel, kernels: readonly Kernel[]): boolean {
  const sharing = kernels.filter((other) => other.kind === 'matmul' && leftOf(other) === leftOf(kernel))
  const writers = kernels.filter(({ buffer }) => buffer === kernel.a)
  return isInRows(kernel.batch) && !kernel.transposeA && sharing.length > 1 && writers.length <= 1
}

/** Tells left sides apart, and how they are used. */
function leftOf({ a, m, k, transposeA, dtype, nonzeros, batch }: MatmulKernel): string {
  return [a, m, k, transposeA, dtype, nonzeros?.buffer, batch.count, ...batch.a].join()
}

function packLeft({ dtype, a, m, k, nonzeros, batch }: MatmulKernel, buffer: number): PackLeftKernel {
  return { kind: 'packLeft', buffer, dtype, a, m, k, count: batch.count, unlessListed: nonzeros?.buffer }
}

function packRight({ dtype, b, n, k, transposeB, nonzeros }: MatmulKernel, buffer: number): PackRightKernel {
  return { kind: 'packRight', buffer, dtype, b, n, k, transposeB, unlessListed: nonzeros?.buffer }
}
