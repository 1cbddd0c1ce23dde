/** Code for matrix products: by the list of nonzero elements where that is used, else densely. */
import type { Body, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import { for_, func, i32, if_, local, set } from '@tapegrad/kernels/assembler'
import type { MatmulKernel } from '../lowering/kernel.js'
import { leastCommonMultiple } from '../multiples.js'
import type { DenseOperands } from './denseProduct.js'
import { denseProduct, packedMatrixBytes } from './denseProduct.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'
import type { Layout } from './layout.js'
import { elementBytes } from './machine.js'
import { setIndices } from './mapLoop.js'
import type { ModuleFunctions } from './moduleFunctions.js'
import { layoutOfLeftList, listedProduct } from './nonzeros.js'
import { writeBackRows } from './writeBackRows.js'

/** A product, of which threads share the rows, or the products of a batch, each of which one thread does alone. */
export function product(kernel: MatmulKernel, functions: ModuleFunctions, layout: Layout): KernelCode {
  const { m, batch, nonzeros, transposeA } = kernel
  const { rows } = functions.dense(kernel.dtype).shape
  if (batch.count > 1) return productsOfBatch(kernel, functions, layout)
  return {
    run: func('multiply', rangeParameters, 'none', (range) =>
      multiply(kernel, functions, layout, operandsOf(kernel, functions, layout, []), range),
    ),
    total: m,
    // The rows of a transposed left side's product are columns of the list, which is cut between its blocks.
    grain:
      transposeA && nonzeros !== undefined ? leastCommonMultiple(rows, layoutOfLeftList(kernel).block) : rows,
  }
}

function productsOfBatch(kernel: MatmulKernel, functions: ModuleFunctions, layout: Layout): KernelCode {
  const { m, batch } = kernel
  const matrix = local('i32', 'matrix')
  const rows = { begin: local('i32', 'firstRow'), end: local('i32', 'behindRows') }
  const indices = batch.extents.map((_, axis) => local('i32', `i${axis}`))
  return {
    run: func('multiplyBatch', rangeParameters, 'none', ({ begin, end, thread }) => [
      set(rows.end, m),
      for_(matrix, begin, end, 1, [
        setIndices(matrix, batch.extents, indices),
        multiply(kernel, functions, layout, operandsOf(kernel, functions, layout, indices, matrix), {
          ...rows,
          thread,
        }),
      ]),
    ]),
    total: batch.count,
    grain: 1,
  }
}

interface Operands extends DenseOperands {
  readonly list: Code<'i32'> | undefined
}

/** Where the operands of a product are; of a batch of products, of that with these indices. */
function operandsOf(
  kernel: MatmulKernel,
  functions: ModuleFunctions,
  layout: Layout,
  indices: readonly Local<'i32'>[],
  matrix?: Local<'i32'>,
): Operands {
  const { m, n, k, a, b, buffer, dtype, transposeA, packedLeft, writeBack, nonzeros, batch } = kernel
  const bytes = elementBytes[dtype]
  const at = (start: number, steps: readonly number[], matrixBytes: number): Code<'i32'> =>
    indices.reduce<Code<'i32'>>(
      (address, index, axis) => i32.add(address, i32.mul(index, steps[axis] * matrixBytes)),
      i32.const(layout.addressOf(start)),
    )
  const tableBytes = (transposeA ? k : m) * layoutOfLeftList(kernel).tableStride
  const result = i32.const(layout.addressOf(buffer))
  return {
    // What is only a list isn't anywhere, and never read.
    a: nonzeros?.isCompressed === true ? i32.const(0) : at(a, batch.a, m * k * bytes),
    b: at(b, batch.b, k * n * bytes),
    result: matrix === undefined ? result : i32.add(i32.mul(matrix, m * n * bytes), result),
    packedLeft:
      packedLeft === undefined
        ? undefined
        : at(packedLeft, batch.a, packedMatrixBytes({ m, k }, functions.dense(dtype))),
    bias: writeBack?.bias === undefined ? undefined : i32.const(layout.addressOf(writeBack.bias)),
    list: nonzeros === undefined ? undefined : at(nonzeros.buffer, batch.a, tableBytes),
  }
}

function multiply(
  kernel: MatmulKernel,
  functions: ModuleFunctions,
  layout: Layout,
  operands: Operands,
  range: Record<'begin' | 'end' | 'thread', Local<'i32'>>,
): Body {
  const densely = (): Body => denseProduct(kernel, functions.dense(kernel.dtype), layout, operands, range)
  const { nonzeros } = kernel
  const { list, b: right, result } = operands
  if (nonzeros === undefined || list === undefined) return densely()
  const byList = [
    listedProduct(kernel, nonzeros, functions, { list, right, result }, range),
    writeBackRows(kernel, layout, range),
  ]
  if (nonzeros.isCompressed === true) return byList
  return [if_(functions.isUsed(nonzeros.buffer), byList, densely())]
}
