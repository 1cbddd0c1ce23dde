/** Linear systems of equations: solve, triangularSolve, inverse. */
import { forEachRow } from '../broadcastLoop.js'
import { tril, triu } from '../composed/matrixParts.js'
import type { TypedArray } from '../dtype.js'
import { allocate, floatOf } from '../dtype.js'
import { promoteBeside } from '../elementwise.js'
import { LinearAlgebraError, ShapeError } from '../errors.js'
import type { LuFactors } from '../luFactors.js'
import { factorize, pivotsOf, solveFactorized, substitute } from '../luFactors.js'
import { batchOf, checkSquare, nameMatrix } from '../matrices.js'
import type { BinaryCall, UnaryCall } from '../primitive.js'
import { defineBinary, defineUnary } from '../primitive.js'
import type { Shape } from '../shape.js'
import { broadcastShapes, formatShape, sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { Join, JoinTensor, Spec, Value } from '../value.js'
import { checkValue, shapeOf } from '../value.js'
import { neg } from './elementwise.js'
import { matmul } from './linearAlgebra.js'
import { reshape } from './shape.js'

function singular(
  name: string,
  batch: Shape,
  position: number,
  zero: string,
  row: number,
): LinearAlgebraError {
  return new LinearAlgebraError(
    'SINGULAR_MATRIX',
    `${name}: ${nameMatrix(batch, position)} is singular: ${zero} in row ${row} is 0`,
  )
}

/** The factors of a matrix that has an inverse. Throws for one that has none, at place `position` of the batch. */
function factorizeRegular(
  name: string,
  matrix: TypedArray,
  n: number,
  batch: Shape,
  position: number,
): LuFactors {
  const lu = factorize(matrix, n, 'column')
  const row = pivotsOf(lu).indexOf(0)
  if (row !== -1) throw singular(name, batch, position, 'the pivot', row)
  return lu
}

/** Solves with one matrix: takes the n × count right sides, row-major, to the solutions. */
type Solver = (b: TypedArray, count: number) => Float64Array

/** Solves for each pair of matrices. `prepare` is called once for neighbouring pairs with the same left side. */
function solveEach(
  a: Tensor,
  b: Tensor,
  { shape, dtype }: Spec,
  prepare: (matrix: TypedArray, position: number) => Solver,
): Tensor {
  const [n, count] = shape.slice(-2)
  const out = allocate(dtype, sizeOf(shape))
  let prepared = -1
  let solver: Solver
  const solvePair = (i: number, p: number, q: number): void => {
    if (p !== prepared) solver = prepare(a.data.subarray(p * n * n, (p + 1) * n * n), p)
    prepared = p
    out.set(solver(b.data.subarray(q * n * count, (q + 1) * n * count), count), i * n * count)
  }
  const batches = [batchOf(a.shape), batchOf(b.shape)]
  forEachRow(batchOf(shape), batches, (first, [p, q], [pStep, qStep], length) => {
    for (let i = 0; i < length; i++) solvePair(first + i, p + i * pStep, q + i * qStep)
  })
  return new Tensor(out, shape, dtype)
}

function inferSolution(name: string, a: Spec, b: Spec): Spec {
  const batch = broadcastShapes(name, batchOf(a.shape), batchOf(b.shape))
  return { kind: 'tensor', shape: [...batch, ...b.shape.slice(-2)], dtype: floatOf(promoteBeside(a, b)) }
}

/** Checks the sides of A x = b, and hands a vector b to `solveColumns` as a column. */
function withColumns(name: string, a: Value, b: Value, solveColumns: (b: Value) => Value): Value {
  const n = checkSquare(`${name}: left side`, a)
  checkValue(`${name}: right side`, b)
  const shape = shapeOf(b)
  const isVector = shape.length === 1
  if (shape.length === 0 || shape.at(isVector ? -1 : -2) !== n)
    throw new ShapeError(
      'ROWS_DIFFER',
      `${name}: the right side of shape ${formatShape(shape)} doesn't fit matrices of shape ${formatShape(shapeOf(a))}; ` +
        `wants ${n} rows: [${n}] or [..., ${n}, k]`,
    )
  if (!isVector) return solveColumns(b)
  const columns = solveColumns(reshape(b, [n, 1]))
  return reshape(columns, shapeOf(columns).slice(0, -1))
}

export interface SolveOptions {
  /** Solve aᵀ · x = b. */
  readonly transposeA?: boolean | undefined
}

/*
 * The rules below: X = A⁻¹ B moves by dX = A⁻¹ (dB − dA X), so that in reverse B gets G = A⁻ᵀ X̄ and A gets −G Xᵀ;
 * where A is transposed, −X Gᵀ (Giles, Collected matrix derivative results, 2008, sections 2.2.2 and 2.2.3).
 */

/** −G Xᵀ, or its transpose where the matrix was used transposed. */
function derivativeOfMatrix(g: Value, x: Value, transposeA: boolean): Value {
  return neg(transposeA ? matmul(x, g, { transposeB: true }) : matmul(g, x, { transposeB: true }))
}

const solveMatrices: BinaryCall<{ readonly transposeA: boolean }> = defineBinary({
  name: 'solve',
  infer: ([a, b]) => inferSolution('solve', a, b),
  tensor: (a, b, spec, { transposeA }) =>
    solveEach(a, b, spec, (matrix, position) => {
      const lu = factorizeRegular('solve', matrix, a.shape.at(-1)!, batchOf(a.shape), position)
      return (columns, count) => solveFactorized(lu, columns, count, transposeA)
    }),
  reverse: [
    (upstream, a, _b, output, { transposeA }) =>
      derivativeOfMatrix(solveMatrices(a, upstream, { transposeA: !transposeA }), output, transposeA),
    (upstream, a, _b, _output, { transposeA }) => solveMatrices(a, upstream, { transposeA: !transposeA }),
  ],
  forward: [
    (tangent, a, _b, output, { transposeA }) =>
      neg(solveMatrices(a, matmul(tangent, output, { transposeA }), { transposeA })),
    (tangent, a, _b, _output, { transposeA }) => solveMatrices(a, tangent, { transposeA }),
  ],
})

/**
 * The solution x of a · x = b, by LU factorization with partial pivoting, in float64. Shapes [..., n, n] and
 * [..., n, k] give [..., n, k], the leading axes broadcasting; as in NumPy 2, `b` is a vector only where its shape
 * is [n], which gives [..., n]. Integers give float32.
 *
 * Throws LinearAlgebraError where a matrix is exactly singular (SINGULAR_MATRIX; one that is nearly so gives large,
 * inaccurate solutions instead), ShapeError where `a` isn't square or `b` has another number of rows.
 */
export function solve<A extends Value, B extends Value>(
  a: A,
  b: B,
  options?: SolveOptions,
): JoinTensor<Join<A, B>>
export function solve(a: Value, b: Value, { transposeA = false }: SolveOptions = {}): Value {
  return withColumns('solve', a, b, (columns) => solveMatrices(a, columns, { transposeA }))
}

export interface TriangularSolveOptions extends SolveOptions {
  /** Whether `a` is its lower triangle (by default) or its upper one; the other is not read. */
  readonly lower?: boolean | undefined
}

interface TriangleOf {
  readonly lower: boolean
  readonly transposeA: boolean
}

/** What a triangular solve reads of a matrix, or gives it as its derivative. */
function triangleOf(x: Value, { lower }: TriangleOf): Value {
  return lower ? tril(x) : triu(x)
}

function checkDiagonal(matrix: TypedArray, n: number, batch: Shape, position: number): void {
  for (let row = 0; row < n; row++)
    if (matrix[row * (n + 1)] === 0)
      throw singular('triangularSolve', batch, position, 'the element on the diagonal', row)
}

const solveTriangles: BinaryCall<TriangleOf> = defineBinary({
  name: 'triangularSolve',
  infer: ([a, b]) => inferSolution('triangularSolve', a, b),
  tensor: (a, b, spec, { lower, transposeA }) =>
    solveEach(a, b, spec, (matrix, position) => {
      const n = a.shape.at(-1)!
      checkDiagonal(matrix, n, batchOf(a.shape), position)
      return (columns, count) => {
        const x = new Float64Array(columns)
        substitute(matrix, n, x, count, { lower, transposed: transposeA, unit: false })
        return x
      }
    }),
  reverse: [
    (upstream, a, _b, output, triangle) =>
      triangleOf(
        derivativeOfMatrix(
          solveTriangles(a, upstream, { ...triangle, transposeA: !triangle.transposeA }),
          output,
          triangle.transposeA,
        ),
        triangle,
      ),
    (upstream, a, _b, _output, triangle) =>
      solveTriangles(a, upstream, { ...triangle, transposeA: !triangle.transposeA }),
  ],
  forward: [
    (tangent, a, _b, output, triangle) =>
      neg(
        solveTriangles(
          a,
          matmul(triangleOf(tangent, triangle), output, { transposeA: triangle.transposeA }),
          triangle,
        ),
      ),
    (tangent, a, _b, _output, triangle) => solveTriangles(a, tangent, triangle),
  ],
})

/**
 * The solution x of a · x = b for triangular `a`, by substitution, in float64. Shapes and dtypes are those of
 * `solve`. Only the triangle named by `lower` (true by default, as `cholesky` gives it) is read, and only it has
 * a derivative.
 *
 * Throws LinearAlgebraError where an element on the diagonal is 0 (SINGULAR_MATRIX), ShapeError where `a` isn't
 * square or `b` has another number of rows.
 */
export function triangularSolve<A extends Value, B extends Value>(
  a: A,
  b: B,
  options?: TriangularSolveOptions,
): JoinTensor<Join<A, B>>
export function triangularSolve(
  a: Value,
  b: Value,
  { lower = true, transposeA = false }: TriangularSolveOptions = {},
): Value {
  return withColumns('triangularSolve', a, b, (columns) => solveTriangles(a, columns, { lower, transposeA }))
}

function identity(n: number): Float64Array {
  const elements = new Float64Array(n * n)
  for (let i = 0; i < n; i++) elements[i * (n + 1)] = 1
  return elements
}

const invert: UnaryCall<undefined> = defineUnary<undefined>({
  name: 'inverse',
  infer: ([x]) => ({ kind: 'tensor', shape: x.shape, dtype: floatOf(x.dtype) }),
  tensor: (x, { shape, dtype }) => {
    const n = shape.at(-1)!
    const batch = batchOf(shape)
    const out = allocate(dtype, x.size)
    for (let p = 0; p < sizeOf(batch); p++) {
      const matrix = x.data.subarray(p * n * n, (p + 1) * n * n)
      const lu = factorizeRegular('inverse', matrix, n, batch, p)
      out.set(solveFactorized(lu, identity(n), n, false), p * n * n)
    }
    return new Tensor(out, shape, dtype)
  },
  // Y = X⁻¹ moves by dY = −Y dX Y (Giles, 2008, section 2.2.3).
  reverse: (upstream, _x, output) =>
    neg(matmul(output, matmul(upstream, output, { transposeB: true }), { transposeA: true })),
  forward: (tangent, _x, output) => neg(matmul(output, matmul(tangent, output))),
})

/**
 * The inverse of each square matrix, [..., n, n], by LU factorization with partial pivoting, in float64. To solve
 * a system of equations, `solve` is faster and more accurate. Integers give float32.
 *
 * Throws LinearAlgebraError where a matrix is exactly singular (SINGULAR_MATRIX), ShapeError where it isn't square.
 */
export function inverse<A extends Value>(x: A): JoinTensor<A>
export function inverse(x: Value): Value {
  checkSquare('inverse', x)
  return invert(x, undefined)
}
