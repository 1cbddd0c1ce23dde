/**
 * Variables, control flow and functions. Names are the specification's; where JavaScript reserves one, an
 * underscore follows (`if_`, `return_`).
 */
import { assemblerError } from './assemblerError.js'
import { i32, operand } from './instructions.js'
import { opcodes } from './opcodes.js'
import type {
  Assignment,
  Body,
  Branch,
  Call,
  Callable,
  DefinedFunction,
  Expression,
  FunctionBody,
  Global,
  ImportedFunction,
  Instruction,
  Label,
  Local,
  Node,
  Operand,
  ResultType,
  Structure,
  ValueType,
} from './tree.js'

/** A new local variable, zero when its function starts; it belongs to whichever function uses it. */
export function local<T extends ValueType>(type: T, name: string): Local<T> {
  return { kind: 'local', type, name }
}

/** A new global variable with a constant to start from: `global('i32', 'count', i32.const(1))`. */
export function global<T extends ValueType>(type: T, name: string, initial: Node<T>): Global<T> {
  if (initial.kind !== 'instruction' || initial.operands.length > 0) {
    throw assemblerError(`global ${name}: it must start from a constant`)
  }
  return { kind: 'global', type, name, initial }
}

/** variable = value */
export function set<T extends ValueType>(
  variable: Local<T> | Global<T>,
  value: Operand<T>,
): Assignment<'none'> {
  const checked = operand(`set ${variable.name}`, 0, variable.type, value)
  return { kind: 'assignment', type: 'none', variable, value: checked }
}

/** variable += by */
export function increase(variable: Local<'i32'>, by: Operand<'i32'>): Assignment<'none'> {
  return set(variable, i32.add(variable, by))
}

/** local = value, as an expression. */
export function tee<T extends ValueType>(variable: Local<T>, value: Operand<T>): Assignment<T> {
  const checked = operand(`tee ${variable.name}`, 0, variable.type, value)
  return { kind: 'assignment', type: variable.type, variable, value: checked }
}

/** Statements that `br(label)` leaves. */
export function block(body: (label: Label) => Body): Structure<'none'> {
  return structure(opcodes.block, undefined, body)
}

/** Statements that `br(label)` starts again; without it they run once. */
export function loop(body: (label: Label) => Body): Structure<'none'> {
  return structure(opcodes.loop, undefined, body)
}

export function if_(condition: Operand<'i32'>, body: Body, otherwise: Body = []): Structure<'none'> {
  return structure(opcodes.if, operand('if_', 0, 'i32', condition), () => body, otherwise)
}

function structure(
  opcode: number,
  condition: Expression<'i32'> | undefined,
  body: (label: Label) => Body,
  otherwise: Body = [],
): Structure<'none'> {
  const label = { name: 'label' }
  return { kind: 'structure', type: 'none', opcode, label, condition, body: body(label), otherwise }
}

export function br(label: Label): Branch<'none'> {
  return { kind: 'branch', type: 'none', label, condition: undefined }
}

export function br_if(label: Label, condition: Operand<'i32'>): Branch<'none'> {
  return { kind: 'branch', type: 'none', label, condition: operand('br_if', 0, 'i32', condition) }
}

/**
 * for (variable = start; variable < end; variable += step) body, on signed integers. As in JavaScript, `end`
 * and `step` are computed anew at each turn: pass locals or constants.
 */
export function for_(
  variable: Local<'i32'>,
  start: Operand<'i32'>,
  end: Operand<'i32'>,
  step: Operand<'i32'>,
  body: Body,
): Body {
  return [
    set(variable, start),
    if_(i32.lt_s(variable, end), [
      loop((again) => [body, br_if(again, i32.lt_s(tee(variable, i32.add(variable, step)), end))]),
    ]),
  ]
}

/** Leaves the function, with the given result where it has one. */
export function return_(value?: Expression): Instruction<'none'> {
  return plain('none', opcodes.return, value === undefined ? [] : [value])
}

export function unreachable(): Instruction<'none'> {
  return plain('none', opcodes.unreachable, [])
}

/** Computes a value for its effects only. */
export function drop(value: Expression): Instruction<'none'> {
  return plain('none', opcodes.drop, [value])
}

/** condition ? whenTrue : whenFalse; both are computed. */
export function select<T extends ValueType>(
  whenTrue: Expression<T>,
  whenFalse: Operand<T>,
  condition: Operand<'i32'>,
): Instruction<T> {
  const { type } = whenTrue
  return plain(type, opcodes.select, [
    operand('select', 0, type, whenTrue),
    operand('select', 1, type, whenFalse),
    operand('select', 2, 'i32', condition),
  ])
}

function plain<T extends ResultType>(
  type: T,
  opcode: number,
  operands: readonly Expression[],
): Instruction<T> {
  return { kind: 'instruction', type, opcode, operands, immediates: [] }
}

/** Names and types of parameters, in order. */
export type Parameters = Readonly<Record<string, ValueType>>

/**
 * A function, for example `func('axpy', { a: 'f32', x: 'f32', y: 'f32' }, 'f32', ({ a, x, y }) =>
 * [f32.add(f32.mul(a, x), y)])`. The last item of the body is the result, where there is one.
 */
export function func<P extends Parameters, T extends ResultType>(
  name: string,
  parameters: P,
  result: T,
  body: (parameters: { readonly [Name in keyof P]: Local<P[Name]> }) => FunctionBody,
): DefinedFunction<T> {
  const locals = parameterLocals(parameters)
  const byName = Object.fromEntries(locals.map((parameter) => [parameter.name, parameter]))
  return {
    kind: 'function',
    name,
    parameters: locals,
    result,
    body: () => body(byName as { [Name in keyof P]: Local<P[Name]> }),
  }
}

/** A function that the host provides as `imports[module][name]`. */
export function importedFunction<T extends ResultType>(
  module: string,
  name: string,
  parameters: Parameters,
  result: T,
): ImportedFunction<T> {
  return { kind: 'import', module, name, parameters: parameterLocals(parameters), result }
}

function parameterLocals(parameters: Parameters): Local[] {
  return Object.entries(parameters).map(([name, type]) => local(type, name))
}

export function call<T extends ResultType>(callee: Callable<T>, ...operands: readonly Operand[]): Call<T> {
  const { name, parameters } = callee
  if (operands.length !== parameters.length) {
    throw assemblerError(`call ${name}: got ${operands.length} operands; it takes ${parameters.length}`)
  }
  const checked = operands.map((value, index) =>
    operand(`call ${name}`, index, parameters[index].type, value),
  )
  return { kind: 'call', type: callee.result, callee, operands: checked }
}
