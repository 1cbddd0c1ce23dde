/**
 * The entry for packages that build on autograd: tracing a program, the columns it is recorded in, and what its own
 * operations use for shapes, dtypes and series.
 */
export { Placeholder } from './placeholder.js'
export type { BinaryPrimitive, Primitive, UnaryPrimitive, VariadicPrimitive } from './primitive.js'
export { allPrimitives, callPrimitive, primitiveNamed } from './primitive.js'
export type { Recording } from './recording.js'
export { SymbolicTape } from './symbolicTape.js'
export { TapeVariable } from './tape.js'
export { allocate, floatOf, isFloat } from './dtype.js'
export { promoteBeside } from './elementwise.js'
export { broadcastStrides } from './broadcastLoop.js'
export { bernoulliNumbers, eulerGamma } from './gammaFunctions.js'
export { formatShape, sizeOf, stridesOf } from './shape.js'
export { isBranch, mapTreeWithPaths } from './tree.js'
export { whileTracing } from './traceDepth.js'
