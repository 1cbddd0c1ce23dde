/** Matrix arithmetic by definition, on one matrix: what factorizations and determinants are held against. */
import type { Tensor } from '../../src/index.js'

/** The matrix without row `i` and column `j`. */
function minor(matrix: readonly (readonly number[])[], i: number, j: number): number[][] {
  return matrix.toSpliced(i, 1).map((row) => row.toSpliced(j, 1))
}

/** The determinant by expansion along the first row: exact for whole numbers. */
export function determinantByExpansion(matrix: readonly (readonly number[])[]): number {
  if (matrix.length === 0) return 1
  return matrix[0].reduce(
    (total, element, j) => total + (-1) ** j * element * determinantByExpansion(minor(matrix, 0, j)),
    0,
  )
}

/** The cofactors, by their definition: signed determinants of minors. */
export function cofactorsByExpansion(matrix: readonly (readonly number[])[]): number[][] {
  return matrix.map((row, i) =>
    row.map((_, j) => (-1) ** (i + j) * determinantByExpansion(minor(matrix, i, j))),
  )
}

/** The rows of a matrix; of a batch, those of matrix `position`. */
export function rowsOf({ data, shape }: Tensor, position = 0): number[][] {
  const [rows, columns] = shape.slice(-2)
  const start = position * rows * columns
  return Array.from({ length: rows }, (_, i) =>
    Array.from(data.subarray(start + i * columns, start + (i + 1) * columns)),
  )
}
