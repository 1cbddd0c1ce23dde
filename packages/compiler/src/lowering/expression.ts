/** What a loop computes for one element: a graph of loads, constants and elementwise operations. */
import type { DType } from '@tapegrad/autograd'
import type { Linear } from './linear.js'

/** An element of the buffer of node `buffer`. */
export interface Load {
  readonly kind: 'load'
  readonly buffer: number
  readonly dtype: DType
  readonly position: Linear
}

/** An element whose place along one axis is itself computed: position + index · stride, negatives from the end. */
export interface Gather {
  readonly kind: 'gather'
  readonly buffer: number
  readonly dtype: DType
  readonly position: Linear
  readonly index: Expression
  readonly stride: number
  readonly extent: number
}

export interface Constant {
  readonly kind: 'constant'
  readonly dtype: DType
  readonly value: number
}

/** An index that the loops count. */
export interface Index {
  readonly kind: 'index'
  readonly dtype: 'int32'
  readonly position: Linear
}

/** An elementwise primitive, or `where`, whose first operand is bool; the others are of `operandDType`. */
export interface Apply {
  readonly kind: 'apply'
  readonly operation: string
  readonly operandDType: DType
  readonly dtype: DType
  readonly operands: readonly Expression[]
}

export interface Convert {
  readonly kind: 'convert'
  readonly dtype: DType
  readonly operand: Expression
}

/** A subexpression met twice is one object, and is computed once. */
export type Expression = Load | Gather | Constant | Index | Apply | Convert

/** `operand` in another dtype. */
export function converted(operand: Expression, dtype: DType): Expression {
  if (operand.dtype === dtype) return operand
  if (operand.kind === 'constant') return { ...operand, dtype, value: convertNumber(operand.value, dtype) }
  return { kind: 'convert', dtype, operand }
}

function convertNumber(value: number, dtype: DType): number {
  switch (dtype) {
    case 'float64':
      return value
    case 'float32':
      return Math.fround(value)
    case 'int32':
      return value | 0
    case 'uint8':
      return value & 255
    case 'bool':
      return value === 0 ? 0 : 1
  }
}
