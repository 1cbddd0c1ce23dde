/** Loops that alone take products further: what such a loop and its product do can become one. */
import type { Kernel, MapKernel, MatmulKernel } from './kernel.js'
import type { LoweredProgram } from './lower.js'
import { readersOf } from './reads.js'

/**
 * Gives the loop that alone reads a product which is no result, where that loop is always run and nothing else fills its
 * buffer, as other parts of a concatenation would.
 */
export function loneLoops({
  program,
  kernels,
  buffers,
}: LoweredProgram): (product: MatmulKernel) => MapKernel | undefined {
  const results = new Set(program.outputs.map((output) => buffers.get(output)))
  const readers = readersOf(kernels)
  const fillers = new Map<number, number>()
  for (const { buffer } of kernels) fillers.set(buffer, (fillers.get(buffer) ?? 0) + 1)
  const isFilledOnce = ({ buffer }: Kernel): boolean => fillers.get(buffer) === 1
  return (product) => {
    const [loop, ...others] = readers.get(product.buffer) ?? []
    if (results.has(product.buffer) || others.length > 0 || loop?.kind !== 'map') return undefined
    const isAlone = loop.unlessListed === undefined && isFilledOnce(product) && isFilledOnce(loop)
    return isAlone ? loop : undefined
  }
}
