/** The Cholesky factor: that it is one, what it reads, and its symmetric derivative. */
import fc from 'fast-check'
import type { Tensor, Value } from '../../src/index.js'
import {
  LinearAlgebraError,
  ShapeError,
  add,
  cholesky,
  eye,
  grad,
  jvp,
  matmul,
  mul,
  sum,
  tensor,
  tril,
  zeros,
} from '../../src/index.js'
import { transposeMatrices } from '../../src/matrices.js'
import { expectError } from '../support/errors.js'
import { batches, positiveDefinite, rows } from '../support/matrixArbitraries.js'
import { expectClose, expectTensor, tensorOf } from '../support/reference.js'

const matrices = fc.tuple(rows, batches).chain(([n, batch]) => positiveDefinite(n, batch))

test('L is lower triangular and L · Lᵀ is the matrix', () => {
  fc.assert(
    fc.property(matrices, (x) => {
      const lower = cholesky(x)
      expectTensor(tril(lower), x.shape, 'float64', Array.from(lower.data))
      expectTensor(matmul(lower, lower, { transposeB: true }), x.shape, 'float64', Array.from(x.data), 1e-12)
    }),
  )
})

test('only the lower triangle is read', () => {
  const x = tensor([[4, NaN], [2, 10]]) // prettier-ignore
  expectTensor(cholesky(x), [2, 2], 'float32', [2, 0, 1, 3])
})

test('integers give float32', () => {
  expectTensor(cholesky(tensor([[9]], { dtype: 'int32' })), [1, 1], 'float32', [3])
})

test('the derivative is symmetric, and along a symmetric direction it is that of differences', () => {
  fc.assert(
    fc.property(matrices, (x) => {
      const weights = tensorOf(
        Array.from(x.data, (_, k) => Math.sin(k + 1)),
        x.shape,
      )
      const objective = (y: Value): Value => sum(mul(cholesky(y), weights))
      const gradient = grad(objective)(x)
      expectTensor(
        gradient,
        x.shape,
        'float64',
        Array.from((transposeMatrices(gradient) as Tensor).data),
        1e-12,
      )
      const direction = add(weights, transposeMatrices(weights)) as Tensor
      const step = 1e-5
      const moved = (by: number): number => (objective(add(x, mul(direction, by))) as Tensor).item()
      const expected = (moved(step) - moved(-step)) / (2 * step)
      expectClose(sum(mul(gradient, direction)).item(), expected, 1e-6)
      const { tangent } = jvp((y: Value) => objective(y), [x], [direction])
      expectClose((tangent as Tensor).item(), expected, 1e-6)
    }),
    { numRuns: 50 },
  )
})

test('a matrix that is not positive definite is refused by name', () => {
  expectError(
    () => cholesky(tensor([[1, 2], [2, 1]])), // prettier-ignore
    LinearAlgebraError,
    'NOT_POSITIVE_DEFINITE',
    'cholesky: the matrix is not positive definite: the pivot in row 1 is -3; wants all of them positive. ' +
      'Where the matrix is only nearly singular, add a small multiple of eye(n)',
  )
  const batch = tensor([[[1]], [[0]]])
  expectError(
    () => cholesky(batch),
    LinearAlgebraError,
    'NOT_POSITIVE_DEFINITE',
    /^cholesky: matrix \[1\] of the batch/,
  )
  expectError(() => cholesky(tensor([[NaN]])), LinearAlgebraError, 'NOT_POSITIVE_DEFINITE', /row 0 is NaN/)
  expectError(() => cholesky(zeros([1, 2])), ShapeError, 'NOT_SQUARE', /^cholesky: /)
})

test('cholesky is a method too', () => {
  expect(eye(2).cholesky().toArray()).toEqual(eye(2).toArray())
})
