/**
 * LU factorization of one matrix and what follows from it, on row-major typed arrays in float64 (Golub and Van
 * Loan, Matrix Computations, 4th edition, sections 3.1 to 3.4).
 */
import type { TypedArray } from './dtype.js'

/** A = Pᵀ L U Qᵀ, with L lower and U upper triangular, L's diagonal 1, and P and Q permutations. */
export interface LuFactors {
  /** The number of rows. */
  readonly n: number
  /** L below the diagonal, U from it on. */
  readonly factors: Float64Array
  /** Row i of L · U is row `rows[i]` of A; */
  readonly rows: Int32Array
  /** and column j of L · U is column `columns[j]` of A. */
  readonly columns: Int32Array
  /** det P · det Q: 1 or −1. */
  readonly sign: number
}

/**
 * Where pivots are looked for: in the column at hand, or in all that is left of the matrix. The latter finds
 * pivots that fall in size, so that those of a singular matrix that are 0 come last.
 */
type Pivoting = 'column' | 'complete'

/** Factorizes the n × n matrix. A pivot of 0 is no error: it stays on the diagonal of U. */
export function factorize(matrix: TypedArray, n: number, pivoting: Pivoting): LuFactors {
  const factors = new Float64Array(matrix)
  const rows = Int32Array.from({ length: n }, (_, i) => i)
  const columns = Int32Array.from({ length: n }, (_, j) => j)
  let sign = 1
  for (let k = 0; k < n; k++) {
    const [row, column] = findPivot(factors, n, k, pivoting)
    if (row !== k) {
      swap(factors, n, row * n, k * n, 1)
      swap(rows, 1, row, k, 1)
      sign = -sign
    }
    if (column !== k) {
      swap(factors, n, column, k, n)
      swap(columns, 1, column, k, 1)
      sign = -sign
    }
    if (factors[k * n + k] !== 0) eliminate(factors, n, k)
  }
  return { n, factors, rows, columns, sign }
}

function findPivot(factors: Float64Array, n: number, k: number, pivoting: Pivoting): [number, number] {
  const end = pivoting === 'complete' ? n : k + 1
  let row = k
  let column = k
  let largest = Math.abs(factors[k * n + k])
  for (let i = k; i < n; i++)
    for (let j = k; j < end; j++) {
      const magnitude = Math.abs(factors[i * n + j])
      if (magnitude > largest) {
        largest = magnitude
        row = i
        column = j
      }
    }
  return [row, column]
}

/** Swaps `count` elements from `a` and from `b` on, `step` apart. */
function swap(data: Float64Array | Int32Array, count: number, a: number, b: number, step: number): void {
  for (let i = 0; i < count; i++) {
    const p = a + i * step
    const q = b + i * step
    const kept = data[p]
    data[p] = data[q]
    data[q] = kept
  }
}

/** Takes multiples of row k from the rows below it so that their column k becomes 0, and keeps the multipliers there. */
function eliminate(factors: Float64Array, n: number, k: number): void {
  const pivot = factors[k * n + k]
  for (let i = k + 1; i < n; i++) {
    const multiplier = factors[i * n + k] / pivot
    factors[i * n + k] = multiplier
    if (multiplier === 0) continue
    for (let j = k + 1; j < n; j++) factors[i * n + j] -= multiplier * factors[k * n + j]
  }
}

/** The pivots, U's diagonal. */
export function pivotsOf({ n, factors }: LuFactors): Float64Array {
  return Float64Array.from({ length: n }, (_, k) => factors[k * n + k])
}

/** Which triangular matrix `substitute` solves with. */
export interface Triangle {
  /** Whether it is the lower triangle of the data, or the upper one; the other is not read. */
  readonly lower: boolean
  /** Whether it is transposed. */
  readonly transposed: boolean
  /** Whether its diagonal is taken as 1, and not read. */
  readonly unit: boolean
}

/** Solves T X = B in place, for a triangle T of the n × n data and the n × count matrix B that is in `x`. */
export function substitute(
  data: TypedArray,
  n: number,
  x: Float64Array,
  count: number,
  { lower, transposed, unit }: Triangle,
): void {
  const isForward = lower !== transposed
  for (let step = 0; step < n; step++) {
    const i = isForward ? step : n - 1 - step
    const row = i * count
    for (let solved = 0; solved < step; solved++) {
      const k = isForward ? solved : n - 1 - solved
      const factor = transposed ? data[k * n + i] : data[i * n + k]
      if (factor === 0) continue
      for (let j = 0; j < count; j++) x[row + j] -= factor * x[k * count + j]
    }
    if (unit) continue
    const diagonal = data[i * n + i]
    for (let j = 0; j < count; j++) x[row + j] /= diagonal
  }
}

/** The solution of A X = B, or of Aᵀ X = B, for the n × count matrix B and pivots found by column. */
export function solveFactorized(
  { n, factors, rows }: LuFactors,
  b: TypedArray,
  count: number,
  transposed: boolean,
): Float64Array {
  const lower: Triangle = { lower: true, transposed, unit: true }
  const upper: Triangle = { lower: false, transposed, unit: false }
  const x = new Float64Array(n * count)
  if (transposed) {
    // Aᵀ = Uᵀ Lᵀ P, so the permutation comes last.
    const permuted = new Float64Array(b)
    substitute(factors, n, permuted, count, upper)
    substitute(factors, n, permuted, count, lower)
    rows.forEach((row, i) => {
      x.set(permuted.subarray(i * count, (i + 1) * count), row * count)
    })
    return x
  }
  rows.forEach((row, i) => {
    x.set(b.subarray(row * count, (row + 1) * count), i * count)
  })
  substitute(factors, n, x, count, lower)
  substitute(factors, n, x, count, upper)
  return x
}

/**
 * The cofactors of the n × n matrix: the derivatives of its determinant by its elements, det A · A⁻ᵀ where A has
 * an inverse. With U = D V, D the pivots and V's diagonal 1, they are ± Pᵀ L⁻ᵀ E V⁻ᵀ Qᵀ, where E is diagonal
 * and holds for each pivot the product of all others: no pivot is divided by, and a singular matrix has them too.
 */
export function cofactorsOf(matrix: TypedArray, n: number): Float64Array {
  const lu = factorize(matrix, n, 'complete')
  const { factors, rows, columns, sign } = lu
  const pivots = pivotsOf(lu)
  const others = productsOfOthers(pivots)
  for (let i = 0; i < n; i++)
    // Right of a pivot of 0 there are, by complete pivoting, only zeros.
    if (pivots[i] !== 0) for (let j = i + 1; j < n; j++) factors[i * n + j] /= pivots[i]
  const x = new Float64Array(n * n)
  columns.forEach((column, j) => (x[j * n + column] = 1))
  substitute(factors, n, x, n, { lower: false, transposed: true, unit: true })
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) x[i * n + j] *= sign * others[i]
  substitute(factors, n, x, n, { lower: true, transposed: true, unit: true })
  const cofactors = new Float64Array(n * n)
  rows.forEach((row, i) => {
    cofactors.set(x.subarray(i * n, (i + 1) * n), row * n)
  })
  return cofactors
}

/** For each factor the product of all the others, without division. */
function productsOfOthers(factors: Float64Array): Float64Array {
  const products = new Float64Array(factors.length).fill(1)
  let before = 1
  let after = 1
  for (let i = 0, j = factors.length - 1; j >= 0; i++, j--) {
    products[i] *= before
    products[j] *= after
    before *= factors[i]
    after *= factors[j]
  }
  return products
}
