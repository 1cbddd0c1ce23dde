/** Matrices that are well-conditioned by construction. */
import fc from 'fast-check'
import {
  broadcastableShapes,
  dominantMatrix,
  invertibleMatrix,
  positiveDefiniteMatrix,
  shape,
  tensor,
} from '@tapegrad/autograd/testing'
import type { Shape, Tensor } from '../../src/index.js'
import { tensorOf } from './reference.js'

/** Batches: none, one axis, or two; seldom empty. */
export const batches: fc.Arbitrary<Shape> = shape({ maxRank: 2, maxSize: 3 })

/** The number of rows of a square matrix, seldom 0. */
export const rows = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 1, arbitrary: fc.constant(0) },
)

/** Draws square matrices of `n` rows, as many as `batch` says. */
export type Matrices = (n: number, batch?: Shape) => fc.Arbitrary<Tensor>

/** Matrices whose diagonal exceeds the sum of all else in its row. */
export const dominant: Matrices = (n, batch) => dominantMatrix({ rows: n, batch })

/** Invertible matrices, some of which need pivoting. */
export const regular: Matrices = (n, batch) => invertibleMatrix({ rows: n, batch })

/** Symmetric, positive definite matrices. */
export const positiveDefinite: Matrices = (n, batch) => positiveDefiniteMatrix({ rows: n, batch })

/** Matrices of whole numbers whose rank is at most `rank`: Σ u vᵀ over so many pairs of vectors. */
export function ofRank(n: number, rank: number): fc.Arbitrary<Tensor> {
  const whole = fc.integer({ min: -2, max: 2 })
  const vector = fc.array(whole, { minLength: n, maxLength: n })
  return fc.array(fc.tuple(vector, vector), { minLength: rank, maxLength: rank }).map((pairs) => {
    const elements = Array.from({ length: n * n }, (_, k) =>
      pairs.reduce((total, [u, v]) => total + u[Math.floor(k / n)] * v[k % n], 0),
    )
    return tensorOf(elements, [n, n])
  })
}

/** Matrices and right sides for them: batches that broadcast, or one vector. */
export function systems(ofMatrices: Matrices): fc.Arbitrary<{ a: Tensor; b: Tensor }> {
  return fc
    .tuple(
      rows,
      fc.integer({ min: 0, max: 3 }),
      broadcastableShapes({ maxRank: 2, maxSize: 2 }),
      fc.boolean(),
    )
    .chain(([n, k, [aBatch, bBatch], isVector]) =>
      fc.record({
        a: ofMatrices(n, aBatch),
        b: tensor({ shape: isVector ? [n] : [...bBatch, n, k] }),
      }),
    )
}
