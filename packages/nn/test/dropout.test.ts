import type { Rng, Tensor, Value, Variable } from '@tapegrad/autograd'
import { assertGradient, grad, mean, mul, ones, rng, sum, tensor, zeros } from '@tapegrad/autograd'
import { compile } from '@tapegrad/compiler'
import { Dropout } from '@tapegrad/nn'
import fc from 'fast-check'
import {
  awayFromZero,
  errorOf,
  expectClose,
  filledShapes,
  leadingShapes,
  randomTensor,
  seeds,
} from './values.js'

const rates = fc.double({ min: 0, max: 0.9, noNaN: true })

function train<X extends Value>(rate: number, x: X, source: Rng) {
  return new Dropout(rate).apply({}, {}, x, { training: true, rng: source }).output
}

test('keeps elements scaled by 1 / (1 − rate) or makes them 0', () => {
  fc.assert(
    fc.property(rates, leadingShapes, seeds, (rate, shape, seed) => {
      const x = awayFromZero(seed, shape)
      const output = train(rate, x, rng(seed))
      expect([output.shape, output.dtype]).toEqual([x.shape, x.dtype])
      const kept = Array.from(output.data, (element, i) => (element === 0 ? 0 : x.data[i] / (1 - rate)))
      expectClose(output, tensor(Float64Array.from(kept)), 1e-14)
    }),
  )
})

test('drops the fraction that it should, and so keeps the mean', () => {
  const count = 4000
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 0.9, noNaN: true }), seeds, (rate, seed) => {
      const average = mean(train(rate, ones([count], { dtype: 'float64' }), rng(seed))).item()
      // Eight standard deviations of the mean of so many independent elements.
      expect(Math.abs(average - 1)).toBeLessThan(8 * Math.sqrt(rate / (1 - rate) / count))
    }),
    { numRuns: 50 },
  )
})

test('has the derivatives that differences have, by the mask that was drawn', () => {
  fc.assert(
    fc.property(rates, filledShapes, seeds, (rate, shape, seed) => {
      const x = randomTensor(seed, shape)
      assertGradient((z: Variable) => train(rate, z, rng(seed)), [x])
      const derivative = grad((z: Variable) => sum(train(rate, z, rng(seed))))(x)
      expectClose(derivative, train(rate, ones(shape, { dtype: 'float64' }), rng(seed)), 0)
    }),
    { numRuns: 50 },
  )
})

test('is the identity in use and with rate 0, and draws nothing then', () => {
  const x = tensor([1, -2, 3])
  const source = rng(0)
  const dropout = new Dropout(0.5)
  expect(dropout.forward(dropout.init(), x)).toBe(x)
  for (const options of [{}, { training: false }, { training: false, rng: source }])
    expect(dropout.apply({}, dropout.initState(), x, options)).toEqual({ output: x, state: {} })
  expect(train(0, x, source)).toBe(x)
  expect(source).toEqual(rng(0))
})

test('drops the same elements for the same seed, and others the next time', () => {
  const x = ones([64])
  const source = rng(7)
  const first = train(0.5, x, source)
  expect(train(0.5, x, rng(7))).toEqual(first)
  expect(train(0.5, x, source)).not.toEqual(first)
  expect(train(0.5, x, rng(8))).not.toEqual(first)
})

test('makes float32 of integers, and keeps floats as they are', () => {
  const dtypes = (['uint8', 'int32', 'float32', 'float64'] as const).map(
    (dtype) => train(0.5, zeros([2], { dtype }), rng(0)).dtype,
  )
  expect(dtypes).toEqual(['float32', 'float32', 'float32', 'float64'])
})

test.each([1, 2])('does the same compiled, with the generator as an argument (threads: %s)', (threads) => {
  const x = randomTensor(1, [40, 3])
  const both = (z: Tensor, source: Rng) => ({
    output: train(0.3, z, source),
    derivative: grad((y: Variable) => sum(mul(y, train(0.3, y, source))))(z),
  })
  const compiled = compile(both, { threads })
  const [one, other] = [rng(5), rng(5)]
  for (let call = 0; call < 3; call++) {
    const [actual, expected] = [compiled(x, one), both(x, other)]
    expectClose(actual, expected, 1e-14)
    expect(Array.from(actual.output.data, (y) => y === 0)).toEqual(
      Array.from(expected.output.data, (y) => y === 0),
    )
  }
  expect(one).toEqual(other)
})

test('says what it got and what it wants', () => {
  for (const rate of [-0.1, 1, 1.5, NaN, Infinity, '0.5'])
    expect(errorOf(() => new Dropout(rate as number))).toBe(
      `ArgumentError DROPOUT_RATE: Dropout: rate is ${rate}; wants the fraction to drop, a number from 0 to below 1`,
    )
  const dropout = new Dropout(0.5)
  expect(errorOf(() => dropout.apply({}, {}, zeros([2]), { training: true }))).toBe(
    'ArgumentError DROPOUT_RNG: Dropout(0.5): got no rng in training; wants apply(params, state, x, { training: true, rng: rng(seed) })',
  )
  expect(errorOf(() => train(0.5, 3, rng(0)))).toBe(
    'ShapeError LAYER_INPUT: Dropout(0.5): x is number 3; wants a tensor',
  )
})
