/** Computes at compile time what depends on constants alone. */
import type { Tensor } from '@tapegrad/autograd'
import { evaluate } from '../evaluate.js'
import type { ConstantNode, OperationNode, Program } from '../program.js'
import { rewriteProgram } from './rewrite.js'

/** Results larger than this are left to be computed: as constants they would be kept in the program. */
const largestFolded = 4096

export function foldConstants(program: Program): Program {
  return rewriteProgram(program, (node, builder) => {
    if (node.kind !== 'operation' || sizeOfSpec(node) > largestFolded) return builder.add(node)
    const inputs = node.inputs.map((input) => builder.nodes[input])
    const constants = inputs.filter((input) => input.kind === 'constant')
    if (constants.length < inputs.length) return builder.add(node)
    return builder.add(fold(node, constants))
  })
}

function sizeOfSpec({ spec }: OperationNode): number {
  return spec.shape.reduce((size, extent) => size * extent, 1)
}

function fold(node: OperationNode, inputs: readonly ConstantNode[]): ConstantNode {
  const value = evaluate(
    node,
    inputs.map((input) => input.value),
  )
  return { kind: 'constant', inputs: [], value: value as number | Tensor, spec: node.spec }
}
