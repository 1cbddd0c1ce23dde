/** Code for the write-back of products that are made by lists: it comes when their rows are complete. */
import type { Body, Local } from '@tapegrad/kernels/assembler'
import { call, i32 } from '@tapegrad/kernels/assembler'
import type { Expression } from '../lowering/expression.js'
import type { MatmulKernel } from '../lowering/kernel.js'
import type { Layout } from './layout.js'
import { mapLoop } from './mapLoop.js'

/** Adds the bias to the rows of the result from `begin` to `end`, and applies relu, as far as the kernel says so. */
export function writeBackRows(
  kernel: MatmulKernel,
  layout: Layout,
  { begin, end, thread }: Record<'begin' | 'end' | 'thread', Local<'i32'>>,
): Body {
  const { buffer, m, n } = kernel
  const value = writtenBack(kernel)
  if (value === undefined) return []
  const store = { offset: 0, steps: [n, 1] }
  const { run, total } = mapLoop({ kind: 'map', buffer, loops: [m, n], store, value }, layout)
  // The work of a loop is counted in rows, or in elements.
  return [call(run, i32.mul(begin, total / m), i32.mul(end, total / m), thread)]
}

/** What the elements of a product become, in loops over its rows and columns. */
function writtenBack({ buffer, dtype, n, writeBack }: MatmulKernel): Expression | undefined {
  if (writeBack === undefined) return undefined
  const apply = (operation: string, ...operands: readonly Expression[]): Expression => ({
    kind: 'apply',
    operation,
    operandDType: dtype,
    dtype,
    operands,
  })
  const load = (from: number, steps: readonly number[]): Expression => ({
    kind: 'load',
    buffer: from,
    dtype,
    position: { offset: 0, steps },
  })
  const { bias, relu } = writeBack
  const product = load(buffer, [n, 1])
  const sum = bias === undefined ? product : apply('add', product, load(bias, [0, 1]))
  return relu ? apply('relu', sum) : sum
}
