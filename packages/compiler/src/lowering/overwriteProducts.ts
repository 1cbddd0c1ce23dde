/** Which loops write over the product that they read, so that it needs no place of its own. */
import { sizeOf } from '@tapegrad/autograd/tracing'
import type { Load } from './expression.js'
import { mapLoads } from './expression.js'
import type { Kernel, MapKernel, MatmulKernel } from './kernel.js'
import type { LoweredProgram } from './lower.js'
import { buffersRead, readsWhereItWrites } from './reads.js'
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
  const replaced = new Map<Kernel, Kernel>()
  for (const product of lowered.kernels) {
    if (product.kind !== 'matmul') continue
    const loop = loopOver(lowered, product)
    // A loop over two products writes over one of them.
    if (loop === undefined || replaced.has(loop) || inPlace.has(loop.buffer)) continue
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

/** The loop that alone reads a product, each element where it writes its own, and alone fills a buffer as large. */
function loopOver(
  { program, kernels, buffers }: LoweredProgram,
  product: MatmulKernel,
): MapKernel | undefined {
  const { buffer, dtype, m, n, batch } = product
  const isResult = program.outputs.some((output) => buffers.get(output) === buffer)
  const [loop, ...others] = kernels.filter((kernel) => buffersRead(kernel).has(buffer))
  if (isResult || others.length > 0 || loop?.kind !== 'map' || loop.unlessListed !== undefined)
    return undefined
  const fillers = kernels.filter((kernel) => kernel.buffer === loop.buffer || kernel.buffer === buffer)
  const isAsLarge = sizeOf(program.nodes[loop.buffer].spec.shape) === batch.count * m * n
  const fits = loop.value.dtype === dtype && isAsLarge && sizeOf(loop.loops) === batch.count * m * n
  return fillers.length === 2 && fits && readsWhereItWrites(loop, buffer) ? loop : undefined
}
