/** Random fractions as a loop in JavaScript: for a few, and where there is no WebAssembly SIMD. */
import { philox } from './philox.js'

/** Does what `drawFractions` does. */
export function drawFractionsPlain(key: readonly [number, number], counter: number, out: Float64Array): void {
  const words = new Uint32Array(4)
  for (let i = 0; i < out.length; i += 2) {
    philox(key, counter + i / 2, words, 0)
    out[i] = fraction(words[0], words[1])
    if (i + 1 < out.length) out[i + 1] = fraction(words[2], words[3])
  }
}

function fraction(a: number, b: number): number {
  return ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53
}
