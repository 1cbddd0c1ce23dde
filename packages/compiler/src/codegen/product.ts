/** Code for matrix products: by the list of nonzero elements where that is used, else densely. */
import { func, if_ } from '@tapegrad/kernels/assembler'
import type { MatmulKernel } from '../lowering/kernel.js'
import { denseProduct, multiplyRows } from './denseProduct.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'
import type { Layout } from './layout.js'
import type { ModuleFunctions } from './moduleFunctions.js'
import { listedProduct } from './nonzeros.js'

export function product(kernel: MatmulKernel, functions: ModuleFunctions, layout: Layout): KernelCode {
  const dense = functions.dense(kernel.dtype)
  const { nonzeros, m } = kernel
  if (nonzeros === undefined) return denseProduct(kernel, dense, layout)
  return {
    run: func('multiply', rangeParameters, 'none', (range) => [
      if_(
        functions.isUsed(nonzeros),
        listedProduct(kernel, functions, layout, range),
        multiplyRows(kernel, dense, layout, range),
      ),
    ]),
    total: m,
    grain: dense.shape.rows,
  }
}
