/** Which products add a bias or apply relu to their results as they write them, for which loops follow otherwise. */
import type { Shape } from '@tapegrad/autograd'
import type { Expression, Load } from './expression.js'
import type { Kernel, MapKernel, MatmulKernel, ProductWriteBack } from './kernel.js'
import { fillsInOrder } from './kernel.js'
import type { Linear } from './linear.js'
import { loneLoops } from './loneLoops.js'
import type { LoweredProgram } from './lower.js'
import { withoutUnused } from './withoutUnused.js'

/** A pass over a smaller result takes less time than compiling another variant of the tile code. */
const leastElements = 16_384

/**
 * The program with the bias and relu in the products whose results a loop would take through them: such a product fills
 * the loop's buffer, and the loop and the buffer in between disappear. `inPlace` has the buffers that share the places
 * of states, which a product can't write to: it writes beyond the end, and before others have read.
 */
export function fuseWriteBacks(
  lowered: LoweredProgram,
  inPlace: ReadonlyMap<number, number> = new Map(),
): LoweredProgram {
  const { kernels } = lowered
  const loopOver = loneLoops(lowered)
  const fused = new Map<Kernel, readonly Kernel[]>()
  for (const product of kernels) {
    if (product.kind !== 'matmul' || !canWriteBack(product)) continue
    const loop = loopOver(product)
    if (loop === undefined || !isRowByRow(loop, product) || inPlace.has(loop.buffer)) continue
    const writeBack = writeBackOf(loop.value, product)
    if (writeBack === undefined || !isFilledBefore(lowered, product, writeBack.bias)) continue
    fused.set(product, [{ ...product, buffer: loop.buffer, writeBack }])
    fused.set(loop, [])
  }
  return withoutUnused({ ...lowered, kernels: kernels.flatMap((kernel) => fused.get(kernel) ?? [kernel]) })
}

/** Whether a product is large enough, and a single matrix. */
function canWriteBack({ m, n, batch }: MatmulKernel): boolean {
  return batch.count === 1 && m * n >= leastElements
}

function isRowByRow(loop: MapKernel, { m, n }: MatmulKernel): boolean {
  return loop.loops.length === 2 && fillsInOrder(loop, m, n)
}

/** Whether a form takes these steps from offset 0. In a loop that runs once, any step will do. */
function isForm(position: Linear, steps: readonly number[], loops: Shape): boolean {
  return position.offset === 0 && steps.every((step, l) => loops[l] === 1 || position.steps[l] === step)
}

/** What the loop does to the product, if that is adding a bias, relu, or one after the other. */
function writeBackOf(value: Expression, product: MatmulKernel): ProductWriteBack | undefined {
  const operand = operandsOf(value, 'relu', product)?.[0]
  const relu = operand !== undefined
  const sum = operand ?? value
  if (relu && isProduct(sum, product)) return { relu }
  const addends = operandsOf(sum, 'add', product)
  if (addends === undefined || !addends.some((addend) => isProduct(addend, product))) return undefined
  const bias = addends.find((addend) => isBias(addend, product))
  return bias && { bias: bias.buffer, relu }
}

function operandsOf(
  expression: Expression,
  operation: string,
  { dtype }: MatmulKernel,
): readonly Expression[] | undefined {
  const is =
    expression.kind === 'apply' && expression.operation === operation && expression.operandDType === dtype
  return is ? expression.operands : undefined
}

function isProduct(expression: Expression, product: MatmulKernel): boolean {
  return isLoad(expression, [product.n, 1], product) && expression.buffer === product.buffer
}

/** Whether an expression is an element for each column, the same in all rows. */
function isBias(expression: Expression, product: MatmulKernel): expression is Load {
  return isLoad(expression, [0, 1], product) && expression.buffer !== product.buffer
}

function isLoad(
  expression: Expression,
  steps: readonly number[],
  { dtype, m, n }: MatmulKernel,
): expression is Load {
  return (
    expression.kind === 'load' && expression.dtype === dtype && isForm(expression.position, steps, [m, n])
  )
}

/** Whether a bias, if there is one, is an input or a constant, or made by kernels before the product. */
function isFilledBefore(
  { program, kernels }: LoweredProgram,
  product: MatmulKernel,
  bias: number | undefined,
): boolean {
  if (bias === undefined || program.nodes[bias].kind !== 'operation') return true
  const place = kernels.indexOf(product)
  return kernels.every(({ buffer }, index) => buffer !== bias || index < place)
}
