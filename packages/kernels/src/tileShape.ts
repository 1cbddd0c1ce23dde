/** The choices that a program for the matrix product is made by. */

export interface TileShape {
  readonly elementBytes: 4 | 8
  /** Rows of a left panel; even. */
  readonly rows: number
  /** Steps along k that are written out in the innermost loop. */
  readonly unroll: number
  /** Whether one relaxed instruction multiplies and adds. */
  readonly relaxed: boolean
}

/** Elements of a 128-bit vector. */
export function lanesOf({ elementBytes }: TileShape): number {
  return 16 / elementBytes
}

/**
 * The fastest shapes measured: V8 keeps the address of every distinct offset in a register, so without
 * relaxed SIMD a small tile with few offsets wins; with it, registers suffice for six rows, and unrolling
 * pays.
 */
export function fastestShape(elementBytes: 4 | 8, relaxed: boolean): TileShape {
  return relaxed
    ? { elementBytes, rows: 6, unroll: 4, relaxed }
    : { elementBytes, rows: 4, unroll: 8, relaxed }
}
