/** The gamma family as operations: kinds, dtypes, derivatives and errors. */
import { ArgumentError, digamma, grad, logGamma, polygamma, tensor } from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { expectTensor } from '../support/reference.js'

test('numbers stay numbers, integers give float32', () => {
  expect(logGamma(5)).toBeCloseTo(Math.log(24), 14)
  expect(polygamma(1, 1)).toBeCloseTo(Math.PI ** 2 / 6, 14)
  const wholes = tensor([1, 2, 3], { dtype: 'int32' })
  expectTensor(logGamma(wholes), [3], 'float32', [0, 0, Math.LN2], 1e-7)
  expectTensor(polygamma(1, wholes), [3], 'float32', [1.644934, 0.644934, 0.394934], 1e-6)
})

test('each is the derivative of the one before', () => {
  expect(grad(logGamma)(0.3)).toBe(digamma(0.3))
  expect(grad(digamma)(0.3)).toBe(polygamma(1, 0.3))
  expect(grad(grad(grad(grad(logGamma))))(0.3)).toBe(polygamma(3, 0.3))
})

test('logGamma and digamma are methods', () => {
  const x = tensor([0.5, 2])
  expect(x.logGamma().toArray()).toEqual(logGamma(x).toArray())
  expect(x.digamma().toArray()).toEqual(digamma(x).toArray())
})

test.each([-1, 0.5, NaN])('polygamma refuses the order %p', (order) => {
  expectError(
    () => polygamma(order, 1),
    ArgumentError,
    'POLYGAMMA_ORDER',
    `polygamma: order is ${order}; wants a whole number of at least 0, before the value`,
  )
})
