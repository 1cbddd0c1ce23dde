/**
 * The instructions as functions that build and check expressions: `f32.add(x, f32.mul(y, 0.5))`.
 *
 * Operands come first, then immediates: `f32.load(address, 16)` has the static offset 16. Operand types are
 * checked by the type checker, and once more when a node is made, so that an error shows up where it is.
 */
import { assemblerError } from './assemblerError.js'
import { immediateOf, type ImmediateArguments } from './immediates.js'
import type { InstructionRow, InstructionTable } from './instructionRow.js'
import * as scalar from './scalarTable.js'
import type { Expression, Node, Operand, ResultType, ValueType } from './tree.js'
import * as vector from './vectorTable.js'

type Words<Text extends string> = Text extends ''
  ? []
  : Text extends `${infer First} ${infer Rest}`
    ? [First, ...Words<Rest>]
    : [Text]
type Operands<Types> = {
  [Index in keyof Types]: Types[Index] extends ValueType ? Operand<Types[Index]> : never
}

/** The function that a row stands for. */
export type InstructionFunction<Row extends InstructionRow> = (
  ...operands: [...Operands<Words<Row[1]>>, ...ImmediateArguments<Row[3]>]
) => Node<Row[2]>

export type Instructions<Table extends InstructionTable> = {
  readonly [Name in keyof Table]: InstructionFunction<Table[Name]>
}

export const i32 = /* @__PURE__ */ instructions('i32', scalar.i32)
export const i64 = /* @__PURE__ */ instructions('i64', scalar.i64)
export const f32 = /* @__PURE__ */ instructions('f32', scalar.f32)
export const f64 = /* @__PURE__ */ instructions('f64', scalar.f64)
export const memory = /* @__PURE__ */ instructions('memory', scalar.memory)
export const atomic = /* @__PURE__ */ instructions('atomic', scalar.atomic)
export const v128 = /* @__PURE__ */ instructions('v128', vector.v128)
export const i8x16 = /* @__PURE__ */ instructions('i8x16', vector.i8x16)
export const i16x8 = /* @__PURE__ */ instructions('i16x8', vector.i16x8)
export const i32x4 = /* @__PURE__ */ instructions('i32x4', vector.i32x4)
export const i64x2 = /* @__PURE__ */ instructions('i64x2', vector.i64x2)
export const f32x4 = /* @__PURE__ */ instructions('f32x4', vector.f32x4)
export const f64x2 = /* @__PURE__ */ instructions('f64x2', vector.f64x2)

function instructions<Table extends InstructionTable>(namespace: string, table: Table): Instructions<Table> {
  const functions = Object.entries(table).map(([name, row]) => [name, builder(`${namespace}.${name}`, row)])
  return Object.fromEntries(functions) as Instructions<Table>
}

function builder(name: string, [opcode, operandTypes, type, immediate]: InstructionRow) {
  const types = operandTypes === '' ? [] : (operandTypes.split(' ') as ValueType[])
  const [immediateCount, encodeImmediate] = immediateOf(immediate)
  const most = types.length + immediateCount
  return (...values: readonly unknown[]): Node => {
    if (values.length > most)
      throw assemblerError(`${name}: got ${values.length} arguments; it takes ${most}`)
    // As in encodeFunction.ts, the loop counts: a first program is there a tenth sooner.
    const operands = new Array<Expression>(types.length)
    for (let k = 0; k < types.length; k++) operands[k] = operand(name, k, types[k], values[k])
    return {
      kind: 'instruction',
      type,
      opcode,
      operands,
      immediates: encodeImmediate(name, values, types.length),
    }
  }
}

/** `value` as an expression of the expected type; numbers become constants. */
export function operand<T extends ValueType>(
  user: string,
  index: number,
  expected: T,
  value: unknown,
): Expression<T> {
  const node = typeof value === 'object' ? (value as Node | null) : constant(expected, value)
  if (node?.type !== expected) {
    const got = node?.type ?? (value === undefined ? 'missing' : `a ${typeof value}`)
    throw assemblerError(`${user}: operand ${index + 1} is ${got}; it must be of type ${expected}`)
  }
  return node as Expression<T>
}

function constant(type: ResultType, value: unknown): Node | undefined {
  if (typeof value === 'bigint') return type === 'i64' ? i64.const(value) : undefined
  if (typeof value !== 'number') return undefined
  switch (type) {
    case 'i32':
      return i32.const(value)
    case 'i64':
      return i64.const(value)
    case 'f32':
      return f32.const(value)
    case 'f64':
      return f64.const(value)
    default:
      return undefined
  }
}
