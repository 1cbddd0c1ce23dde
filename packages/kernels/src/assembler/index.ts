/**
 * A small WebAssembly assembler: functions that build a program as a tree, and `encodeModule`, which turns
 * it into bytes.
 *
 * ```ts
 * const sum = func('sum', { x: 'i32', n: 'i32' }, 'f32', ({ x, n }) => {
 *   const i = local('i32', 'i')
 *   const total = local('f32', 'total')
 *   return [
 *     for_(i, 0, n, 1, [set(total, f32.add(total, f32.load(i32.add(x, i32.shl(i, 2)))))]),
 *     total,
 *   ]
 * })
 * const bytes = encodeModule({ memory: { import: ['host', 'memory'], minimum: 1 }, exports: { sum } })
 * ```
 */
export { AssemblerError } from './assemblerError.js'
export * from './control.js'
export { encodeModule, type MemoryDeclaration, type ModuleDeclaration } from './encodeModule.js'
export * from './instructions.js'
export type {
  Body,
  Callable,
  DefinedFunction,
  Expression,
  FunctionBody,
  Global,
  ImportedFunction,
  Label,
  Local,
  Node,
  Operand,
  ResultType,
  Statement,
  ValueType,
} from './tree.js'
