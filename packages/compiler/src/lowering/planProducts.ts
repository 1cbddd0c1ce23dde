/** The passes over a lowered program's products, in their order. */
import { compressConstants } from './compressConstants.js'
import { findNonzeros } from './findNonzeros.js'
import { fuseWriteBacks } from './fuseWriteBacks.js'
import type { LoweredProgram } from './lower.js'
import { overwriteProducts } from './overwriteProducts.js'
import { packSides } from './packSides.js'
import { splitProducts } from './splitProducts.js'

/** The program for so many threads; `inPlace` has the buffers that share the places of states. */
export function planProducts(
  lowered: LoweredProgram,
  threads: number,
  inPlace: ReadonlyMap<number, number> = new Map(),
): LoweredProgram {
  const listed = findNonzeros(fuseWriteBacks(splitProducts(lowered, threads), inPlace))
  return overwriteProducts(packSides(compressConstants(listed, threads)), inPlace)
}
