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

/** An element whose place along one axis is itself computed: position + place · stride. */
export interface Gather {
  readonly kind: 'gather'
  readonly buffer: number
  readonly dtype: DType
  readonly position: Linear
  readonly place: Expression
  readonly stride: number
}

/**
 * An int32 as a place on an axis of `extent` elements, where negatives count from the end if they may. One that is
 * out of bounds is noted, so that the run ends in an error, and 0 taken instead.
 */
export interface Place {
  readonly kind: 'place'
  readonly dtype: 'int32'
  readonly operand: Expression
  readonly extent: number
  readonly countsFromEnd: boolean
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
export type Expression = Load | Gather | Place | Constant | Index | Apply | Convert

/** All linear forms in an expression. */
export function positionsIn(expression: Expression): Linear[] {
  switch (expression.kind) {
    case 'load':
    case 'index':
      return [expression.position]
    case 'gather':
      return [expression.position, ...positionsIn(expression.place)]
    case 'constant':
      return []
    case 'apply':
      return expression.operands.flatMap(positionsIn)
    case 'place':
    case 'convert':
      return positionsIn(expression.operand)
  }
}

/** The expression with its forms replaced; shared subexpressions stay shared. */
export function mapPositions(expression: Expression, map: (position: Linear) => Linear): Expression {
  return rebuilt(expression, (e, visit) => {
    switch (e.kind) {
      case 'load':
      case 'index':
        return { ...e, position: map(e.position) }
      case 'gather':
        return { ...e, position: map(e.position), place: visit(e.place) }
      default:
        return undefined
    }
  })
}

/** The expression with its loads replaced; shared subexpressions stay shared. */
export function mapLoads(expression: Expression, map: (load: Load) => Expression): Expression {
  return rebuilt(expression, (e) => (e.kind === 'load' ? map(e) : undefined))
}

/** Calls `visit` for every load of an element at a place that the loops alone say. */
export function visitLoads(expression: Expression, visit: (load: Load) => void): void {
  switch (expression.kind) {
    case 'load':
      visit(expression)
      return
    case 'apply':
      for (const operand of expression.operands) visitLoads(operand, visit)
      return
    case 'convert':
    case 'place':
      visitLoads(expression.operand, visit)
      return
    case 'gather':
      visitLoads(expression.place, visit)
      return
    case 'constant':
    case 'index':
  }
}

/** The expression made anew, each subexpression once: as `replace` says, or else of the same kind. */
function rebuilt(
  expression: Expression,
  replace: (e: Expression, visit: (e: Expression) => Expression) => Expression | undefined,
): Expression {
  const known = new Map<Expression, Expression>()
  const visit = (e: Expression): Expression => {
    const done = known.get(e)
    if (done !== undefined) return done
    const made = replace(e, visit) ?? remade(e)
    known.set(e, made)
    return made
  }
  const remade = (e: Expression): Expression => {
    switch (e.kind) {
      case 'load':
      case 'index':
      case 'constant':
        return e
      case 'gather':
        return { ...e, place: visit(e.place) }
      case 'apply':
        return { ...e, operands: e.operands.map(visit) }
      case 'place':
      case 'convert':
        return { ...e, operand: visit(e.operand) }
    }
  }
  return visit(expression)
}

/** Whether the innermost loop doesn't change the value. */
export function isUniform(expression: Expression): boolean {
  return positionsIn(expression).every(({ steps }) => steps[steps.length - 1] === 0)
}

/** `operand` in another dtype. */
export function converted(operand: Expression, dtype: DType): Expression {
  if (operand.dtype === dtype) return operand
  if (operand.kind === 'constant') return { ...operand, dtype, value: convertNumber(operand.value, dtype) }
  return { kind: 'convert', dtype, operand }
}

/** A number as an element of a dtype has it. */
export function convertNumber(value: number, dtype: DType): number {
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

/** `index`, whole as it may be or not, as a place on an axis. */
export function placeOn(
  index: Expression,
  extent: number,
  { countsFromEnd }: { countsFromEnd: boolean },
): Expression {
  return { kind: 'place', dtype: 'int32', operand: wholeOr(index, extent), extent, countsFromEnd }
}

/** A float that is an int32 as one, and any other as one that is out of bounds. */
function wholeOr(index: Expression, outOfBounds: number): Expression {
  const whole = converted(index, 'int32')
  if (index.dtype !== 'float32' && index.dtype !== 'float64') return whole
  const { dtype } = index
  const isWhole: Expression = {
    kind: 'apply',
    operation: 'equal',
    operandDType: dtype,
    dtype: 'bool',
    operands: [converted(whole, dtype), index],
  }
  return {
    kind: 'apply',
    operation: 'where',
    operandDType: 'int32',
    dtype: 'int32',
    operands: [isWhole, whole, { kind: 'constant', dtype: 'int32', value: outOfBounds }],
  }
}
