/** Arbitrary matrices have the properties that they are named after. */
import { fc, test } from '@fast-check/jest'
import type { Tensor } from '@tapegrad/autograd'
import { cholesky, determinant, eye, mul, sub } from '@tapegrad/autograd'
import {
  dominantMatrix,
  invertibleMatrix,
  positiveDefiniteMatrix,
  shape,
  symmetricMatrix,
} from '@tapegrad/autograd/testing'
import { transposeMatrices } from '../../src/matrices.js'
import { plain } from '../support/plain.js'
import { smallestFailing } from './shrinking.js'

const batch = shape({ maxRank: 2, maxSize: 2 })

test.prop([symmetricMatrix({ batch, min: -3, max: 3, avoid: [0] })])(
  'symmetric ones are, with elements as they are asked for',
  (x) => {
    expect(plain(transposeMatrices(x))).toEqual(plain(x))
    for (const element of x.data) expect(Math.abs(element)).toBeGreaterThanOrEqual(1 / 16)
  },
)

test.prop([positiveDefiniteMatrix({ batch })])(
  'positive definite ones have eigenvalues from 1/2 to 3/2',
  (x) => {
    const identity = eye(x.shape.at(-1)!, { dtype: 'float64' })
    expect(plain(transposeMatrices(x))).toEqual(plain(x))
    expect(() => cholesky(sub(x, mul(0.4999, identity)))).not.toThrow()
    expect(() => cholesky(sub(mul(1.5001, identity), x))).not.toThrow()
  },
)

test.prop([dominantMatrix({ rows: 3 })])(
  'dominant ones have rows where the diagonal outweighs the rest',
  (x) => {
    for (const i of [0, 1, 2]) {
      const [diagonal, ...others] = [0, 1, 2].map((step) => Math.abs(x.data[3 * i + ((i + step) % 3)]))
      expect(diagonal - others[0] - others[1]).toBeGreaterThanOrEqual(0.5)
    }
  },
)

test.prop([invertibleMatrix({ batch })])('invertible ones have a determinant', (x) => {
  for (const d of determinant(x).data) expect(Math.abs(d)).toBeGreaterThan(0.01)
})

test('invertible ones need pivoting now and then', () => {
  const drawn = fc.sample(invertibleMatrix({ rows: 2 }), { seed: 0, numRuns: 50 })
  expect(drawn.some(({ data }) => Math.abs(data[0]) < Math.abs(data[2]))).toBe(true)
  expect(drawn.some((x) => determinant(x).item() < 0)).toBe(true)
})

test.prop([fc.nat()], { numRuns: 30 })('shrink to few rows and to the identity', (seed) => {
  const isLarge = ({ size }: Tensor): boolean => size > 1
  const identity = [
    [1, 0],
    [0, 1],
  ]
  for (const matrix of [positiveDefiniteMatrix(), dominantMatrix(), invertibleMatrix()])
    expect(smallestFailing(matrix, isLarge, { seed }).toArray()).toEqual(identity)
  expect(smallestFailing(symmetricMatrix(), isLarge, { seed }).toArray()).toEqual([
    [0, 0],
    [0, 0],
  ])
})
