/** The Cholesky factor of symmetric, positive definite matrices. */
import type { TypedArray } from '../dtype.js'
import { allocate, floatOf } from '../dtype.js'
import { LinearAlgebraError } from '../errors.js'
import { batchOf, checkSquare, nameMatrix, transposeMatrices } from '../matrices.js'
import { defineUnary } from '../primitive.js'
import type { Shape } from '../shape.js'
import { sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { JoinTensor, Value } from '../value.js'
import { dtypeOf, shapeOf } from '../value.js'
import { add, mul } from './arithmetic.js'
import { matmul } from './linearAlgebra.js'
import { triangularSolve } from './solve.js'

/** L with A = L Lᵀ, row by row (Golub and Van Loan, Matrix Computations, 4th edition, section 4.2). */
function factor(matrix: TypedArray, n: number, batch: Shape, position: number): Float64Array {
  const lower = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * n + j]
      for (let k = 0; k < j; k++) rest -= lower[i * n + k] * lower[j * n + k]
      if (i > j) lower[i * n + j] = rest / lower[j * n + j]
      // Written so that NaN is refused too.
      else if (!(rest > 0)) throw notPositiveDefinite(batch, position, rest, i)
      else lower[i * n + i] = Math.sqrt(rest)
    }
  return lower
}

function notPositiveDefinite(batch: Shape, position: number, pivot: number, row: number): LinearAlgebraError {
  return new LinearAlgebraError(
    'NOT_POSITIVE_DEFINITE',
    `cholesky: ${nameMatrix(batch, position)} is not positive definite: the pivot in row ${row} is ${pivot}; ` +
      'wants all of them positive. Where the matrix is only nearly singular, add a small multiple of eye(n)',
  )
}

/** Φ: the lower triangle of each matrix, with half the diagonal. */
function halved(x: Value): Value {
  const n = shapeOf(x).at(-1)!
  const weights = allocate(dtypeOf(x), n * n)
  for (let i = 0; i < n; i++) {
    weights.fill(1, i * n, i * n + i)
    weights[i * n + i] = 0.5
  }
  return mul(x, new Tensor(weights, [n, n], dtypeOf(x)))
}

/** (x + xᵀ) / 2. */
function symmetric(x: Value): Value {
  return mul(add(x, transposeMatrices(x)), 0.5)
}

/*
 * From dA = dL Lᵀ + L dLᵀ follows L⁻¹ dA L⁻ᵀ = M + Mᵀ with M = L⁻¹ dL lower triangular: so M is Φ of the left side
 * and dL = L Φ(L⁻¹ dA L⁻ᵀ). Its adjoint is Ā = L⁻ᵀ Φ(Lᵀ L̄) L⁻¹, made symmetric (Murray, Differentiation of the
 * Cholesky decomposition, 2016).
 */
const factorEach = defineUnary<undefined>({
  name: 'cholesky',
  infer: ([x]) => ({ kind: 'tensor', shape: x.shape, dtype: floatOf(x.dtype) }),
  tensor: (x, { shape, dtype }) => {
    const n = shape.at(-1)!
    const batch = batchOf(shape)
    const out = allocate(dtype, x.size)
    for (let p = 0; p < sizeOf(batch); p++)
      out.set(factor(x.data.subarray(p * n * n, (p + 1) * n * n), n, batch, p), p * n * n)
    return new Tensor(out, shape, dtype)
  },
  reverse: (upstream, _x, output) => {
    const inner = halved(matmul(output, upstream, { transposeA: true }))
    const left = triangularSolve(output, inner, { transposeA: true })
    return symmetric(triangularSolve(output, transposeMatrices(left), { transposeA: true }))
  },
  forward: (tangent, _x, output) => {
    const left = triangularSolve(output, symmetric(tangent))
    return matmul(output, halved(triangularSolve(output, transposeMatrices(left))))
  },
})

/**
 * The lower triangular L with positive diagonal for which L · Lᵀ = x, for symmetric, positive definite matrices
 * [..., n, n]; computed in float64. Only the lower triangle of `x` is read. Integers give float32.
 *
 * The derivative is that of symmetric matrices: the one by `x` is symmetric, the elements x[i, j] and x[j, i] each
 * having half of what their common value has, and of a tangent the symmetric part counts. A step along the
 * derivative so leaves `x` symmetric.
 *
 * Throws LinearAlgebraError where a matrix isn't positive definite (NOT_POSITIVE_DEFINITE), ShapeError where it isn't
 * square.
 */
export function cholesky<A extends Value>(x: A): JoinTensor<A>
export function cholesky(x: Value): Value {
  checkSquare('cholesky', x)
  return factorEach(x, undefined)
}
