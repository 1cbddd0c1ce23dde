/** Derivatives of relu ask whether its operand is positive: they may as well ask its result, which is needed anyway. */
import type { Program } from '../program.js'
import { rewriteProgram } from './rewrite.js'
import { isConstant } from './simplify.js'

/**
 * The program with relu(x) > 0 in the place of x > 0 where there is a relu(x) before: the two are equal, for NaN and −0,
 * too. An x that nothing else reads then need not be in memory.
 */
export function maskByRelu(program: Program): Program {
  const relus = new Map<number, number>()
  return rewriteProgram(program, (node, builder) => {
    if (node.kind !== 'operation') return builder.add(node)
    const [x, y] = node.inputs
    const relu = relus.get(x)
    if (node.operation === 'greater' && relu !== undefined && isConstant(builder, y, 0))
      return builder.add({ ...node, inputs: [relu, y] })
    const index = builder.add(node)
    if (node.operation === 'relu') relus.set(x, index)
    return index
  })
}
