/** Which loops write over the product that they read, so that it needs no place of its own. */
import { sizeOf } from '@tapegrad/autograd/tracing'
import type { Load } from './expression.js'
import { mapLoads } from './expression.js'
import type { Kernel, MapKernel, MatmulKernel } from './kernel.js'
import { loneLoops } from './loneLoops.js'
import type { LoweredProgram } from './lower.js'
import { readsWhereItWrites } from './reads.js'
import { withoutUnused } from './withoutUnused.js'

/**
 * The program with products in the buffers of the loops that take them further element by element, such as through a
 * derivative of relu, where nothing else reads them. `inPlace` has the buffers that share the places of states, which a
 * product can't write to: it writes beyond the end, and before others have read.
 */
export function overwriteProducts(
  lowered: LoweredProgram,
  inPlace: ReadonlyMap<number, number> = new Map(),
): LoweredProgram {
  const loopOver = loneLoops(lowered)
  const replaced = new Map<Kernel, Kernel>()
  for (const product of lowered.kernels) {
    if (product.kind !== 'matmul') continue
    const loop = loopOver(product)
    if (loop === undefined || !fits(lowered, product, loop)) continue
    // A loop over two products writes over one of them.
    if (replaced.has(loop) || inPlace.has(loop.buffer)) continue
    const { buffer } = loop
    replaced.set(product, { ...product, buffer })
    const read = (load: Load): Load => (load.buffer === product.buffer ? { ...load, buffer } : load)
    replaced.set(loop, { ...loop, value: mapLoads(loop.value, read) })
  }
  if (replaced.size === 0) return lowered
  return withoutUnused({
    ...lowered,
    kernels: lowered.kernels.map((kernel) => replaced.get(kernel) ?? kernel),
  })
}

/** Whether the loop fills a buffer as large as the product, and reads each of its elements where it writes its own. */
function fits(
  { program }: LoweredProgram,
  { buffer, dtype, m, n, batch }: MatmulKernel,
  loop: MapKernel,
): boolean {
  const elements = batch.count * m * n
  return (
    loop.value.dtype === dtype &&
    sizeOf(program.nodes[loop.buffer].spec.shape) === elements &&
    sizeOf(loop.loops) === elements &&
    readsWhereItWrites(loop, buffer)
  )
}
