/** Matrices that are well-conditioned by construction. */
import fc from 'fast-check'
import type { Shape, Tensor } from '../../src/index.js'
import { broadcastableShapes, shape, tensor, tensorOf } from './valueArbitraries.js'

/** Batches: none, one axis, or two; seldom empty. */
export const batches: fc.Arbitrary<Shape> = shape({ maxRank: 2, maxSize: 3 })

/** The number of rows of a square matrix, seldom 0. */
export const rows = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 1, arbitrary: fc.constant(0) },
)

/** Draws square matrices of `n` rows, as many as `batch` says. */
export type Matrices = (n: number, batch?: Shape) => fc.Arbitrary<Tensor>

/** Square matrices of elements that depend on those of a matrix drawn and on their row and column in it. */
function matrices(
  n: number,
  batch: Shape,
  element: (matrix: Float64Array, row: number, column: number) => number,
): fc.Arbitrary<Tensor> {
  return tensor({ shape: [...batch, n, n], min: -1, max: 1 }).map((drawn) => {
    const elements = Array.from(drawn.data, (_, k) => {
      const start = k - (k % (n * n))
      const matrix = drawn.data.subarray(start, start + n * n) as Float64Array
      return element(matrix, Math.floor((k - start) / n), k % n)
    })
    return tensorOf(elements, drawn.shape)
  })
}

/** Matrices whose diagonal, 1 to 1.5 or so, exceeds the sum of all else in its row, which is below 1/2. */
export const dominant: Matrices = (n, batch = []) =>
  matrices(n, batch, (x, i, j) => x[i * n + j] / (2 * n) + (i === j ? 1.25 : 0))

/** Matrices as `dominant` gives them with two rows swapped or the sign of one turned: they need pivoting. */
export const regular: Matrices = (n, batch = []) =>
  fc
    .tuple(fc.boolean(), fc.boolean(), dominant(n, batch))
    .map(([isSwapped, isTurned, { data, shape: drawn }]) => {
      const elements = Array.from(data, (_, k) => {
        const row = Math.floor(k / n) % n
        const source = isSwapped && n > 1 && row < 2 ? 1 - row : row
        return (isTurned && row === 0 ? -1 : 1) * data[k + (source - row) * n]
      })
      return tensorOf(elements, drawn)
    })

/** Symmetric, positive definite matrices. */
export const positiveDefinite: Matrices = (n, batch = []) =>
  matrices(n, batch, (x, i, j) => (x[i * n + j] + x[j * n + i]) / (4 * n) + (i === j ? 1.25 : 0))

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
