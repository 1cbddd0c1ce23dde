/** Kernels: fast loops in WebAssembly behind plain functions on typed arrays. */
export { TapegradError } from './errors.js'
export { wasmFeatures, type WasmFeatures } from './features.js'
export { matmul } from './matmul.js'
export type { FloatArray, MatmulOptions } from './matmulOptions.js'
export { matmulPlain } from './matmulPlain.js'

// The functions that matmul's programs are made of, for programs that contain a matrix product.
export {
  countNonzerosFunction,
  listBlock,
  listLayout,
  listRowFunction,
  type ListLayout,
  type ListSource,
} from './listProgram.js'
export {
  addSkippedColumns,
  addSkippedRows,
  blocksAtOnce,
  listedColumns,
  multiplyListedColumns,
  multiplyListedRows,
  type ListedColumns,
} from './listedProgram.js'
export { mostDense } from './matmulListed.js'
export { copyPanels, transposePanels } from './packProgram.js'
export { multiplyPanels } from './tileProgram.js'
export { fastestShape, lanesOf, type TileShape } from './tileShape.js'
