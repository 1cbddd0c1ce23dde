/** The memory plan: an address for every buffer, where those that are never needed together may share one. */

/** A buffer's size, and the steps of the program from the first to the last in which its contents matter. */
export interface Lifetime {
  readonly buffer: number
  readonly bytes: number
  readonly first: number
  readonly last: number
}

/** Vectors are loaded fastest from multiples of their size. */
const alignment = 16

export function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}

/**
 * Places buffers from address `start` on, the largest first, each at the lowest address where nothing lives that
 * meets it in time. Gives their addresses and the first byte behind all of them.
 */
export function placeBuffers(
  lifetimes: readonly Lifetime[],
  start: number,
): { readonly addresses: ReadonlyMap<number, number>; readonly end: number } {
  const placed: { readonly lifetime: Lifetime; readonly address: number }[] = []
  let end = start
  for (const lifetime of [...lifetimes].sort((a, b) => b.bytes - a.bytes || a.buffer - b.buffer)) {
    const inTheWay = placed
      .filter(({ lifetime: other }) => other.first <= lifetime.last && lifetime.first <= other.last)
      .sort((a, b) => a.address - b.address)
    let address = start
    for (const other of inTheWay) {
      if (address + aligned(lifetime.bytes) <= other.address) break
      address = Math.max(address, other.address + aligned(other.lifetime.bytes))
    }
    placed.push({ lifetime, address })
    end = Math.max(end, address + aligned(lifetime.bytes))
  }
  return { addresses: new Map(placed.map(({ lifetime, address }) => [lifetime.buffer, address])), end }
}
