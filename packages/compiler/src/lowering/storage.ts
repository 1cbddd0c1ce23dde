/** Which values get a buffer of their own, and which are computed in the loops that use them. */
import type { Shape } from '@tapegrad/autograd'
import { sizeOf } from '@tapegrad/autograd/tracing'
import type { Node, Program } from '../program.js'
import { elementwiseOperations } from './elementwise.js'
import { identityAccess, reshapeAccess } from './linear.js'
import { loopOperations } from './loopExpression.js'

/** Operations that only say where the elements of another value are. */
export function isView(operation: string): boolean {
  return ['transpose', 'broadcastTo', 'slice', 'flip', 'reshape', 'toNumber', 'element'].includes(operation)
}

/** Operations that are written into the loops of their users. */
const inlined = new Set([...elementwiseOperations, ...loopOperations])

/** A loop's expression doesn't grow beyond this many operations. */
const largestExpression = 48

/**
 * For each node 1 where its elements are in memory: results, what can't be written into a loop, what several loops
 * use (except bools, which are cheaper computed again), what a loop would compute again and again for a broadcast,
 * and operands that are read in an order of their own.
 */
export function storedNodes({ nodes, outputs }: Program): Uint8Array {
  const isStored = new Uint8Array(nodes.length)
  for (const output of outputs) isStored[output] = 1
  nodes.forEach((node, index) => {
    if (node.kind === 'input') isStored[index] = 1
    else if (node.kind === 'constant') isStored[index] ||= sizeOf(node.spec.shape) === 1 ? 0 : 1
    else if (!inlined.has(node.operation)) isStored[index] = 1
  })
  storeOperands(nodes, isStored)
  limitExpressions(nodes, isStored)
  return isStored
}

function storeOperands(nodes: readonly Node[], isStored: Uint8Array): void {
  /** How many loops a value would be written into. */
  const uses = new Float64Array(nodes.length)
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index]
    if (node.kind !== 'operation') continue
    const { operation, inputs, spec } = node
    if (uses[index] > 1 && !isView(operation) && spec.dtype !== 'bool') isStored[index] = 1
    const isDivided = operation === 'reshape' && !canReshape(nodes[inputs[0]].spec.shape, spec.shape)
    if (isDivided) isStored[index] = 1
    inputs.forEach((input, k) => {
      uses[input] += isStored[index] === 1 ? 1 : uses[index]
      const isRepeated =
        inlined.has(operation) &&
        nodes[input].kind === 'operation' &&
        sizeOf(spec.shape) > sizeOf(nodes[input].spec.shape)
      if (isDivided || isRepeated || readsBuffer(operation, k)) isStored[input] = 1
    })
  }
}

function canReshape(from: Shape, to: Shape): boolean {
  return reshapeAccess(from, to, identityAccess(to.length), to.length) !== undefined
}

/** Whether the operation needs its k-th operand in memory. */
function readsBuffer(operation: string, k: number): boolean {
  if (operation.startsWith('take')) return k === 0
  return operation === 'matmul' || operation === 'cumsum' || operation === 'drawFractions'
}

function limitExpressions(nodes: readonly Node[], isStored: Uint8Array): void {
  const sizes = new Uint32Array(nodes.length)
  nodes.forEach(({ kind, inputs }, index) => {
    if (kind !== 'operation') return
    for (const input of inputs) if (isStored[input] === 0) sizes[index] += sizes[input]
    sizes[index]++
    if (sizes[index] > largestExpression) isStored[index] = 1
  })
}
