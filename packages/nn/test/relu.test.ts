import { assertGradient, grad, sum, tensor } from '@tapegrad/autograd'
import type { Variable } from '@tapegrad/autograd'
import { ReLU } from '@tapegrad/nn'
import fc from 'fast-check'
import { awayFromZero, leadingShapes, seeds } from './values.js'

const relu = new ReLU()

test('has the derivatives that differences have away from 0', () => {
  fc.assert(
    fc.property(leadingShapes, seeds, (shape, seed) => {
      assertGradient((x: Variable) => relu.forward({}, x), [awayFromZero(seed, shape)])
    }),
    { numRuns: 50 },
  )
})

test('keeps what is positive; at 0 the derivative is 0', () => {
  const x = tensor([-2, 0, 3])
  expect(relu.forward(relu.init(), x).toArray()).toEqual([0, 0, 3])
  expect(grad((z: Variable) => sum(relu.forward({}, z)))(x).toArray()).toEqual([0, 0, 1])
})
