/** What code needs to know of memory: where things begin. */
export interface Layout {
  /** The byte address of a node's buffer. */
  addressOf(buffer: number): number
  /** Where a kernel notes, as 1, that an index was out of bounds. */
  readonly errorAddress: number
  /** Room for one thread; the n-th thread's lies n times `threadScratchBytes` further. */
  readonly threadScratch: number
  readonly threadScratchBytes: number
}
