/** Where a program looks for zeros: left sides of matrix products that are large enough for it to pay. */
import type { Kernel, MatmulKernel, NonzerosKernel } from './kernel.js'
import type { LoweredProgram } from './lower.js'

/** Smaller left sides are multiplied before they are searched. */
const leastElements = 16_384

/** Narrower products gain nothing from skipping. */
const leastColumns = 4

/**
 * The program with a list of nonzero elements for each large float32 left side of a product, made once, just before
 * its first use, and shared by the others. Whether there are few enough to use the list is found out at run time.
 */
export function findNonzeros(lowered: LoweredProgram): LoweredProgram {
  const lists = new Map<number, number>()
  const kernels: Kernel[] = []
  for (const kernel of lowered.kernels) {
    if (kernel.kind !== 'matmul' || !isWorthLooking(kernel)) {
      kernels.push(kernel)
      // What a list was made of is gone.
      lists.delete(kernel.buffer)
      continue
    }
    let list = lists.get(kernel.a)
    if (list === undefined) {
      // Buffers are named by nodes; lists get names behind them.
      list = lowered.program.nodes.length + kernels.length
      lists.set(kernel.a, list)
      kernels.push(nonzerosOf(kernel, list))
    }
    kernels.push({ ...kernel, nonzeros: list })
  }
  return { ...lowered, kernels }
}

/** Rows of the right side are what is multiplied by a nonzero element, so they have to lie in memory as rows. */
function isWorthLooking({ dtype, m, n, k, batch, transposeB }: MatmulKernel): boolean {
  const isLarge = m * k >= leastElements && n >= leastColumns
  return dtype === 'float32' && batch.length === 1 && !transposeB && isLarge
}

function nonzerosOf({ a, m, k, transposeA }: MatmulKernel, list: number): NonzerosKernel {
  const [rows, columns] = transposeA ? [k, m] : [m, k]
  return { kind: 'nonzeros', buffer: list, source: a, rows, columns }
}
