/** The random bits that all distributions are made of. */
import { drawFractions as draw, drawFractionsPlain } from '@tapegrad/kernels'
import { defineVariadic } from '../primitive.js'
import { Tensor } from '../tensor.js'

/** Each block of four words gives two fractions. */
export const fractionsInBlock = 2

/** So few come nearly as fast from JavaScript, and without the milliseconds that making a WebAssembly program takes. */
const fewFractions = 4

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
    if (count > fewFractions) draw(key, counter.data[0], out)
    else drawFractionsPlain(key, counter.data[0], out)
    return new Tensor(out, shape, dtype)
  },
  reverse: null,
  forward: null,
})
