/** The form of a row in the tables of instructions. */
import type { ImmediateKind } from './immediates.js'
import type { ResultType } from './tree.js'

/** Opcode (with its prefix byte above bit 12), operand types separated by spaces, result type, immediate. */
export type InstructionRow = readonly [
  opcode: number,
  operands: string,
  result: ResultType,
  immediate?: ImmediateKind,
]

export type InstructionTable = Readonly<Record<string, InstructionRow>>
