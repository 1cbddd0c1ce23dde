/** differentiable: functions with a derivative of the user's own, recorded as one entry. */
import { zerosOf } from './create.js'
import { GradientError, TapegradError } from './errors.js'
import { registerVariadic } from './primitive.js'
import { add, mul } from './primitives/arithmetic.js'
import { sum } from './primitives/reductions.js'
import { sameShape } from './shape.js'
import { Tape } from './tape.js'
import type { Tensor } from './tensor.js'
import type { Value } from './value.js'
import { checkValue, describe, dtypeOf, formatSpec, isValue, kindOf, shapeOf, specOf } from './value.js'
import { Variable } from './variable.js'

/** What `backward` is told beside the upstream derivative. */
export interface BackwardContext<I extends readonly Value[]> {
  readonly inputs: I
  readonly output: Value
}

export interface DifferentiableDefinition<I extends readonly Value[]> {
  /** Computes the result from numbers and tensors. What it does is not recorded, so it may use raw loops. */
  readonly forward: (...inputs: I) => Value
  /**
   * The derivative by each input, given that by the output: of the input's shape and dtype, or null for an input
   * that has none. Written with public operations, it can itself be differentiated.
   */
  readonly backward: (
    upstream: Value,
    context: BackwardContext<I>,
  ) => { readonly [K in keyof I]: Value | null }
  /**
   * The tangent of the result, given those of the inputs: for forward mode, which otherwise gets it from
   * `backward` at twice the cost.
   */
  readonly jvp?: (tangents: { readonly [K in keyof I]: Value }, context: BackwardContext<I>) => Value
}

/** The type of a custom function's result: a Variable where one went in, else a Tensor, else a number. */
type JoinInputs<A extends Value> =
  Extract<A, Variable> extends never ? (Extract<A, Tensor> extends never ? number : Tensor) : Variable

/** A function made by `differentiable`. */
export type Differentiable<I extends readonly Value[]> = <A extends I>(...inputs: A) => JoinInputs<A[number]>

interface Definition extends DifferentiableDefinition<readonly Value[]> {
  readonly name: string
}

const callCustom = registerVariadic<Definition>({
  name: 'differentiable',
  label: ({ name }) => name,
  infer: (_inputs, { name }) => {
    throw new TapegradError('OPAQUE', `${name}: the shape of its result can't be told without running it`)
  },
  compute: (inputs, { name, forward }) => {
    const output = forward(...inputs)
    checkValue(`${name}: the result of forward`, output)
    return output
  },
  reverse: (upstream, inputs, output, definition, wanted) =>
    checkDerivatives(definition.name, inputs, wanted, definition.backward(upstream, { inputs, output })),
  forward: (tangents, inputs, output, { name, backward, jvp }) => {
    if (jvp === undefined) return [tangentByDoubleReverse(name, backward, tangents, inputs, output)]
    const filled = tangents.map((tangent, k) => tangent ?? zerosOf(specOf(inputs[k])))
    return [jvp(filled, { inputs, output })]
  },
})

/**
 * The tangent of the output from `backward` alone. `backward` is linear in the upstream derivative u, so that
 * ⟨backward(u), tangents⟩ is too, and its derivative by u is the Jacobian times the tangents.
 */
function tangentByDoubleReverse(
  name: string,
  backward: Definition['backward'],
  tangents: readonly (Value | undefined)[],
  inputs: readonly Value[],
  output: Value,
): Value | null {
  const tape = new Tape()
  const upstream = tape.variable(zerosOf(specOf(output)))
  const wanted = tangents.map((tangent) => tangent !== undefined)
  const derivatives = checkDerivatives(name, inputs, wanted, backward(upstream, { inputs, output }))
  const products = derivatives.flatMap((derivative, k): Value[] =>
    derivative === null ? [] : [sum(mul(derivative, tangents[k]!))],
  )
  if (products.length === 0) return null
  const total = products.reduce((partial, product): Value => add(partial, product))
  const tangent = total instanceof Variable && total.level === tape ? tape.gradient(total, upstream) : null
  tape.close()
  return tangent
}

/**
 * A function with a derivative of its own: `forward` computes it, `backward` differentiates it. It works on
 * numbers, tensors and variables, and is one entry on a tape, called `name`.
 *
 * Throws GradientError where `backward` gives another number of derivatives than there are inputs, or one of
 * another shape or dtype than its input.
 */
export function differentiable<I extends readonly Value[]>(
  name: string,
  { forward, backward, jvp }: DifferentiableDefinition<I>,
): Differentiable<I> {
  const definition = { name, forward, backward, jvp } as unknown as Definition
  const call: Differentiable<I> = (...inputs) =>
    callCustom(inputs, definition) as JoinInputs<(typeof inputs)[number]>
  return Object.defineProperty(call, 'name', { value: name })
}

function checkDerivatives(
  name: string,
  inputs: readonly Value[],
  wanted: readonly boolean[],
  derivatives: unknown,
): readonly (Value | null)[] {
  if (!Array.isArray(derivatives) || derivatives.length !== inputs.length)
    throw new GradientError(
      'DERIVATIVE_COUNT',
      `${name}: backward returned ${Array.isArray(derivatives) ? `${derivatives.length} derivatives` : describe(derivatives)} ` +
        `for ${inputs.length} inputs; wants an array with one for each input, null where it has none`,
    )
  return inputs.map((input, k) => {
    const derivative: unknown = derivatives[k]
    if (!wanted[k] || derivative === null) return null
    if (
      !isValue(derivative) ||
      !sameShape(shapeOf(derivative), shapeOf(input)) ||
      !sameDType(derivative, input)
    )
      throw new GradientError(
        'DERIVATIVE_FORM',
        `${name}: the derivative by input ${k} is ${isValue(derivative) ? formatSpec(specOf(derivative)) : describe(derivative)}, ` +
          `the input ${formatSpec(specOf(input))}; wants the same shape and dtype`,
      )
    return derivative
  })
}

/** A number may be the derivative of a scalar tensor; it takes its dtype. */
function sameDType(derivative: Value, input: Value): boolean {
  return (
    kindOf(derivative) === 'number' || kindOf(input) === 'number' || dtypeOf(derivative) === dtypeOf(input)
  )
}
