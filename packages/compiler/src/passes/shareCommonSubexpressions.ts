/** Computes equal things once: nodes of the same operation, inputs and attributes become one. */
import type { ConstantNode, Node, Program } from '../program.js'
import { formatAttributes, formatNumber } from '../program.js'
import { rewriteProgram } from './rewrite.js'

export function shareCommonSubexpressions(program: Program): Program {
  const known = new Map<string, number>()
  const tensors = new Map<object, number>()
  return rewriteProgram(program, (node, builder) => {
    if (node.kind === 'input') return builder.add(node)
    const key = keyOf(node, tensors)
    const same = known.get(key)
    if (same !== undefined) return same
    const index = builder.add(node)
    known.set(key, index)
    return index
  })
}

/** Equal for nodes that compute the same. Constants of several elements are equal where identical. */
function keyOf(node: Exclude<Node, { kind: 'input' }>, tensors: Map<object, number>): string {
  return node.kind === 'constant'
    ? constantKey(node, tensors)
    : `${node.operation} ${node.inputs.join()} ${formatAttributes(node.attributes)}`
}

function constantKey({ value }: ConstantNode, tensors: Map<object, number>): string {
  if (typeof value === 'number') return `number ${formatNumber(value)}`
  if (value.size === 1) return `${value.dtype} [${value.shape.join()}] ${formatNumber(value.data[0])}`
  if (!tensors.has(value)) tensors.set(value, tensors.size)
  return `tensor ${tensors.get(value)}`
}
