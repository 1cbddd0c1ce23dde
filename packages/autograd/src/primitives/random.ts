/** The random bits that all distributions are made of. */
import { philox } from '../philox.js'
import { defineVariadic } from '../primitive.js'
import { Tensor } from '../tensor.js'

/** Each block of four words gives two fractions. */
export const fractionsInBlock = 2

/**
 * @internal `count` numbers uniform in [0, 1), with 53 random bits from two words each, of the stream with the key
 * (first two inputs) from a block on (the third). They have no derivative.
 */
export const drawFractions = defineVariadic<{ readonly count: number }>({
  name: 'drawFractions',
  infer: (_inputs, { count }) => ({ kind: 'tensor', shape: [count], dtype: 'float64' }),
  tensor: ([low, high, counter], { shape, dtype }, { count }) => {
    const key = [low.data[0], high.data[0]] as const
    const out = new Float64Array(count)
    const words = new Uint32Array(4)
    for (let i = 0; i < count; i++) {
      const first = 2 * (i % fractionsInBlock)
      if (first === 0) philox(key, counter.data[0] + i / fractionsInBlock, words, 0)
      out[i] = ((words[first] >>> 5) * 2 ** 26 + (words[first + 1] >>> 6)) / 2 ** 53
    }
    return new Tensor(out, shape, dtype)
  },
  reverse: null,
  forward: null,
})
