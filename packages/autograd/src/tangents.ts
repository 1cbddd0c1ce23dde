/** Tangents: forward mode. Each variable carries its derivative along; nothing is recorded. */
import { zerosOf } from './create.js'
import { TapeError } from './errors.js'
import { fit } from './fit.js'
import { Level } from './level.js'
import type { BinaryPrimitive, UnaryPrimitive, VariadicPrimitive } from './primitive.js'
import { add } from './primitives/arithmetic.js'
import type { Tape } from './tape.js'
import type { Value } from './value.js'
import { isDifferentiable, specOf } from './value.js'
import { Variable } from './variable.js'

/** A value with its tangent; no tangent means that it is zero. */
export class TangentVariable extends Variable {
  constructor(
    override readonly level: Tangents,
    override readonly value: Value,
    readonly tangent: Value | undefined,
  ) {
    super()
  }

  override get tape(): Tape {
    throw noTape('tape')
  }

  override get index(): number {
    throw noTape('index')
  }

  override get name(): undefined {
    return undefined
  }
}

function noTape(property: string): TapeError {
  return new TapeError(
    'NO_TAPE',
    `${property}: a variable of forward mode (jvp) is on no tape; use grad or vjp to record one`,
  )
}

/** A level that pushes tangents forward: each operation computes its value and, by its forward rules, its tangent. */
export class Tangents extends Level {
  variable(value: Value, tangent: Value): TangentVariable {
    return new TangentVariable(this, value, tangent)
  }

  /** The tangent that a result carries: zeros where it doesn't depend on this level's variables. */
  tangentOf(x: Value): Value {
    const tangent = x instanceof TangentVariable && x.level === this ? x.tangent : undefined
    return tangent ?? zerosOf(specOf(x))
  }

  override applyUnary<A>(primitive: UnaryPrimitive<A>, x: Variable, attributes: A): TangentVariable {
    const { value, tangent } = this.peel(x)
    const output = primitive.call(value, attributes)
    const flows = tangent !== undefined && primitive.forward !== null && isDifferentiable(output)
    return this.carry(output, flows ? [primitive.forward(tangent, value, output, attributes)] : [])
  }

  override applyBinary<A>(primitive: BinaryPrimitive<A>, x: Value, y: Value, attributes: A): TangentVariable {
    const inputs = [this.peel(x), this.peel(y)]
    const [{ value: xValue }, { value: yValue }] = inputs
    const output = primitive.call(xValue, yValue, attributes)
    const contributions = inputs.map(({ tangent }, k) => {
      const rule = primitive.forward[k]
      if (tangent === undefined || rule === null || !isDifferentiable(output)) return null
      return rule(tangent, xValue, yValue, output, attributes)
    })
    return this.carry(output, contributions)
  }

  override applyVariadic<A>(
    primitive: VariadicPrimitive<A>,
    xs: readonly Value[],
    attributes: A,
  ): TangentVariable {
    const inputs = xs.map((x) => this.peel(x))
    const values = inputs.map(({ value }) => value)
    const output = primitive.call(values, attributes)
    if (primitive.forward === null || !isDifferentiable(output)) return this.carry(output, [])
    const tangents = inputs.map(({ tangent }) => tangent)
    return this.carry(output, primitive.forward(tangents, values, output, attributes))
  }

  private peel(x: Value): { value: Value; tangent: Value | undefined } {
    return x instanceof TangentVariable && x.level === this ? x : { value: x, tangent: undefined }
  }

  /** The output with the sum of what its inputs contribute to its tangent. */
  private carry(output: Value, contributions: readonly (Value | null)[]): TangentVariable {
    const spec = specOf(output)
    let tangent: Value | undefined
    for (const contribution of contributions) {
      if (contribution === null) continue
      const fitted = fit(contribution, spec)
      tangent = tangent === undefined ? fitted : add(tangent, fitted)
    }
    return new TangentVariable(this, output, tangent)
  }
}
