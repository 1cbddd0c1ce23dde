/** Computes an operation of a program right now, as eager does. */
import type { Value } from '@tapegrad/autograd'
import { callPrimitive, primitiveNamed } from '@tapegrad/autograd/tracing'
import type { OperationNode } from './program.js'

export function evaluate(
  { operation, attributes }: Pick<OperationNode, 'operation' | 'attributes'>,
  inputs: readonly Value[],
): Value {
  return callPrimitive(primitiveNamed(operation), inputs, attributes)
}
