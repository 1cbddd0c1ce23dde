/** Code for random numbers, as autograd draws them. */
import { drawBlocks, drawnBlocks } from '@tapegrad/kernels'
import type { Body, Expression as Code } from '@tapegrad/kernels/assembler'
import { f64, for_, func, i32, i64, if_, local, set, v128 } from '@tapegrad/kernels/assembler'
import type { RandomKernel } from '../lowering/kernel.js'
import type { Layout } from './layout.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'

/** Each block gives two numbers with 53 random bits. */
export function randomLoop({ buffer, count, key, counter }: RandomKernel, layout: Layout): KernelCode {
  const block = local('i32', 'block')
  const first = local('i64', 'first')
  const keys = [local('i32', 'low'), local('i32', 'high')]
  const pairs = Array.from({ length: drawnBlocks }, (_, k) => local('v128', `pair${k}`))
  const address = layout.addressOf(buffer)
  const number = (buffered: number): Code<'i64'> =>
    i64.trunc_sat_f64_u(f64.load(i32.const(layout.addressOf(buffered))))
  const store = (numbers: number): Body =>
    pairs
      .slice(0, Math.ceil(numbers / 2))
      .map((pair, k) =>
        numbers === 2 * k + 1
          ? v128.store64_lane(i32.shl(block, 4), pair, 0, address + 16 * k)
          : v128.store(i32.shl(block, 4), pair, address + 16 * k),
      )
  const whole = 2 * drawnBlocks
  const rest = count % whole
  return {
    run: func('random', rangeParameters, 'none', ({ begin, end }) => [
      set(first, number(counter)),
      keys.map((word, k) => set(word, i32.wrap_i64(number(key[k])))),
      for_(block, begin, end, drawnBlocks, [
        drawBlocks(pairs, keys, i64.add(first, i64.extend_i32_u(block))),
        rest === 0 ? store(whole) : if_(i32.eq(block, (count - rest) / 2), store(rest), store(whole)),
      ]),
    ]),
    total: Math.ceil(count / 2),
    grain: drawnBlocks,
  }
}
