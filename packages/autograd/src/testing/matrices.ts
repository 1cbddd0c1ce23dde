/** Arbitrary square matrices with the properties that linear algebra asks for, by construction. */
import fc from 'fast-check'
import type { Shape, Tensor } from '../index.js'
import { tensor as makeTensor } from '../index.js'
import type { ElementConstraints } from './elements.js'
import { printable } from './printable.js'
import { extent } from './shapes.js'
import { tensor } from './tensors.js'

export interface MatrixConstraints {
  /** The number of rows and of columns, or an arbitrary of it; up to 4, seldom 0, by default. */
  readonly rows?: number | fc.Arbitrary<number> | undefined
  /** The axes before those of the matrices, or an arbitrary of them; none by default. */
  readonly batch?: Shape | fc.Arbitrary<Shape> | undefined
}

export interface SymmetricMatrixConstraints extends MatrixConstraints, ElementConstraints {}

/** Square matrices of which each element is made of the drawn matrix, row by row, and of its row and column. */
function matrices(
  { rows = extent(0, 4), batch = [] }: MatrixConstraints,
  constraints: ElementConstraints,
  elementOf: (matrix: ArrayLike<number>, row: number, column: number, rows: number) => number,
): fc.Arbitrary<Tensor> {
  const shape = fc
    .tuple(batch instanceof fc.Arbitrary ? batch : fc.constant(batch), rowsArbitrary(rows))
    .map(([axes, n]) => [...axes, n, n])
  return tensor({ ...constraints, shape }).map((drawn) => {
    const n = drawn.shape[drawn.rank - 1]
    const elements = Array.from(drawn.data, (_, k) => {
      const start = k - (k % (n * n))
      return elementOf(drawn.data.subarray(start, start + n * n), Math.floor((k - start) / n), k % n, n)
    })
    return printable(makeTensor(elements, { shape: drawn.shape, dtype: drawn.dtype }))
  })
}

function rowsArbitrary(rows: number | fc.Arbitrary<number>): fc.Arbitrary<number> {
  return typeof rows === 'number' ? fc.constant(rows) : rows
}

/** Symmetric matrices; the element constraints are those of `tensor`. */
export function symmetricMatrix({
  rows,
  batch,
  ...constraints
}: SymmetricMatrixConstraints = {}): fc.Arbitrary<Tensor> {
  return matrices({ rows, batch }, constraints, (x, i, j, n) => x[Math.min(i, j) * n + Math.max(i, j)])
}

/** A power of two of at least 2n: dividing by it keeps numbers round, and a row's sum at 1/2 or less. */
function divisor(n: number): number {
  return 2 ** Math.ceil(Math.log2(2 * n))
}

const unit: ElementConstraints = { min: -1, max: 1 }

/** Symmetric matrices in float64 whose eigenvalues lie between 1/2 and 3/2; the simplest is the identity. */
export function positiveDefiniteMatrix(constraints: MatrixConstraints = {}): fc.Arbitrary<Tensor> {
  return matrices(
    constraints,
    unit,
    (x, i, j, n) => x[Math.min(i, j) * n + Math.max(i, j)] / divisor(n) + (i === j ? 1 : 0),
  )
}

/**
 * Matrices in float64 whose diagonal exceeds the sum of all else in its row by 1/2 at least: invertible without
 * pivoting, as are their triangles. The simplest is the identity.
 */
export function dominantMatrix(constraints: MatrixConstraints = {}): fc.Arbitrary<Tensor> {
  return matrices(constraints, unit, (x, i, j, n) => x[i * n + j] / divisor(n) + (i === j ? 1 : 0))
}

/** Matrices as `dominantMatrix` gives them, with two rows swapped or the sign of one turned: they need pivoting. */
export function invertibleMatrix(constraints: MatrixConstraints = {}): fc.Arbitrary<Tensor> {
  return fc
    .tuple(fc.boolean(), fc.boolean(), dominantMatrix(constraints))
    .map(([isSwapped, isTurned, { data, shape, dtype }]) => {
      const n = shape[shape.length - 1]
      const elements = Array.from(data, (_, k) => {
        const row = Math.floor(k / n) % n
        const source = isSwapped && n > 1 && row < 2 ? 1 - row : row
        return (isTurned && row === 0 ? -1 : 1) * data[k + (source - row) * n]
      })
      return printable(makeTensor(elements, { shape, dtype }))
    })
}
