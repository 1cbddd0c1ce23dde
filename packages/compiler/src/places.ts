/** Where a program's inputs and results are in memory. */
import type { Spec } from '@tapegrad/autograd'
import type { AssembledProgram } from './assemble.js'
import type { Program } from './program.js'

/** A value's place. */
export interface Place {
  readonly address: number
  readonly spec: Spec
}

export function placesOf(
  indices: readonly number[],
  { nodes }: Program,
  { addresses }: AssembledProgram,
): Place[] {
  return indices.map((index) => ({ address: addresses.get(index)!, spec: nodes[index].spec }))
}

/** The places of the inputs, in the order of the arguments. */
export function placesOfInputs(program: Program, assembled: AssembledProgram): Place[] {
  return placesOf(inputIndices(program), program, assembled)
}

/** The positions of the inputs among the nodes. */
export function inputIndices({ nodes }: Program): number[] {
  return nodes.flatMap(({ kind }, index) => (kind === 'input' ? [index] : []))
}
