/** Code for matrix products: by the list of nonzero elements where that is used, else densely. */
import { func, if_ } from '@tapegrad/kernels/assembler'
import { listBlock } from '@tapegrad/kernels'
import type { MatmulKernel } from '../lowering/kernel.js'
import { denseProduct, multiplyRows } from './denseProduct.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'
import type { Layout } from './layout.js'
import { leastCommonMultiple } from './multiples.js'
import type { ModuleFunctions } from './moduleFunctions.js'
import { listedProduct } from './nonzeros.js'

export function product(kernel: MatmulKernel, functions: ModuleFunctions, layout: Layout): KernelCode {
  const dense = functions.dense(kernel.dtype)
  const { nonzeros, transposeA, m } = kernel
  if (nonzeros === undefined) return denseProduct(kernel, dense, layout)
  return {
    run: func('multiply', rangeParameters, 'none', ({ begin, end, thread }) => [
      if_(
        functions.isUsed(nonzeros),
        listedProduct(kernel, functions, layout, { begin, end }),
        multiplyRows(kernel, dense, layout, { begin, end, thread }),
      ),
    ]),
    total: m,
    // The rows of a transposed left side's product are columns of the list, which is cut between its blocks.
    grain: transposeA ? leastCommonMultiple(dense.shape.rows, listBlock) : dense.shape.rows,
  }
}
