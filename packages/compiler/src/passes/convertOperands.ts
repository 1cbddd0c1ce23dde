/** Gives operations that are compiled for one dtype operands of that dtype, by casts before and after them. */
import type { DType } from '@tapegrad/autograd'
import { isFloat } from '@tapegrad/autograd/tracing'
import type { OperationNode, Program } from '../program.js'
import type { Builder } from './rewrite.js'
import { rewriteProgram } from './rewrite.js'

export function convertOperands(program: Program): Program {
  return rewriteProgram(program, (node, builder) => {
    const dtype = node.kind === 'operation' ? workingDType(node) : undefined
    if (node.kind !== 'operation' || dtype === undefined) return builder.add(node)
    const inputs = node.inputs.map((input) => castTo(builder, input, dtype))
    const result = builder.add({ ...node, inputs, spec: { ...node.spec, dtype } })
    return castTo(builder, result, node.spec.dtype)
  })
}

/** The dtype in which an operation works, where it matters. Integers are exact in float64, in which eager multiplies too. */
function workingDType({ operation, spec: { dtype } }: OperationNode): DType | undefined {
  switch (operation) {
    case 'matmul':
      return isFloat(dtype) ? dtype : 'float64'
    case 'cumsum':
      return dtype
    default:
      return undefined
  }
}

function castTo(builder: Builder, index: number, dtype: DType): number {
  const { spec } = builder.nodes[index]
  if (spec.dtype === dtype) return index
  const { shape } = spec
  return builder.add({
    kind: 'operation',
    operation: 'cast',
    inputs: [index],
    attributes: { dtype },
    spec: { kind: 'tensor', shape, dtype },
  })
}
