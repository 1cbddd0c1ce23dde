import type { Shape, Tensor } from '@tapegrad/autograd'
import { mean, rng, standardDeviation, tensor, zeros } from '@tapegrad/autograd'
import type { InitialWeights } from '@tapegrad/nn'
import { initialWeights } from '@tapegrad/nn'
import { errorOf } from './values.js'

test.each<[InitialWeights, number]>([
  ['he', Math.sqrt(2 / 80)],
  ['xavier', Math.sqrt(2 / (80 + 100))],
  [0.01, 0.01],
])('%s: mean 0 and the right deviation', (weights, deviation) => {
  for (const seed of [0, 1]) {
    const W = initialWeights(rng(seed), [80, 100], weights, { dtype: 'float64' })
    // Five standard errors of the mean and of the deviation of 8000 numbers.
    expect(Math.abs(mean(W).item())).toBeLessThan((5 * deviation) / Math.sqrt(8000))
    expect(Math.abs(standardDeviation(W).item() / deviation - 1)).toBeLessThan(5 / Math.sqrt(16_000))
  }
})

test('a deviation of 0 gives zeros, and no inputs give no weights', () => {
  expect(initialWeights(rng(0), [1, 2], 0).toArray()).toEqual([[0, 0]])
  expect(initialWeights(rng(0), [0, 2], 'he').shape).toEqual([0, 2])
})

test('a function is given the stream and the shape, and its result cast', () => {
  const shapes: Shape[] = []
  const weights = (_: unknown, shape: Shape): Tensor => {
    shapes.push(shape)
    return tensor([[1, 2]], { dtype: 'float64' })
  }
  const W = initialWeights(rng(0), [1, 2], weights)
  expect([W.dtype, W.toArray(), shapes]).toEqual(['float32', [[1, 2]], [[1, 2]]])
})

test('says what it got and what it wants', () => {
  expect(errorOf(() => initialWeights(rng(0), [1, 2], 'her' as 'he'))).toBe(
    "ArgumentError INITIAL_WEIGHTS: initialWeights: weights is her; wants 'he', 'xavier', a finite standard deviation of at least 0, or a function (rng, shape) => Tensor",
  )
  expect(errorOf(() => initialWeights(rng(0), [1, 2], () => zeros([2])))).toBe(
    'ShapeError INITIAL_WEIGHTS_SHAPE: initialWeights: the function returned float32 [2]; wants a tensor of shape [1, 2]',
  )
  expect(errorOf(() => initialWeights(rng(0), [1, 2], () => [[1, 2]] as never))).toBe(
    'ShapeError INITIAL_WEIGHTS_SHAPE: initialWeights: the function returned a plain array (make a tensor of it: tensor(…)); wants a tensor of shape [1, 2]',
  )
})
