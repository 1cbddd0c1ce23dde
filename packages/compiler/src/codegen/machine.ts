/** Machine arithmetic: the same operations on one number or on a vector of them, under one set of names. */
import type { DType } from '@tapegrad/autograd'
import type { Expression as Code, ValueType } from '@tapegrad/kernels/assembler'
import { call, f32, f32x4, f64, f64x2, i32, select, v128 } from '@tapegrad/kernels/assembler'
import type { VectorFunctionName } from '../math/index.js'
import { vectorMath } from '../math/index.js'

/** Bytes of an element in memory. */
export const elementBytes: Readonly<Record<DType, 1 | 4 | 8>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  uint8: 1,
  bool: 1,
}

/** The type that one element of a dtype is computed in. */
export function scalarType(dtype: DType): 'f32' | 'f64' | 'i32' {
  return dtype === 'float32' ? 'f32' : dtype === 'float64' ? 'f64' : 'i32'
}

type Unary = (x: Code) => Code
type Binary = (x: Code, y: Code) => Code

/** Floating-point arithmetic. A mask is what a comparison gives: 0 or 1 of numbers, all or no bits of a vector's lanes. */
export interface Floats {
  readonly type: ValueType
  constant(value: number): Code
  readonly add: Binary
  readonly sub: Binary
  readonly mul: Binary
  readonly div: Binary
  readonly min: Binary
  readonly max: Binary
  readonly sqrt: Unary
  readonly abs: Unary
  readonly neg: Unary
  readonly floor: Unary
  readonly ceil: Unary
  /** To the nearest whole number, halves to the even one. */
  readonly nearest: Unary
  readonly eq: Binary
  readonly ne: Binary
  readonly lt: Binary
  readonly gt: Binary
  readonly le: Binary
  readonly ge: Binary
  select(mask: Code, whenTrue: Code, whenFalse: Code): Code
  readonly and: Binary
  readonly or: Binary
  readonly not: Unary
  /** An elementary function that is no instruction. */
  math(name: VectorFunctionName, ...operands: readonly Code[]): Code
}

/** Instructions of one namespace, whose types have been checked by whoever picked the namespace. */
type Instructions = Readonly<
  Record<keyof Floats | 'splat' | 'extract_lane', (...operands: readonly unknown[]) => Code>
>

function scalarFloats(dtype: 'float32' | 'float64'): Floats {
  const numbers = (dtype === 'float32' ? f32 : f64) as unknown as Instructions & {
    const: (value: number) => Code
  }
  const vectors = (dtype === 'float32' ? f32x4 : f64x2) as unknown as Instructions
  return {
    ...numbers,
    type: scalarType(dtype),
    constant: (value) => numbers.const(value),
    select: (mask, whenTrue, whenFalse) =>
      select(whenTrue as Code<'f32'>, whenFalse as Code<'f32'>, mask as Code<'i32'>),
    and: i32.and as Binary,
    or: i32.or as Binary,
    not: i32.eqz as Unary,
    // The first lane of the vector function, so that a tail gives the same results as the vectors before it.
    math: (name, ...operands) => {
      const splats = operands.map((x) => vectors.splat(x) as Code<'v128'>)
      return vectors.extract_lane(call(vectorMath[dtype][name], ...splats) as Code<'v128'>, 0)
    },
  }
}

function vectorFloats(dtype: 'float32' | 'float64'): Floats {
  const vectors = (dtype === 'float32' ? f32x4 : f64x2) as unknown as Instructions
  return {
    ...vectors,
    type: 'v128',
    constant: (value) => (dtype === 'float32' ? f32x4.splat(value) : f64x2.splat(value)),
    select: (mask, whenTrue, whenFalse) =>
      v128.bitselect(whenTrue as Code<'v128'>, whenFalse as Code<'v128'>, mask as Code<'v128'>),
    and: v128.and as Binary,
    or: v128.or as Binary,
    not: v128.not as Unary,
    math: (name, ...operands) => call(vectorMath[dtype][name], ...(operands as Code<'v128'>[])),
  }
}

/** One element at a time. */
export const scalars = { float32: scalarFloats('float32'), float64: scalarFloats('float64') }

/** Four float32 or two float64 at a time. */
export const vectors = { float32: vectorFloats('float32'), float64: vectorFloats('float64') }
