/**
 * How an operation with a derivative of its own is declared: name, shape and dtype rule, kernels and derivative
 * rules in, a typed function out. From the one declaration come dispatch, recording and both directions of
 * differentiation.
 */
import { typed } from './dispatch.js'
import type { DType } from './dtype.js'
import { allocate, isFloat } from './dtype.js'
import type { Level } from './level.js'
import { Tensor } from './tensor.js'
import type { Spec, Value } from './value.js'
import { checkValue, specOf } from './value.js'
import { Variable } from './variable.js'

/** What every primitive has, whatever the number of its inputs. `A` is the type of its attributes. */
interface PrimitiveBase<A> {
  readonly name: string
  /** Its place in the registry, by which tapes refer to it. */
  readonly id: number
  /** What an entry is called: the name, but for functions of the user's own, which share a primitive. */
  label(attributes: A): string
  /** The kind, shape and dtype of the result. Throws where the inputs don't fit. */
  infer(inputs: readonly Spec[], attributes: A): Spec
}

/** A primitive of one input. `reverse` and `forward` are null where the derivative is zero everywhere. */
export interface UnaryPrimitive<A> extends PrimitiveBase<A> {
  readonly arity: 1
  /** The kernel for numbers, by which a tape of numbers is spared a second dispatch. */
  readonly number: ((x: number, attributes: A) => number) | undefined
  call(x: Value, attributes: A): Value
  readonly reverse: UnaryRule<A> | null
  readonly forward: UnaryRule<A> | null
}

/** A primitive of two inputs, with a rule for each; null where the derivative is zero everywhere. */
export interface BinaryPrimitive<A> extends PrimitiveBase<A> {
  readonly arity: 2
  /** The kernel for numbers, by which a tape of numbers is spared a second dispatch. */
  readonly number: ((x: number, y: number, attributes: A) => number) | undefined
  call(x: Value, y: Value, attributes: A): Value
  readonly reverse: readonly [BinaryRule<A> | null, BinaryRule<A> | null]
  readonly forward: readonly [BinaryRule<A> | null, BinaryRule<A> | null]
}

/** A primitive of any number of inputs. */
export interface VariadicPrimitive<A> extends PrimitiveBase<A> {
  readonly arity: 'variadic'
  call(inputs: readonly Value[], attributes: A): Value
  /** On a symbolic tape: the same computation in other operations, where the primitive can't say what its result is like. */
  inline?(inputs: readonly Value[], attributes: A): Value
  /** Null where the derivative is zero everywhere. */
  readonly reverse: VariadicRules<A>['reverse'] | null
  readonly forward: VariadicRules<A>['forward'] | null
}

/** Rules that take all inputs at once. */
interface VariadicRules<A> {
  /** The derivatives by all inputs that are wanted; null for the others and where they are zero everywhere. */
  reverse(
    upstream: Value,
    inputs: readonly Value[],
    output: Value,
    attributes: A,
    wanted: readonly boolean[],
  ): readonly (Value | null)[]
  /** The tangent of the result, in parts to be added, given those of the inputs; undefined stands for zero. */
  forward(
    tangents: readonly (Value | undefined)[],
    inputs: readonly Value[],
    output: Value,
    attributes: A,
  ): readonly (Value | null)[]
}

/** The functions that the definitions give: what is called to apply a primitive. */
export type UnaryCall<A> = UnaryPrimitive<A>['call']
export type BinaryCall<A> = BinaryPrimitive<A>['call']

export type Primitive<A = unknown> = UnaryPrimitive<A> | BinaryPrimitive<A> | VariadicPrimitive<A>

/*
 * A rule takes `flow`: the upstream derivative in a reverse rule, the input's tangent in a forward rule. It
 * gives the input's derivative, or the result's tangent. It is written in public operations, so that it can
 * itself be differentiated, and is silent about broadcasting: the levels fit what it gives to the shape, dtype
 * and kind it is for.
 */

/** Methods, not function properties, so that primitives of all attribute types fit in one registry. */
export interface RuleTypes<A> {
  unary(flow: Value, x: Value, output: Value, attributes: A): Value
  binary(flow: Value, x: Value, y: Value, output: Value, attributes: A): Value
  variadic(
    flow: Value,
    inputs: readonly Value[],
    output: Value,
    attributes: A,
    position: number,
  ): Value | null
}
export type UnaryRule<A = undefined> = RuleTypes<A>['unary']
export type BinaryRule<A = undefined> = RuleTypes<A>['binary']
export type VariadicRule<A = undefined> = RuleTypes<A>['variadic']

/** Ids below are left to the entries of a tape that no operation made. */
export const firstPrimitiveId = 2

const registry: Primitive[] = []

function nextId(): number {
  return firstPrimitiveId + registry.length
}

/** The primitive that a tape's column of ids refers to. */
export function primitiveOf(id: number): Primitive {
  return registry[id - firstPrimitiveId]
}

/** The primitive of that name. */
export function primitiveNamed(name: string): Primitive {
  const primitive = registry.find((candidate) => candidate.name === name)
  if (primitive === undefined) throw new Error(`internal: there is no primitive ${name}`)
  return primitive
}

/** Calls a primitive on a list of inputs, as many as it takes. */
export function callPrimitive(primitive: Primitive, inputs: readonly Value[], attributes: unknown): Value {
  switch (primitive.arity) {
    case 1:
      return primitive.call(inputs[0], attributes)
    case 2:
      return primitive.call(inputs[0], inputs[1], attributes)
    case 'variadic':
      return primitive.call(inputs, attributes)
  }
}

/** All primitives, in the order of their declaration. */
export function allPrimitives(): readonly Primitive[] {
  return registry
}

/** The kernel for tensors: told the result's spec, it gives a value of that kind, shape and dtype. */
type UnaryKernel<A> = (x: Tensor, spec: Spec, attributes: A) => Tensor | number
type BinaryKernel<A> = (x: Tensor, y: Tensor, spec: Spec, attributes: A) => Tensor
type VariadicKernel<A> = (inputs: readonly Tensor[], spec: Spec, attributes: A) => Tensor

interface Declaration<A> {
  readonly name: string
  readonly infer: (inputs: readonly Spec[], attributes: A) => Spec
}

export interface UnaryDeclaration<A> extends Declaration<A> {
  /** The kernel for numbers; left out where the operation makes a tensor of them. */
  readonly number?: (x: number, attributes: A) => number
  readonly tensor: UnaryKernel<A>
  readonly reverse: UnaryRule<A> | null
  /** `'linear'`: the tangent goes through the operation itself. */
  readonly forward: UnaryRule<A> | 'linear' | null
}

export interface BinaryDeclaration<A> extends Declaration<A> {
  readonly number?: (x: number, y: number, attributes: A) => number
  readonly tensor: BinaryKernel<A>
  readonly reverse: BinaryPrimitive<A>['reverse']
  /** `'bilinear'`: linear in each input while the other is held, so a tangent takes its input's place. */
  readonly forward: BinaryPrimitive<A>['forward'] | 'bilinear'
}

export interface VariadicDeclaration<A> extends Declaration<A> {
  readonly number?: (inputs: readonly number[], attributes: A) => number
  readonly tensor: VariadicKernel<A>
  readonly reverse: VariadicRule<A> | null
  readonly forward: VariadicRule<A> | null
}

/**
 * Whether attributes follow the inputs in a call. They do for all but the elementwise operations, which are
 * called by users as they are.
 */
export type Attributed = 'attributed' | 'plain'

/** Declares a primitive of one input; the typed function it gives is the operation. */
export function defineUnary<A>(
  declaration: UnaryDeclaration<A>,
  attributed: Attributed = 'attributed',
): UnaryCall<A> {
  const { name, infer, number, tensor, reverse, forward } = declaration
  const ofTensor = (x: Tensor, attributes: A): Value => tensor(x, infer([x], attributes), attributes)
  const ofNumber =
    number ??
    ((x: number, attributes: A): Value => tensor(scalar(x), infer([specOf(x)], attributes), attributes))
  const ofVariable = (x: Variable, attributes: A): Value => x.level.applyUnary(primitive, x, attributes)

  const rest = attributed === 'attributed' ? ', any' : ''
  const call = typed(name, {
    [`number${rest}`]: ofNumber,
    [`Variable${rest}`]: ofVariable,
    [`Tensor${rest}`]: ofTensor,
  }) as UnaryCall<A>
  const primitive: UnaryPrimitive<A> = {
    name,
    id: nextId(),
    arity: 1,
    label: () => name,
    infer,
    number,
    // A call without attributes must not pass even an undefined one on: dispatch would count it.
    call: attributed === 'attributed' ? call : (x) => (call as (x: Value) => Value)(x),
    reverse,
    forward: forward === 'linear' ? (flow, _x, _output, attributes) => call(flow, attributes) : forward,
  }
  registry.push(primitive as UnaryPrimitive<unknown>)
  return call
}

/** Declares a primitive of two inputs; the typed function it gives is the operation. */
export function defineBinary<A>(
  declaration: BinaryDeclaration<A>,
  attributed: Attributed = 'attributed',
): BinaryCall<A> {
  const { name, infer, number, tensor, reverse, forward } = declaration
  const ofTensors = (x: Tensor | number, y: Tensor | number, attributes: A): Value => {
    const spec = infer([specOf(x), specOf(y)], attributes)
    return tensor(tensorBeside(x, y), tensorBeside(y, x), spec, attributes)
  }
  const ofVariables = (x: Value, y: Value, attributes: A): Value =>
    youngest(x, y)!.applyBinary(primitive, x, y, attributes)

  const rest = attributed === 'attributed' ? ', any' : ''
  const call = typed(name, {
    [`number, number${rest}`]: number ?? ofTensors,
    [`number, Variable${rest}`]: ofVariables,
    [`number, Tensor${rest}`]: ofTensors,
    [`Variable, number${rest}`]: ofVariables,
    [`Variable, Variable${rest}`]: ofVariables,
    [`Variable, Tensor${rest}`]: ofVariables,
    [`Tensor, number${rest}`]: ofTensors,
    [`Tensor, Variable${rest}`]: ofVariables,
    [`Tensor, Tensor${rest}`]: ofTensors,
  }) as BinaryCall<A>
  const primitive: BinaryPrimitive<A> = {
    name,
    id: nextId(),
    arity: 2,
    label: () => name,
    infer,
    number,
    call: attributed === 'attributed' ? call : (x, y) => (call as (x: Value, y: Value) => Value)(x, y),
    reverse,
    forward:
      forward === 'bilinear'
        ? [
            (flow, _x, y, _output, attributes) => call(flow, y, attributes),
            (flow, x, _y, _output, attributes) => call(x, flow, attributes),
          ]
        : forward,
  }
  registry.push(primitive as BinaryPrimitive<unknown>)
  return call
}

/** Declares a primitive of any number of inputs, given as an array; its rules speak of one input at a time. */
export function defineVariadic<A>(declaration: VariadicDeclaration<A>): VariadicPrimitive<A>['call'] {
  const { name, infer, number, tensor, reverse, forward } = declaration
  return registerVariadic({
    name,
    label: () => name,
    infer,
    compute: (inputs, attributes) => {
      if (number !== undefined && inputs.every((x) => typeof x === 'number'))
        return number(inputs, attributes)
      const tensors = inputs.map((x) => (typeof x === 'number' ? scalar(x) : x))
      return tensor(tensors, infer(inputs.map(specOf), attributes), attributes)
    },
    reverse:
      reverse &&
      ((upstream, inputs, output, attributes, wanted) =>
        wanted.map((isWanted, k) => (isWanted ? reverse(upstream, inputs, output, attributes, k) : null))),
    forward:
      forward &&
      ((tangents, inputs, output, attributes) =>
        tangents.map((tangent, k) =>
          tangent === undefined ? null : forward(tangent, inputs, output, attributes, k),
        )),
  })
}

/** What `registerVariadic` wants: a primitive but for what follows from its being registered. */
export interface VariadicRegistration<A> extends Omit<VariadicPrimitive<A>, 'id' | 'arity' | 'call'> {
  readonly compute: (inputs: readonly (number | Tensor)[], attributes: A) => Value
}

/** Registers a primitive whose kernel and rules take all inputs at once. */
export function registerVariadic<A>({
  compute,
  ...rest
}: VariadicRegistration<A>): VariadicPrimitive<A>['call'] {
  const call = (inputs: readonly Value[], attributes: A): Value => {
    const name = primitive.label(attributes)
    for (const x of inputs) checkValue(name, x)
    const level = inputs.reduce<Level | undefined>((found, x) => younger(found, levelOf(x)), undefined)
    return level === undefined
      ? compute(inputs as readonly (number | Tensor)[], attributes)
      : level.applyVariadic(primitive, inputs, attributes)
  }
  const primitive: VariadicPrimitive<A> = { ...rest, id: nextId(), arity: 'variadic', call }
  registry.push(primitive as VariadicPrimitive<unknown>)
  return call
}

function levelOf(x: Value): Level | undefined {
  return x instanceof Variable ? x.level : undefined
}

function younger(a: Level | undefined, b: Level | undefined): Level | undefined {
  return a === undefined || (b !== undefined && b.age > a.age) ? b : a
}

/** The level that takes an operation on `x` and `y`. */
function youngest(x: Value, y: Value): Level | undefined {
  return younger(levelOf(x), levelOf(y))
}

/** A number as a tensor of no axes. */
function scalar(x: number, dtype: DType = 'float64'): Tensor {
  const data = allocate(dtype, 1)
  data[0] = x
  return new Tensor(data, [], dtype)
}

/**
 * A number beside a tensor takes its dtype where that is a float; other values stay as they are. Beside integers it
 * keeps its own precision, so that comparing with large ones is exact; only a result is rounded to float32.
 */
function tensorBeside(x: Tensor | number, other: Tensor | number): Tensor {
  if (typeof x !== 'number') return x
  return scalar(x, typeof other === 'number' || !isFloat(other.dtype) ? 'float64' : other.dtype)
}
