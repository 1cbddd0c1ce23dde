/** SymbolicTape: records a program without running it, from the kinds, shapes and dtypes of its inputs alone. */
import { Placeholder } from './placeholder.js'
import type { BinaryPrimitive, UnaryPrimitive, VariadicPrimitive } from './primitive.js'
import { variableId } from './recording.js'
import { Tape, TapeVariable } from './tape.js'
import type { Spec, Value } from './value.js'
import { specOf } from './value.js'
import type { Variable } from './variable.js'

/** A tape whose operations infer what their results are like instead of computing them. */
export class SymbolicTape extends Tape {
  /** A new input of the program. */
  input(spec: Spec): TapeVariable {
    return new TapeVariable(this, this.recording.addLeaf(variableId, hole(spec)))
  }

  override applyUnary<A>(primitive: UnaryPrimitive<A>, x: Variable, attributes: A): TapeVariable {
    const position = this.positionOf(primitive.name, x)
    const value = hole(primitive.infer([this.specAt(position)], attributes))
    return new TapeVariable(this, this.recording.addUnary(primitive.id, value, attributes, position))
  }

  override applyBinary<A>(primitive: BinaryPrimitive<A>, x: Value, y: Value, attributes: A): TapeVariable {
    const xPosition = this.positionOf(primitive.name, x)
    const yPosition = this.positionOf(primitive.name, y)
    const value = hole(primitive.infer([this.specAt(xPosition), this.specAt(yPosition)], attributes))
    return new TapeVariable(
      this,
      this.recording.addBinary(primitive.id, value, attributes, xPosition, yPosition),
    )
  }

  override applyVariadic<A>(primitive: VariadicPrimitive<A>, xs: readonly Value[], attributes: A): Variable {
    if (primitive.inline !== undefined) return primitive.inline(xs, attributes) as Variable
    const positions = xs.map((x) => this.positionOf(primitive.name, x))
    const value = hole(
      primitive.infer(
        positions.map((position) => this.specAt(position)),
        attributes,
      ),
    )
    return new TapeVariable(this, this.recording.addVariadic(primitive.id, value, attributes, positions))
  }

  private specAt(position: number): Spec {
    return specOf(this.recording.valueAt(position))
  }
}

/** On a symbolic tape placeholders stand where values would; whoever reads their data is told. */
function hole(spec: Spec): Value {
  return new Placeholder(spec) as unknown as Value
}
