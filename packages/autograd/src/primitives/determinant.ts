/** Determinants and their logarithms. */
import type { TypedArray } from '../dtype.js'
import { allocate, floatOf } from '../dtype.js'
import type { LuFactors } from '../luFactors.js'
import { cofactorsOf, factorize, pivotsOf } from '../luFactors.js'
import { batchOf, besideMatrices, checkSquare, transposeMatrices } from '../matrices.js'
import type { UnaryCall } from '../primitive.js'
import { defineUnary } from '../primitive.js'
import { sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { JoinTensor, Spec, Value } from '../value.js'
import { div, mul, sub } from './arithmetic.js'
import { matmul } from './linearAlgebra.js'
import { sum } from './reductions.js'
import { inverse } from './solve.js'

function inferPerMatrix(x: Spec): Spec {
  return { kind: 'tensor', shape: batchOf(x.shape), dtype: floatOf(x.dtype) }
}

/** Fills a result with what `f` gives of the factors of each matrix. */
function perMatrix(x: Tensor, { shape, dtype }: Spec, f: (lu: LuFactors) => number): Tensor {
  const n = x.shape.at(-1)!
  const out = allocate(dtype, sizeOf(shape))
  for (let p = 0; p < out.length; p++) out[p] = f(factorize(matrixAt(x, p, n), n, 'column'))
  return new Tensor(out, shape, dtype)
}

function matrixAt(x: Tensor, position: number, n: number): TypedArray {
  return x.data.subarray(position * n * n, (position + 1) * n * n)
}

/** ⟨a, b⟩, the sum of the products of the elements, for each pair of matrices. */
function inner(a: Value, b: Value): Value {
  return sum(mul(a, b), { axis: [-2, -1] })
}

/**
 * The derivative of the cofactors C of `x` in a direction: (⟨C, direction⟩ C − C directionᵀ C) / det x, by the
 * product rule on C = det x · x⁻ᵀ. As the second derivative of a scalar it is symmetric, so it serves both modes.
 */
function cofactorsAlong(direction: Value, x: Value, cofactors: Value): Value {
  const moved = matmul(matmul(cofactors, direction, { transposeB: true }), cofactors)
  const scaled = mul(besideMatrices(inner(cofactors, direction)), cofactors)
  return div(sub(scaled, moved), besideMatrices(determinant(x)))
}

const cofactorsEach: UnaryCall<undefined> = defineUnary<undefined>({
  name: 'cofactors',
  infer: ([x]) => ({ kind: 'tensor', shape: x.shape, dtype: floatOf(x.dtype) }),
  tensor: (x, { shape, dtype }) => {
    const n = shape.at(-1)!
    const out = allocate(dtype, x.size)
    for (let p = 0; p < sizeOf(batchOf(shape)); p++) out.set(cofactorsOf(matrixAt(x, p, n), n), p * n * n)
    return new Tensor(out, shape, dtype)
  },
  reverse: cofactorsAlong,
  forward: cofactorsAlong,
})

const determinantEach = defineUnary<undefined>({
  name: 'determinant',
  infer: ([x]) => inferPerMatrix(x),
  tensor: (x, spec) =>
    perMatrix(x, spec, (lu) => pivotsOf(lu).reduce((product, pivot) => product * pivot, lu.sign)),
  reverse: (upstream, x) => mul(besideMatrices(upstream), cofactorsEach(x, undefined)),
  forward: (tangent, x) => inner(tangent, cofactorsEach(x, undefined)),
})

/**
 * The determinant of each square matrix, by LU factorization, in float64: [..., n, n] gives [...]; 1 for n = 0.
 * Its derivative is the matrix of cofactors, det x · x⁻ᵀ (Giles, Collected matrix derivative results, 2008, section
 * 2.2.4), computed without dividing by the determinant and so right for singular matrices too. Derivatives of
 * second and higher order divide by it: at a singular matrix they are NaN or infinite. Integers give float32.
 *
 * Throws ShapeError where the matrix isn't square.
 */
export function determinant<A extends Value>(x: A): JoinTensor<A>
export function determinant(x: Value): Value {
  checkSquare('determinant', x)
  return determinantEach(x, undefined)
}

/** x⁻ᵀ, the derivative of log |det x| (Giles, 2008, section 2.2.4). */
function inverseTransposed(x: Value): Value {
  return transposeMatrices(inverse(x))
}

const logDeterminantEach = defineUnary<undefined>({
  name: 'logDeterminant',
  infer: ([x]) => inferPerMatrix(x),
  tensor: (x, spec) =>
    perMatrix(x, spec, (lu) => pivotsOf(lu).reduce((total, pivot) => total + Math.log(Math.abs(pivot)), 0)),
  reverse: (upstream, x) => mul(besideMatrices(upstream), inverseTransposed(x)),
  forward: (tangent, x) => inner(tangent, inverseTransposed(x)),
})

/**
 * log |det x| of each square matrix, which neither overflows nor vanishes where the determinant would: [..., n, n]
 * gives [...]. The sign is lost; where it may be negative and matters, it is sign(determinant(x)). A singular matrix
 * gives −∞, and its derivative throws (SINGULAR_MATRIX). Integers give float32.
 *
 * Throws ShapeError where the matrix isn't square.
 */
export function logDeterminant<A extends Value>(x: A): JoinTensor<A>
export function logDeterminant(x: Value): Value {
  checkSquare('logDeterminant', x)
  return logDeterminantEach(x, undefined)
}
