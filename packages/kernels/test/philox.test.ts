import { fc, test } from '@fast-check/jest'
import { permute, philox } from '../src/philox.js'

type Counter = readonly [number, number, number, number]
type Key = readonly [number, number]

function words(counter: Counter, key: Key): string[] {
  const out = new Uint32Array(4)
  permute(counter, key, out, 0)
  return Array.from(out, (word) => word.toString(16).padStart(8, '0'))
}

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const counter = fc.tuple(word, word, word, word)
const key = fc.tuple(word, word)

/** Philox 4×32-10 on big integers, straight from the paper's definition. */
function reference([c0, c1, c2, c3]: Counter, [k0, k1]: Key): string[] {
  const mask = 0xffffffffn
  let state = [c0, c1, c2, c3].map(BigInt)
  for (let round = 0n; round < 10n; round++) {
    const [roundKey0, roundKey1] = [
      (BigInt(k0) + round * 0x9e3779b9n) & mask,
      (BigInt(k1) + round * 0xbb67ae85n) & mask,
    ]
    const product0 = 0xd2511f53n * state[0]
    const product1 = 0xcd9e8d57n * state[2]
    state = [
      (product1 >> 32n) ^ state[1] ^ roundKey0,
      product1 & mask,
      (product0 >> 32n) ^ state[3] ^ roundKey1,
      product0 & mask,
    ]
  }
  return state.map((word) => word.toString(16).padStart(8, '0'))
}

describe('Philox 4×32-10', () => {
  // The known answers that Random123 publishes (kat_vectors).
  test.each<[string, Counter, Key, string[]]>([
    ['zeros', [0, 0, 0, 0], [0, 0], ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']],
    [
      'ones',
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      ['408f276d', '41c83b0e', 'a20bc7c6', '6d5451fd'],
    ],
    [
      'the digits of π',
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      ['d16cfe09', '94fdcceb', '5001e420', '24126ea1'],
    ],
  ])('gives the published answer for %s', (_name, counter, key, answer) => {
    expect(words(counter, key)).toEqual(answer)
  })

  test.prop([counter, key])('agrees with the definition on big integers', (counter, key) => {
    expect(words(counter, key)).toEqual(reference(counter, key))
  })

  test.prop([key, fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), fc.nat(8)])(
    'a block counts through the lower two words and is written where it is told',
    (key, block, offset) => {
      const out = new Uint32Array(12)
      philox(key, block, out, offset)
      const direct = new Uint32Array(12)
      permute([block % 2 ** 32, Math.floor(block / 2 ** 32), 0, 0], key, direct, offset)
      expect(out).toEqual(direct)
      expect(out.subarray(0, offset).every((word) => word === 0)).toBe(true)
    },
  )
})
