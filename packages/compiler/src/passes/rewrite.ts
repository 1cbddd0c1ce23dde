/** How passes make a new program: node by node, each given the new positions of its inputs. */
import type { Node, Program } from '../program.js'

/** The program under construction. */
export interface Builder {
  readonly nodes: readonly Node[]
  /** Adds a node and gives its position. */
  add(node: Node): number
}

/**
 * The program with each node replaced by what `rewrite` puts in its place: it is given the node with its inputs
 * renumbered, and gives the position, in the new program, of an equal value.
 */
export function rewriteProgram(program: Program, rewrite: (node: Node, builder: Builder) => number): Program {
  const nodes: Node[] = []
  const builder: Builder = { nodes, add: (node) => nodes.push(node) - 1 }
  const replacements: number[] = []
  for (const node of program.nodes) {
    const inputs = node.inputs.map((input) => replacements[input])
    replacements.push(rewrite({ ...node, inputs } as Node, builder))
  }
  return { nodes, outputs: program.outputs.map((output) => replacements[output]) }
}
