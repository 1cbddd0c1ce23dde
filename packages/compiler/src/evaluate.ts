/** Computes an operation of a program right now, as eager does. */
import type { Value } from '@tapegrad/autograd'
import { primitiveNamed } from '@tapegrad/autograd/tracing'
import type { OperationNode } from './program.js'

export function evaluate(
  { operation, attributes }: Pick<OperationNode, 'operation' | 'attributes'>,
  inputs: readonly Value[],
): Value {
  const primitive = primitiveNamed(operation)
  switch (primitive.arity) {
    case 1:
      return primitive.call(inputs[0], attributes)
    case 2:
      return primitive.call(inputs[0], inputs[1], attributes)
    case 'variadic':
      return primitive.call(inputs, attributes)
  }
}
