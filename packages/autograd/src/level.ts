/** A level of differentiation: what takes an operation on its variables, computes it one level down, and notes it. */
import type { BinaryPrimitive, UnaryPrimitive, VariadicPrimitive } from './primitive.js'
import type { Value } from './value.js'
import type { Variable } from './variable.js'

let levels = 0

/**
 * A Tape (reverse mode) or a Tangents (forward mode). Levels nest: where the inputs of an operation belong to
 * several, the youngest takes the operation, and peels its own variables off before it computes.
 */
export abstract class Level {
  /** Levels made later are younger. Only the order counts, so any number of tapes may be open at once. */
  readonly age = levels++

  abstract applyUnary<A>(primitive: UnaryPrimitive<A>, x: Variable, attributes: A): Variable
  abstract applyBinary<A>(primitive: BinaryPrimitive<A>, x: Value, y: Value, attributes: A): Variable
  abstract applyVariadic<A>(
    primitive: VariadicPrimitive<A>,
    inputs: readonly Value[],
    attributes: A,
  ): Variable
}
