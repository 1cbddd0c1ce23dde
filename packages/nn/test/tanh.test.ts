import type { Variable } from '@tapegrad/autograd'
import { assertGradient, tensor } from '@tapegrad/autograd'
import { Tanh } from '@tapegrad/nn'
import fc from 'fast-check'
import { expectClose, leadingShapes, randomTensor, seeds } from './values.js'

const tanh = new Tanh()

test('has the derivatives that differences have', () => {
  fc.assert(
    fc.property(leadingShapes, seeds, (shape, seed) => {
      assertGradient((x: Variable) => tanh.forward({}, x), [randomTensor(seed, shape)])
    }),
    { numRuns: 50 },
  )
})

test('is the hyperbolic tangent', () => {
  const x = [-1000, -1, 0, 1, 1000]
  const y = tanh.forward(tanh.init(), tensor(x, { dtype: 'float64' }))
  expectClose(y, tensor(x.map(Math.tanh), { dtype: 'float64' }), 1e-15)
})
