/** Code for random numbers: Philox 4×32-10, as autograd draws them (see its philox.ts for the source). */
import type { Body, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import { f64, for_, func, i32, i64, if_, local, set } from '@tapegrad/kernels/assembler'
import type { RandomKernel } from '../lowering/kernel.js'
import type { Layout } from './layout.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'

const multipliers = [0xd2511f53n, 0xcd9e8d57n] as const
const weyl = [0x9e3779b9, 0xbb67ae85] as const
const rounds = 10

/** Each block of four words gives two numbers with 53 random bits. */
export function randomLoop({ buffer, count, key, counter }: RandomKernel, layout: Layout): KernelCode {
  const block = local('i32', 'block')
  const position = local('i64', 'position')
  const words = Array.from({ length: 4 }, (_, k) => local('i32', `word${k}`))
  const keys = [local('i32', 'low'), local('i32', 'high')]
  const address = layout.addressOf(buffer)
  const number = (buffered: number): Code<'i64'> =>
    i64.trunc_sat_f64_u(f64.load(i32.const(layout.addressOf(buffered))))
  const store = (k: number): Body => [
    f64.store(i32.shl(block, 4), fraction(words[2 * k], words[2 * k + 1]), address + 8 * k),
  ]
  return {
    run: func('random', rangeParameters, 'none', ({ begin, end }) => [
      for_(block, begin, end, 1, [
        set(position, i64.add(number(counter), i64.extend_i32_u(block))),
        set(words[0], i32.wrap_i64(position)),
        set(words[1], i32.wrap_i64(i64.shr_u(position, 32))),
        set(words[2], 0),
        set(words[3], 0),
        keys.map((word, k) => set(word, i32.wrap_i64(number(key[k])))),
        permute(words, keys),
        store(0),
        count % 2 === 0 ? store(1) : if_(i32.ne(block, (count - 1) / 2), store(1)),
      ]),
    ]),
    total: Math.ceil(count / 2),
    grain: 1,
  }
}

/** Ten rounds: two words are multiplied, and the products' halves mixed with the others and the key. */
function permute(words: readonly Local<'i32'>[], keys: readonly Local<'i32'>[]): Body {
  const products = [local('i64', 'product0'), local('i64', 'product1')]
  const high = (product: Local<'i64'>): Code<'i32'> => i32.wrap_i64(i64.shr_u(product, 32))
  return Array.from({ length: rounds }, () => [
    products.map((product, k) => set(product, i64.mul(i64.extend_i32_u(words[2 * k]), multipliers[k]))),
    set(words[0], i32.xor(i32.xor(high(products[1]), words[1]), keys[0])),
    set(words[1], i32.wrap_i64(products[1])),
    set(words[2], i32.xor(i32.xor(high(products[0]), words[3]), keys[1])),
    set(words[3], i32.wrap_i64(products[0])),
    keys.map((word, k) => set(word, i32.add(word, weyl[k] | 0))),
  ])
}

/** ((a >>> 5) · 2²⁶ + (b >>> 6)) / 2⁵³, in [0, 1). */
function fraction(a: Code<'i32'>, b: Code<'i32'>): Code<'f64'> {
  const upper = f64.mul(f64.convert_i32_u(i32.shr_u(a, 5)), 2 ** 26)
  return f64.mul(f64.add(upper, f64.convert_i32_u(i32.shr_u(b, 6))), 2 ** -53)
}
