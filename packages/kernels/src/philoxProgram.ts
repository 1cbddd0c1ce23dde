/** Code for random numbers: Philox 4×32-10 (see philox.ts), of four blocks at a time, which lie in the lanes of vectors. */
import {
  f64x2,
  i32x4,
  i64x2,
  i8x16,
  local,
  set,
  v128,
  type Body,
  type Expression,
  type Local,
} from './assembler/index.js'
import { multipliers, rounds, weyl } from './philox.js'

/** So many blocks are drawn together; a program that draws fewer leaves out the last ones. */
export const drawnBlocks = 4

/** Sets each of four vectors to the two fractions of a block: of blocks `counter` to `counter` + 3 of the stream `key`. */
export function drawBlocks(
  fractions: readonly Local<'v128'>[],
  key: readonly Expression<'i32'>[],
  counter: Expression<'i64'>,
): Body {
  const words = Array.from({ length: 4 }, (_, k) => local('v128', `word${k}`))
  return [
    setCounters(words, counter),
    permuteVectors(words, key),
    [0, 1].map((half) => setFractions(fractions.slice(2 * half, 2 * half + 2), words, half)),
  ]
}

/** Two words of counter, the lower one first, and two zeros. */
function setCounters(words: readonly Local<'v128'>[], counter: Expression<'i64'>): Body {
  const first = local('v128', 'firstCounters')
  const last = local('v128', 'lastCounters')
  return [
    set(first, i64x2.add(i64x2.splat(counter), constant(BigInt64Array.of(0n, 1n)))),
    set(last, i64x2.add(first, constant(BigInt64Array.of(2n, 2n)))),
    set(words[0], lowHalves(first, last)),
    set(words[1], highHalves(first, last)),
    set(words[2], constant(new Int32Array(4))),
    set(words[3], constant(new Int32Array(4))),
  ]
}

/** Ten rounds: two words are multiplied, and the products' halves mixed with the others and the key. */
function permuteVectors(words: readonly Local<'v128'>[], key: readonly Expression<'i32'>[]): Body {
  const keys = key.map((_, k) => local('v128', `key${k}`))
  const products = multipliers.map((_, k) => ({
    first: local('v128', `firstProducts${k}`),
    last: local('v128', `lastProducts${k}`),
  }))
  const high = (k: number): Expression<'v128'> => highHalves(products[k].first, products[k].last)
  const low = (k: number): Expression<'v128'> => lowHalves(products[k].first, products[k].last)
  return [
    keys.map((keyWord, k) => set(keyWord, i32x4.splat(key[k]))),
    Array.from({ length: rounds }, () => [
      products.map(({ first, last }, k) => [
        set(first, i64x2.extmul_low_i32x4_u(words[2 * k], i32x4.splat(multipliers[k]))),
        set(last, i64x2.extmul_high_i32x4_u(words[2 * k], i32x4.splat(multipliers[k]))),
      ]),
      set(words[0], v128.xor(v128.xor(high(1), words[1]), keys[0])),
      set(words[1], low(1)),
      set(words[2], v128.xor(v128.xor(high(0), words[3]), keys[1])),
      set(words[3], low(0)),
      keys.map((keyWord, k) => set(keyWord, i32x4.add(keyWord, i32x4.splat(weyl[k])))),
    ]),
  ]
}

/** The fractions of the first two blocks, or the last two. */
function setFractions(
  fractions: readonly Local<'v128'>[],
  words: readonly Local<'v128'>[],
  half: number,
): Body {
  const first = local('v128', 'firstFractions')
  const last = local('v128', 'lastFractions')
  return [
    set(first, fraction(words[0], words[1], half)),
    set(last, fraction(words[2], words[3], half)),
    set(fractions[0], shuffle(first, last, 8, [0, 2])),
    set(fractions[1], shuffle(first, last, 8, [1, 3])),
  ]
}

/** ((a >>> 5) · 2²⁶ + (b >>> 6)) / 2⁵³, in [0, 1), of two lanes. */
function fraction(a: Local<'v128'>, b: Local<'v128'>, half: number): Expression<'v128'> {
  const convert = (word: Local<'v128'>, shift: number): Expression<'v128'> =>
    f64x2.convert_low_i32x4_u(i32x4.shr_u(half === 0 ? word : shuffle(word, word, 4, [2, 3, 2, 3]), shift))
  const upper = f64x2.mul(convert(a, 5), f64x2.splat(2 ** 26))
  return f64x2.mul(f64x2.add(upper, convert(b, 6)), f64x2.splat(2 ** -53))
}

/** The lower 32 bits of four numbers of 64 bits in two vectors. */
function lowHalves(first: Expression<'v128'>, last: Expression<'v128'>): Expression<'v128'> {
  return shuffle(first, last, 4, [0, 2, 4, 6])
}

function highHalves(first: Expression<'v128'>, last: Expression<'v128'>): Expression<'v128'> {
  return shuffle(first, last, 4, [1, 3, 5, 7])
}

/** A shuffle that moves whole elements. */
function shuffle(
  x: Expression<'v128'>,
  y: Expression<'v128'>,
  elementBytes: number,
  elements: readonly number[],
): Expression<'v128'> {
  return i8x16.shuffle(
    x,
    y,
    elements.flatMap((element) =>
      Array.from({ length: elementBytes }, (_, byte) => element * elementBytes + byte),
    ),
  )
}

function constant(lanes: BigInt64Array | Int32Array): Expression<'v128'> {
  return v128.const(new Uint8Array(lanes.buffer))
}
