/** Drops the nodes that no result depends on; inputs stay, for they are the program's signature. */
import type { Program } from '../program.js'
import { rewriteProgram } from './rewrite.js'

export function removeDeadCode(program: Program): Program {
  const { nodes, outputs } = program
  const isLive = new Uint8Array(nodes.length)
  for (const output of outputs) isLive[output] = 1
  for (let index = nodes.length - 1; index >= 0; index--) {
    if (nodes[index].kind === 'input') isLive[index] = 1
    if (isLive[index] === 1) for (const input of nodes[index].inputs) isLive[input] = 1
  }
  let next = 0
  return rewriteProgram(program, (node, builder) => (isLive[next++] === 1 ? builder.add(node) : -1))
}
