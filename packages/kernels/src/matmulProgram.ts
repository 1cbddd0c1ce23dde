/**
 * The WebAssembly program behind the matrix product: packing of panels, and the product of packed panels.
 *
 * A panel is a few rows of the left matrix, or columns of the right one, rewritten so that the innermost
 * loop reads them in order: for each step along k, the elements of its rows (columns) side by side. The
 * product of a left and a right panel is a tile, kept in registers for the whole depth of a block.
 */
import { encodeModule } from './assembler/index.js'
import { copyPanels, transposePanels } from './packProgram.js'
import { lanesOf, type TileShape } from './tileShape.js'
import { multiplyPanels } from './tileProgram.js'

/** Packs `count` rows (columns) into panels; the last one, if it isn't full, has arbitrary numbers beside. */
export type Pack = (source: number, target: number, count: number, depth: number, stride: number) => void

/**
 * Multiplies the left panels of `rows` rows with the right panels of `columns` columns into `out`, which
 * is row-major and has room for whole panels of rows; adds to it if `accumulate` isn't 0.
 */
export type Multiply = (
  left: number,
  right: number,
  out: number,
  rows: number,
  columns: number,
  depth: number,
  outStride: number,
  accumulate: number,
) => void

/**
 * The exports of the program. Addresses and strides are in bytes. Packing copies where the elements of one
 * step are neighbours in memory, and transposes where those of one row (column) are. A wide right panel has
 * two vectors of columns, a narrow one has one.
 */
export interface MatmulExports {
  readonly memory: WebAssembly.Memory
  readonly copyLeft: Pack
  readonly transposeLeft: Pack
  readonly copyWide: Pack
  readonly transposeWide: Pack
  readonly copyNarrow: Pack
  readonly transposeNarrow: Pack
  readonly multiplyWide: Multiply
  readonly multiplyNarrow: Multiply
}

/** The program as a module of a few kilobytes that imports nothing. */
export function encodeMatmul(shape: TileShape): Uint8Array<ArrayBuffer> {
  const lanes = lanesOf(shape)
  return encodeModule({
    memory: { minimum: 1, export: 'memory' },
    exports: {
      copyLeft: copyPanels(shape, shape.rows),
      transposeLeft: transposePanels(shape, shape.rows),
      copyWide: copyPanels(shape, 2 * lanes),
      transposeWide: transposePanels(shape, 2 * lanes),
      copyNarrow: copyPanels(shape, lanes),
      transposeNarrow: transposePanels(shape, lanes),
      multiplyWide: multiplyPanels(shape, 2),
      multiplyNarrow: multiplyPanels(shape, 1),
    },
  })
}
