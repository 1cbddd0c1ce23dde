/** Kernels: fast loops in WebAssembly behind plain functions on typed arrays. */
export { TapegradError } from './errors.js'
export { wasmFeatures, type WasmFeatures } from './features.js'
export { matmul } from './matmul.js'
export type { FloatArray, MatmulOptions } from './matmulOptions.js'
export { matmulPlain } from './matmulPlain.js'

// The functions that matmul's program is made of, for programs that contain a matrix product.
export { copyPanels, transposePanels } from './packProgram.js'
export { multiplyPanels } from './tileProgram.js'
export { fastestShape, lanesOf, type TileShape } from './tileShape.js'
