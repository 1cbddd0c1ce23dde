/** differentiable: functions with a derivative of the user's own, recorded as one entry. */
import { zerosOf } from './create.js'
import { ArgumentError, GradientError, TapeError, TapegradError } from './errors.js'
import { pack, unpack } from './pack.js'
import { registerVariadic } from './primitive.js'
import { add, mul } from './primitives/arithmetic.js'
import { sum } from './primitives/reductions.js'
import { sameShape } from './shape.js'
import { Tape } from './tape.js'
import type { Tensor } from './tensor.js'
import type { Spec, Value } from './value.js'
import { bareSpecOf, describe, dtypeOf, formatSpec, isValue, kindOf, shapeOf, specOf } from './value.js'
import { Variable } from './variable.js'

/** A function's result: one value, or a list of several. */
type Results = Value | readonly Value[]

/** What stands for a result in a derivative rule: its value, tangent or upstream derivative. */
type Flow<R extends Results> = R extends Value ? Value : { readonly [K in keyof R]: Value }

/** What `backward` and `jvp` are told beside the derivatives: a list of outputs where there are several. */
export interface DerivativeContext<I extends readonly Value[], R extends Results> {
  readonly inputs: I
  readonly output: Flow<R>
}

export interface DifferentiableDefinition<I extends readonly Value[], R extends Results> {
  /**
   * Computes the result, or a list of results, from numbers and tensors. What it does is not recorded, so it may
   * use raw loops.
   */
  readonly forward: (...inputs: I) => R
  /**
   * The derivative by each input, given that by the output (a list where there are several): of the input's shape
   * and dtype, or null for an input that has none. Written with public operations, it can itself be differentiated.
   */
  readonly backward: (
    upstream: Flow<R>,
    context: DerivativeContext<I, R>,
  ) => { readonly [K in keyof I]: Value | null }
  /**
   * The tangent of the result, given those of the inputs: for forward mode, which otherwise gets it from
   * `backward` at twice the cost.
   */
  readonly jvp?: (tangents: { readonly [K in keyof I]: Value }, context: DerivativeContext<I, R>) => Flow<R>
}

/** The type of each result: a Variable where one went in, else a Tensor, else a number. */
type JoinInputs<A extends Value> =
  Extract<A, Variable> extends never ? (Extract<A, Tensor> extends never ? number : Tensor) : Variable

/** A function made by `differentiable`. */
export type Differentiable<I extends readonly Value[], R extends Results> = <A extends I>(
  ...inputs: A
) => R extends Value ? JoinInputs<A[number]> : { -readonly [K in keyof R]: JoinInputs<A[number]> }

interface Definition extends DifferentiableDefinition<readonly Value[], Results> {
  readonly name: string
}

/** One call: several results are packed into the entry's value, and told apart by their specs. */
interface Call {
  readonly definition: Definition
  specs: readonly Spec[] | undefined
}

const callCustom = registerVariadic<Call>({
  name: 'differentiable',
  label: ({ definition }) => definition.name,
  infer: () => {
    throw new Error('internal: a custom function is inlined, its result never inferred')
  },
  inline: (inputs, call) =>
    namingOpaque(call, 'forward', () => packed(call.definition.forward(...inputs), call)),
  compute: (inputs, call) => {
    const output = packed(call.definition.forward(...inputs), call)
    if (output instanceof Variable)
      throw new ArgumentError(
        'CAPTURED_VARIABLE',
        `${call.definition.name}: forward returned a Variable, which it must have captured; wants all variables as inputs, ` +
          'so that backward can give their derivatives',
      )
    return output
  },
  reverse: (upstream, inputs, output, call, wanted) => derivativesOf(call, inputs, output, wanted, upstream),
  forward: (tangents, inputs, output, call) => {
    const { jvp } = call.definition
    if (jvp === undefined) return [tangentByDoubleReverse(call, tangents, inputs, output)]
    const filled = tangents.map((tangent, k) => tangent ?? zerosOf(specOf(inputs[k])))
    const tangent = namingOpaque(call, 'jvp', () => jvp(filled, { inputs, output: unpacked(output, call) }))
    return [isValue(tangent) ? tangent : pack(tangent)]
  },
})

/** What a part of the definition gives. Throws, naming the function, where it reads data of a traced program. */
function namingOpaque<R>({ definition: { name } }: Call, part: string, run: () => R): R {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof TapeError) || error.code !== 'SYMBOLIC') throw error
    throw new TapegradError(
      'OPAQUE',
      `${name}: its ${part} reads data, so it can't be traced; write it in tapegrad's operations, or call it outside. ${error.message}`,
    )
  }
}

/** A result as it is, or several packed into one, which the call is told how to take apart. */
function packed(output: Results, call: Call): Value {
  if (isValue(output)) return output
  checkResults(call.definition.name, output)
  call.specs = output.map(bareSpecOf)
  return pack(output)
}

/** The result or results that a packed value stands for. */
function unpacked(value: Value, { specs }: Call): Results {
  return specs === undefined ? value : unpack(value, specs)
}

/** What `backward` says, given the upstream derivative of the entry. */
function derivativesOf(
  call: Call,
  inputs: readonly Value[],
  output: Value,
  wanted: readonly boolean[],
  upstream: Value,
): readonly (Value | null)[] {
  const { name, backward } = call.definition
  const derivatives = namingOpaque(call, 'backward', () =>
    backward(unpacked(upstream, call), { inputs, output: unpacked(output, call) }),
  )
  return checkDerivatives(name, inputs, wanted, derivatives)
}

/**
 * The tangent of the output from `backward` alone. `backward` is linear in the upstream derivative u, so that
 * ⟨backward(u), tangents⟩ is too, and its derivative by u is the Jacobian times the tangents.
 */
function tangentByDoubleReverse(
  call: Call,
  tangents: readonly (Value | undefined)[],
  inputs: readonly Value[],
  output: Value,
): Value | null {
  const tape = new Tape()
  const upstream = tape.variable(zerosOf(specOf(output)))
  const wanted = tangents.map((tangent) => tangent !== undefined)
  const products = derivativesOf(call, inputs, output, wanted, upstream).flatMap((derivative, k): Value[] =>
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
 * numbers, tensors and variables, in every transform, and is one entry on a tape, called `name`; each of several
 * results is one `element` entry more.
 *
 * Throws ArgumentError where `forward` returns no value or list of values, or one made of a variable that it
 * captured instead of taking it as an input, and GradientError where `backward` gives another number of derivatives
 * than there are inputs, or one of another shape or dtype than its input.
 */
export function differentiable<I extends readonly Value[], R extends Results>(
  name: string,
  { forward, backward, jvp }: DifferentiableDefinition<I, R>,
): Differentiable<I, R> {
  const definition = { name, forward, backward, jvp } as unknown as Definition
  const call = (...inputs: readonly Value[]): Results => {
    const attributes: Call = { definition, specs: undefined }
    return unpacked(callCustom(inputs, attributes), attributes)
  }
  return Object.defineProperty(call, 'name', { value: name }) as Differentiable<I, R>
}

function checkResults(name: string, output: unknown): void {
  if (!Array.isArray(output) || output.length === 0 || !output.every(isValue))
    throw new ArgumentError(
      'RESULT',
      `${name}: forward returned ${describe(output)}; wants a number or Tensor, or a list of at least one`,
    )
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
