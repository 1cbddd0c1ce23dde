/** The memory plan: an address for every buffer, where those that are never needed together may share one. */

/** A buffer's size, and the steps of the program from the first to the last in which its contents matter. */
export interface Lifetime {
  readonly buffer: number
  readonly bytes: number
  readonly first: number
  readonly last: number
}

/** Vectors are loaded fastest from multiples of their size. */
const vectorBytes = 16

/**
 * Two lines of a cache, which are often fetched together. Larger buffers have them to themselves, for a line goes from
 * core to core where one thread writes to it and another one to its neighbour on it.
 */
const lineBytes = 128

/** What addresses of buffers of so many bytes are multiples of. */
function alignmentOf(bytes: number): number {
  return bytes < lineBytes ? vectorBytes : lineBytes
}

/** The first address from `address` on for a buffer of so many bytes. */
export function alignedFor(bytes: number, address: number): number {
  return Math.ceil(address / alignmentOf(bytes)) * alignmentOf(bytes)
}

/** The room that so many bytes take up. */
export function roomFor(bytes: number): number {
  return alignedFor(bytes, bytes)
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
    const { bytes } = lifetime
    let address = alignedFor(bytes, start)
    for (const other of inTheWay) {
      if (address + roomFor(bytes) <= other.address) break
      address = Math.max(address, alignedFor(bytes, other.address + roomFor(other.lifetime.bytes)))
    }
    placed.push({ lifetime, address })
    end = Math.max(end, address + roomFor(bytes))
  }
  return { addresses: new Map(placed.map(({ lifetime, address }) => [lifetime.buffer, address])), end }
}
