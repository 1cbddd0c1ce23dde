/** Kernels: fast loops in WebAssembly behind plain functions on typed arrays. */
export { drawFractions } from './drawFractions.js'
export { drawFractionsPlain } from './drawFractionsPlain.js'
export { TapegradError } from './errors.js'
export { wasmFeatures, type WasmFeatures } from './features.js'
export { matmul } from './matmul.js'
export type { FloatArray, MatmulOptions } from './matmulOptions.js'
export { matmulPlain } from './matmulPlain.js'
export { philox } from './philox.js'

// The functions that programs of kernels are made of, for programs that contain a matrix product or random numbers.
export { compressedBlocks, compressedListLayout, listCompressedRowFunction } from './compressedProgram.js'
export { CompressedRows } from './compressedRows.js'
export {
  countNonzerosFunction,
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
export { copyPanels, transposePanels } from './packProgram.js'
export { drawBlocks, drawnBlocks } from './philoxProgram.js'
export { isSampleSparse, mostDense } from './sparsity.js'
export { multiplyPanels, type WriteBack } from './tileProgram.js'
export { fastestShape, lanesOf, type TileShape } from './tileShape.js'
