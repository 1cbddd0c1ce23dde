/** Kernels: fast loops in WebAssembly behind plain functions on typed arrays. */
export { TapegradError } from './errors.js'
export { wasmFeatures, type WasmFeatures } from './features.js'
export { matmul } from './matmul.js'
export type { FloatArray, MatmulOptions } from './matmulOptions.js'
