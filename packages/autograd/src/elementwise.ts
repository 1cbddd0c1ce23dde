/** Elementwise primitives: declared by a function of numbers, applied to tensors with broadcasting. */
import { forEachRow } from './broadcastLoop.js'
import { zerosOf } from './create.js'
import type { DType, TypedArray } from './dtype.js'
import { allocate, dtypeOfNumberBeside, floatOf, promote, sumOf } from './dtype.js'
import type { BinaryRule, UnaryRule } from './primitive.js'
import { defineBinary, defineUnary } from './primitive.js'
import { broadcastShapes, sizeOf } from './shape.js'
import { Tensor } from './tensor.js'
import type { Join, Spec, Value } from './value.js'
import { dtypeOf, kindOf } from './value.js'

/** An operation on one value, element by element. */
export type UnaryOperation = <A extends Value>(x: A) => Join<A>
/** An operation on two values, element by element, with broadcasting. */
export type BinaryOperation = <A extends Value, B extends Value>(x: A, y: B) => Join<A, B>

/**
 * The dtype of a result: the operands' own (`same`), a float (`float`), the operands' own but never bool or
 * uint8 alone where arithmetic on them makes no sense (`arithmetic`), or bool (`bool`).
 */
type ResultDType = 'same' | 'float' | 'arithmetic' | 'bool'

const resultDType: Record<ResultDType, (dtype: DType) => DType> = {
  same: (dtype) => dtype,
  float: floatOf,
  arithmetic: (dtype) => (dtype === 'bool' ? sumOf(dtype) : dtype),
  bool: () => 'bool',
}

interface UnaryElementwise {
  readonly name: string
  readonly dtype: ResultDType
  readonly number: (x: number) => number
  /** The kernel for int32, where computing in float64 and wrapping at the end would not be exact. */
  readonly int32?: (x: number) => number
  /** `number` written out as a loop: several times faster than one that calls a function an element. */
  readonly loop?: (out: TypedArray, x: TypedArray) => void
  /** The derivative's rule; null where it is zero wherever it exists. */
  readonly derivative: UnaryRule | null
}

function unaryLoop(number: (x: number) => number): (out: TypedArray, x: TypedArray) => void {
  return (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = number(x[i])
  }
}

/**
 * Declares an elementwise operation of one input. Its Jacobian is diagonal, so one rule serves both directions:
 * `derivative(flow, x, output)` is `flow` times the local derivative.
 */
export function defineUnaryElementwise(declaration: UnaryElementwise): UnaryOperation {
  const { name, dtype, number, int32, derivative } = declaration
  const loop = declaration.loop ?? unaryLoop(number)
  const int32Loop = int32 === undefined ? loop : unaryLoop(int32)
  const operation = defineUnary<undefined>(
    {
      name,
      infer: ([x]) =>
        x.kind === 'number' ? x : { kind: 'tensor', shape: x.shape, dtype: resultDType[dtype](x.dtype) },
      number,
      tensor: (x, spec) => {
        const out = allocate(spec.dtype, x.size)
        const kernel = spec.dtype === 'int32' ? int32Loop : loop
        kernel(out, x.data)
        return new Tensor(out, spec.shape, spec.dtype)
      },
      reverse: derivative,
      forward: derivative,
    },
    'plain',
  )
  return operation as UnaryOperation
}

/** A row of an elementwise kernel: `out[i] = f(x[i], y[i])`, where a step of 0 repeats an operand. */
export type RowKernel = (
  out: TypedArray,
  outOffset: number,
  x: TypedArray,
  xOffset: number,
  xStep: number,
  y: TypedArray,
  yOffset: number,
  yStep: number,
  count: number,
) => void

interface BinaryElementwise {
  readonly name: string
  readonly dtype: ResultDType
  readonly number: (x: number, y: number) => number
  /** The kernel for int32, where computing in float64 and wrapping at the end would not be exact. */
  readonly int32?: (x: number, y: number) => number
  /** `number` written out as a loop: several times faster than one that calls a function an element. */
  readonly row?: RowKernel | undefined
  /** The rules for x and y; null where the derivative is zero wherever it exists. */
  readonly derivative: readonly [BinaryRule | null, BinaryRule | null]
}

function rowKernel(number: (x: number, y: number) => number): RowKernel {
  return (out, outOffset, x, xOffset, xStep, y, yOffset, yStep, count) => {
    for (let i = 0; i < count; i++)
      out[outOffset + i] = number(x[xOffset + i * xStep], y[yOffset + i * yStep])
  }
}

/**
 * Declares an elementwise operation of two inputs that broadcast. As in the unary case one rule an input serves
 * both directions: `derivative[0](flow, x, y, output)` is `flow` times ∂output/∂x.
 */
export function defineBinaryElementwise(declaration: BinaryElementwise): BinaryOperation {
  const { name, dtype, number, int32, derivative } = declaration
  const row = declaration.row ?? rowKernel(number)
  const int32Row = int32 === undefined ? row : rowKernel(int32)
  const operation = defineBinary<undefined>(
    {
      name,
      infer: ([x, y]) => inferElementwise(name, x, y, resultDType[dtype]),
      number,
      tensor: (x, y, { shape, dtype: outDType }) => {
        const out = allocate(outDType, sizeOf(shape))
        const kernel = outDType === 'int32' ? int32Row : row
        forEachRow(shape, [x.shape, y.shape], (offset, [xOffset, yOffset], [xStep, yStep], count) => {
          kernel(out, offset, x.data, xOffset, xStep, y.data, yOffset, yStep, count)
        })
        return new Tensor(out, shape, outDType)
      },
      reverse: derivative,
      forward: derivative,
    },
    'plain',
  )
  return operation as BinaryOperation
}

/** Numbers stay numbers; tensors broadcast, and their dtypes are promoted. */
export function inferElementwise(name: string, x: Spec, y: Spec, result: (dtype: DType) => DType): Spec {
  if (x.kind === 'number' && y.kind === 'number') return x
  return {
    kind: 'tensor',
    shape: broadcastShapes(name, x.shape, y.shape),
    dtype: result(promoteBeside(x, y)),
  }
}

/**
 * 0 as a scalar of the kind and dtype of `x`. Where a rule picks between a flow and 0 by a tensor of bools, the flow
 * may be a number (the tangent of one): beside this zero it takes the dtype of `x`, beside the number 0 float32.
 */
export function zeroOf(x: Value): number | Tensor {
  return zerosOf({ kind: kindOf(x), shape: [], dtype: dtypeOf(x) })
}

/** The dtype of a mixture in which numbers give way to tensors. */
export function promoteBeside(x: Spec, y: Spec): DType {
  const xDType = x.kind === 'number' && y.kind === 'tensor' ? dtypeOfNumberBeside(y.dtype) : x.dtype
  const yDType = y.kind === 'number' && x.kind === 'tensor' ? dtypeOfNumberBeside(x.dtype) : y.dtype
  return promote(xDType, yDType)
}
