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
    const out = new Float64Array(count)
    fillWithFractions(out, [low.data[0], high.data[0]], counter.data[0])
    return new Tensor(out, shape, dtype)
  },
  reverse: null,
  forward: null,
})

/** @internal What `drawFractions` draws, as many as `out` has room for. */
export function fillWithFractions(out: Float64Array, key: readonly [number, number], counter: number): void {
  if (out.length > fewFractions) draw(key, counter, out)
  else drawFractionsPlain(key, counter, out)
}
