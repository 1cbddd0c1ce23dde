/** The public entry: compiled functions and steps. */
export { compilableOperations, uncompilableOperations } from './compilable.js'
export { compile } from './compile.js'
export type { CompileOptions } from './compile.js'
export { compileStep } from './compileStep.js'
export type { CompiledStep, StepResult } from './compileStep.js'
export { CompileError } from './errors.js'
