/** Segment: the recording of a checkpointed function without its values, and its replay on new inputs. */
import { Placeholder } from './placeholder.js'
import { callPrimitive } from './primitive.js'
import type { Recording } from './recording.js'
import type { TapeVariable } from './tape.js'
import { Tape } from './tape.js'
import type { Value } from './value.js'
import { concreteOf, Variable } from './variable.js'

/** Thrown by a segment that meets a variable without data: the function is traced, and there is nothing to forget. */
export class TracedError extends Error {}

/**
 * A tape on plain values that lifts every variable of another level it meets, the function's arguments and those
 * it captured, into an input of its own.
 */
export class Segment extends Tape {
  /** The variables of other levels, in the order of the segment's inputs. */
  readonly lifted: Variable[] = []
  private readonly own = new Map<Variable, TapeVariable>()

  /** The segment's own variable in the place of one of another level. Throws TracedError where that has no data. */
  lift(x: Variable): TapeVariable {
    const known = this.own.get(x)
    if (known !== undefined) return known
    const value = concreteOf(x)
    if ((value as unknown) instanceof Placeholder) throw new TracedError()
    const variable = this.variable(value)
    this.own.set(x, variable)
    this.lifted.push(x)
    return variable
  }

  protected override addConstant(value: Value): number {
    return value instanceof Variable ? this.lift(value).index : super.addConstant(value)
  }
}

/** What it takes to compute a segment's results again. */
export interface Program {
  /** The entries; their values, but for those of constants, have been let go. */
  readonly recording: Recording
  /** The positions of the results. */
  readonly outputs: readonly number[]
}

/** The program's results for other inputs. Where these are variables, their level records or carries every step. */
export function replay({ recording, outputs }: Program, inputs: readonly Value[]): Value[] {
  const values: Value[] = []
  let next = 0
  for (let index = 0; index < recording.length; index++)
    values.push(
      recording.isConstant(index)
        ? recording.valueAt(index)
        : recording.isLeaf(index)
          ? inputs[next++]
          : compute(recording, index, values),
    )
  return outputs.map((index) => values[index])
}

function compute(recording: Recording, index: number, values: readonly Value[]): Value {
  const inputs = recording.inputsOf(index).map((input) => values[input])
  return callPrimitive(recording.primitiveAt(index), inputs, recording.attributesAt(index))
}
