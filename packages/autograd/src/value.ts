/** What operations accept and give: numbers, tensors, variables; and what each says of itself. */
import type { DType } from './dtype.js'
import { isFloat } from './dtype.js'
import { ArgumentError } from './errors.js'
import type { Shape } from './shape.js'
import { formatShape } from './shape.js'
import { Tensor } from './tensor.js'
import { Variable } from './variable.js'

export type Value = number | Tensor | Variable

/** Plain numbers are a kind of their own: they stay numbers through every operation. */
export type Kind = 'number' | 'tensor'

/** All that can be known of a value without its data; tensors and variables are specs of themselves. */
export interface Spec {
  readonly kind: Kind
  readonly shape: Shape
  readonly dtype: DType
}

const numberSpec: Spec = { kind: 'number', shape: [], dtype: 'float64' }

export function specOf(x: Value): Spec {
  return typeof x === 'number' ? numberSpec : x
}

/** A spec that doesn't keep the value's data alive. */
export function bareSpecOf(x: Value): Spec {
  const { kind, shape, dtype } = specOf(x)
  return { kind, shape, dtype }
}

export function kindOf(x: Value): Kind {
  return typeof x === 'number' ? 'number' : x.kind
}

export function shapeOf(x: Value): Shape {
  return typeof x === 'number' ? numberSpec.shape : x.shape
}

export function dtypeOf(x: Value): DType {
  return typeof x === 'number' ? numberSpec.dtype : x.dtype
}

export function isValue(x: unknown): x is Value {
  return typeof x === 'number' || x instanceof Tensor || x instanceof Variable
}

/** Whether a value can carry derivatives: it holds floats. */
export function isDifferentiable(x: Value): boolean {
  return typeof x === 'number' || isFloat(x.dtype)
}

/** The type of an operation's result: a Variable where one went in, else a Tensor, else a number. */
export type Join<A extends Value, B extends Value = number> = A extends Variable
  ? Variable
  : B extends Variable
    ? Variable
    : A extends Tensor
      ? Tensor
      : B extends Tensor
        ? Tensor
        : number

/** The type of a result that is a Tensor even when numbers go in. */
export type JoinTensor<A extends Value> = A extends Variable ? Variable : Tensor

/** `float32 [2, 3]`, or `number`, as values appear in messages. */
export function formatSpec({ kind, shape, dtype }: Spec): string {
  return kind === 'number' ? 'number' : `${dtype} ${formatShape(shape)}`
}

/** What an argument is, for error messages: its kind, and shape and dtype where it has them. */
export function describe(x: unknown): string {
  if (typeof x === 'number') return `number ${x}`
  if (x instanceof Tensor) return `Tensor ${formatSpec(x)}`
  if (x instanceof Variable) return `Variable ${formatSpec(x)}`
  if (Array.isArray(x)) return 'plain array'
  if (ArrayBuffer.isView(x)) return x.constructor.name
  if (typeof x === 'object' && x !== null) return x.constructor?.name ?? 'object'
  return x === null ? 'null' : typeof x
}

/** Throws where `x` is no value; plain and typed arrays get the advice to make a tensor. */
export function checkValue(name: string, x: unknown): void {
  if (isValue(x)) return
  const advice = Array.isArray(x) || ArrayBuffer.isView(x) ? '; wrap arrays with tensor(…)' : ''
  throw new ArgumentError(
    'WRONG_TYPE',
    `${name}: got ${describe(x)}, wants a number, Tensor or Variable${advice}`,
  )
}
