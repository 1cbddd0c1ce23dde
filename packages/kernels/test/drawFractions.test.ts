import { drawFractions, drawFractionsPlain, wasmFeatures } from '@tapegrad/kernels'
import fc from 'fast-check'
import { drawFractionsWith } from '../src/drawFractions.js'

type Draw = typeof drawFractions

/** Philox 4×32-10 and its fractions on big integers, straight from the definitions. */
function reference([low, high]: readonly [number, number], counter: number, count: number): number[] {
  const mask = 0xffffffffn
  const out: number[] = []
  for (let block = BigInt(counter); out.length < count; block++) {
    let state = [block & mask, block >> 32n, 0n, 0n]
    for (let round = 0n; round < 10n; round++) {
      const product0 = 0xd2511f53n * state[0]
      const product1 = 0xcd9e8d57n * state[2]
      state = [
        (product1 >> 32n) ^ state[1] ^ ((BigInt(low) + round * 0x9e3779b9n) & mask),
        product1 & mask,
        (product0 >> 32n) ^ state[3] ^ ((BigInt(high) + round * 0xbb67ae85n) & mask),
        product0 & mask,
      ]
    }
    const [a, b, c, d] = state
    for (const bits of [((a >> 5n) << 26n) | (b >> 6n), ((c >> 5n) << 26n) | (d >> 6n)])
      if (out.length < count) out.push(Number(bits) / 2 ** 53)
  }
  return out
}

function drawn(draw: Draw, key: readonly [number, number], counter: number, count: number): Float64Array {
  const out = new Float64Array(count).fill(NaN)
  draw(key, counter, out)
  return out
}

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const key = fc.tuple(word, word)
/** Counters in all of their range, and such that the lower word overflows on the way. */
const counter = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 53 - 1000 }),
  fc
    .tuple(fc.integer({ min: 1, max: 2 ** 21 - 2 }), fc.nat(20))
    .map(([upper, before]) => upper * 2 ** 32 - before),
)

const ways: Record<string, Draw> = {
  'the public function': drawFractions,
  'the loop in JavaScript': drawFractionsPlain,
  'an engine without SIMD': (...parameters) =>
    drawFractionsWith({ simd: false, relaxedSimd: false, threads: false }, ...parameters),
  'an engine without relaxed SIMD': (...parameters) =>
    drawFractionsWith({ ...wasmFeatures(), relaxedSimd: false }, ...parameters),
}

describe.each(Object.entries(ways))('%s', (_, draw) => {
  test('draws what the definition says, in [0, 1)', () => {
    fc.assert(
      fc.property(key, counter, fc.nat(40), (key, counter, count) => {
        const out = drawn(draw, key, counter, count)
        expect(Array.from(out)).toEqual(reference(key, counter, count))
        expect(out.every((x) => x >= 0 && x < 1)).toBe(true)
      }),
    )
  })

  test('fills a subarray, and nothing beside it', () => {
    fc.assert(
      fc.property(key, counter, fc.nat(20), fc.nat(9), (key, counter, count, offset) => {
        const large = new Float64Array(count + 2 * offset).fill(NaN)
        draw(key, counter, large.subarray(offset, offset + count))
        const around = [...large.subarray(0, offset), ...large.subarray(offset + count)]
        expect(around.every(Number.isNaN)).toBe(true)
        expect(large.subarray(offset, offset + count)).toEqual(drawn(draw, key, counter, count))
      }),
    )
  })
})

test.each([8191, 8192, 8193, 8200, 16384, 20_001])('parts follow one another: %d fractions', (count) => {
  // The lower word of the counter overflows within the first part, or between parts.
  for (const counter of [0, 2 ** 32 - 100, 2 ** 32 - 4096, 2 ** 52]) {
    const whole = drawn(drawFractions, [7, 0xfedcba98], counter, count)
    const pieces = whole.slice().fill(NaN)
    for (let start = 0; start < count; start += 1000)
      drawFractions([7, 0xfedcba98], counter + start / 2, pieces.subarray(start, start + 1000))
    expect(whole.findIndex((x, i) => x !== pieces[i])).toBe(-1)
  }
})

test('the fractions of a block are made of its words: of the published answer for zeros', () => {
  const fraction = (a: number, b: number) => ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53
  expect(Array.from(drawn(drawFractions, [0, 0], 0, 2))).toEqual([
    fraction(0x6627e8d5, 0xe169c58d),
    fraction(0xbc57ac4c, 0x9b00dbd8),
  ])
})
