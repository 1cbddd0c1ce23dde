/** What a compiled program says of itself: its operations, kernels, memory, and where the time goes. */
import { workOf } from './codegen/work.js'
import type { AssembledProgram } from './assemble.js'
import type { Expression } from './lowering/expression.js'
import type { Kernel, ProductWriteBack } from './lowering/kernel.js'
import type { Linear } from './lowering/linear.js'
import type { LoweredProgram } from './lowering/lower.js'
import { formatProgram } from './program.js'

/** A program before and after it was assembled. */
export interface Explained {
  readonly lowered: LoweredProgram
  readonly assembled: AssembledProgram
}

/** The program, the kernels with their shares of the estimated work, and the memory plan, as text. */
export function explain({ lowered, assembled }: Explained): string {
  return [
    'program:',
    formatProgram(lowered.program),
    '',
    'kernels, with their shares of the estimated work:',
    formatKernels(lowered.kernels),
    '',
    'memory:',
    formatMemory(assembled),
  ].join('\n')
}

/** One line a kernel, such as `21.3 %  %8 [100, 50] = relu(%7)`. */
export function formatKernels(kernels: readonly Kernel[]): string {
  const total = kernels.reduce((sum, kernel) => sum + workOf(kernel), 0)
  return kernels
    .map((kernel) => {
      const share = total === 0 ? 0 : (100 * workOf(kernel)) / total
      return `${share.toFixed(1).padStart(5)} %  ${formatKernel(kernel)}`
    })
    .join('\n')
}

function formatKernel(kernel: Kernel): string {
  switch (kernel.kind) {
    case 'map':
      return `%${kernel.buffer} [${kernel.loops.join(', ')}] = ${formatExpression(kernel.value)}`
    case 'reduce':
      return (
        `%${kernel.buffer} [${kernel.kept.join(', ')}] = ${kernel.reducer} over [${kernel.reduced.join(', ')}] ` +
        `of ${formatExpression(kernel.value)}`
      )
    case 'matmul': {
      const { buffer, a, b, m, n, k, transposeA, transposeB, batch, nonzeros, writeBack } = kernel
      const product = `%${a}${transposeA ? 'ᵀ' : ''} · %${b}${transposeB ? 'ᵀ' : ''}`
      const unlessLong = nonzeros?.isCompressed === true ? '' : ' where that is short'
      const skipping = nonzeros === undefined ? '' : `, by %${nonzeros.buffer}${unlessLong}`
      return `%${buffer} [${m}, ${n}] = ${formatWritten(product, writeBack)} over ${k}${times(batch.count)}${skipping}`
    }
    case 'packLeft':
      return `%${kernel.buffer} = %${kernel.a} [${kernel.m}, ${kernel.k}] packed${times(kernel.count)}`
    case 'packRight':
      return `%${kernel.buffer} = %${kernel.b}${kernel.transposeB ? 'ᵀ' : ''} [${kernel.k}, ${kernel.n}] packed`
    case 'scatter':
      return (
        `%${kernel.buffer}[${formatExpression(kernel.place)}] += ${formatExpression(kernel.value)} ` +
        `for [${kernel.loops.join(', ')}]`
      )
    case 'cumulative':
      return `%${kernel.buffer} = running sums of %${kernel.source}`
    case 'random':
      return `%${kernel.buffer} [${kernel.count}] = random numbers of stream (%${kernel.key.join(', %')}) from %${kernel.counter}`
    case 'nonzeros': {
      const from = kernel.isCompressed === true ? `, from %${kernel.leaf.buffer}` : ''
      return `%${kernel.buffer} = list of the nonzero elements of %${kernel.source} [${kernel.loops.join(', ')}]${from}`
    }
    case 'copy':
      return `%${kernel.buffer} = copy of %${kernel.source}, ${kernel.bytes} bytes`
  }
}

function formatWritten(product: string, writeBack: ProductWriteBack | undefined): string {
  const sum = writeBack?.bias === undefined ? product : `${product} + %${writeBack.bias}`
  return writeBack?.relu === true ? `relu(${sum})` : sum
}

function times(count: number): string {
  return count === 1 ? '' : `, ${count} times`
}

function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'load':
      return `%${expression.buffer}${formatPosition(expression.position)}`
    case 'gather':
      return `%${expression.buffer}[${formatExpression(expression.place)}]`
    case 'constant':
      return String(expression.value)
    case 'index':
      return `index${formatPosition(expression.position)}`
    case 'apply':
      return `${expression.operation}(${expression.operands.map(formatExpression).join(', ')})`
    case 'place':
      return formatExpression(expression.operand)
    case 'convert':
      return `${expression.dtype}(${formatExpression(expression.operand)})`
  }
}

/** How far apart the elements of neighbouring turns of each loop are: `⟨50, 1⟩`, with where it starts unless at 0. */
function formatPosition({ offset, steps }: Linear): string {
  return steps.length === 0 ? '' : `⟨${steps.join(', ')}${offset === 0 ? '' : `; from ${offset}`}⟩`
}

function formatMemory({ buffers, memoryBytes, start }: AssembledProgram): string {
  const lines = buffers.map(
    ({ buffer, address, bytes, first, last }) =>
      `${String(address).padStart(10)}  ${String(bytes).padStart(10)} bytes  %${buffer}, phases ${first} to ${last}`,
  )
  const separately = buffers.reduce((total, { bytes }) => total + bytes, 0)
  return [
    ...lines,
    `${memoryBytes - start} bytes at most; ${separately} if no two buffers shared a place; scratch for matrix products included`,
  ].join('\n')
}
