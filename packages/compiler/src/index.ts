/** The public entry: compiled functions. */
export { compile } from './compile.js'
export { CompileError } from './errors.js'
