/**
 * Philox 4×32-10, a counter-based random number generator: a keyed bijection of 128-bit counters (Salmon, Moraes,
 * Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011).
 */

// Words are kept as signed 32-bit integers, which engines compute with directly; unsigned ones they would box.
export const multipliers = [0xd2511f53 | 0, 0xcd9e8d57 | 0] as const
/** The golden ratio and √3 − 1, by which the key moves on from round to round. */
export const weyl = [0x9e3779b9 | 0, 0xbb67ae85 | 0] as const
export const rounds = 10

/** The upper 32 bits of the product of two 32-bit words, put together from products of their halves. */
function highProduct(a: number, b: number): number {
  const aHigh = a >>> 16
  const aLow = a & 0xffff
  const bHigh = b >>> 16
  const bLow = b & 0xffff
  const first = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0
  const second = (Math.imul(aLow, bHigh) + (first & 0xffff)) | 0
  return (Math.imul(aHigh, bHigh) + (first >>> 16) + (second >>> 16)) | 0
}

/** Writes the four words of block `counter` of the stream `key` to `out` from `offset` on. */
export function philox(
  key: readonly [number, number],
  counter: number,
  out: Uint32Array,
  offset: number,
): void {
  permute([counter | 0, Math.floor(counter / 2 ** 32) | 0, 0, 0], key, out, offset)
}

/** The permutation itself: four words of counter and two of key give four random words. */
export function permute(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array,
  offset: number,
): void {
  let c0 = counter[0] | 0
  let c1 = counter[1] | 0
  let c2 = counter[2] | 0
  let c3 = counter[3] | 0
  let k0 = key[0] | 0
  let k1 = key[1] | 0
  for (let round = 0; round < rounds; round++) {
    const high0 = highProduct(multipliers[0], c0)
    const low0 = Math.imul(multipliers[0], c0)
    const high1 = highProduct(multipliers[1], c2)
    const low1 = Math.imul(multipliers[1], c2)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + weyl[0]) | 0
    k1 = (k1 + weyl[1]) | 0
  }
  out[offset] = c0
  out[offset + 1] = c1
  out[offset + 2] = c2
  out[offset + 3] = c3
}
