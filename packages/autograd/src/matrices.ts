/** What operations on matrices, the last two axes of a value, share: their checks, and the parts of a shape. */
import { ShapeError } from './errors.js'
import { reshape, transpose } from './primitives/shape.js'
import type { Shape } from './shape.js'
import { formatShape, stridesOf } from './shape.js'
import type { Value } from './value.js'
import { checkValue, shapeOf } from './value.js'

/** The axes before the matrices. */
export function batchOf(shape: Shape): Shape {
  return shape.slice(0, -2)
}

/** Throws unless `x` is a matrix or a batch of them. */
export function checkMatrix(name: string, x: Value): void {
  checkValue(name, x)
  if (shapeOf(x).length < 2)
    throw new ShapeError(
      'NOT_A_MATRIX',
      `${name}: got shape ${formatShape(shapeOf(x))}; wants a matrix, or a batch of them: [..., m, n]`,
    )
}

/** The number of rows of a square matrix or of a batch of them. Throws unless `x` is one. */
export function checkSquare(name: string, x: Value): number {
  checkMatrix(name, x)
  const [rows, columns] = shapeOf(x).slice(-2)
  if (rows !== columns)
    throw new ShapeError(
      'NOT_SQUARE',
      `${name}: the matrix of shape ${formatShape(shapeOf(x))} is not square (${rows} ≠ ${columns}); wants [..., n, n]`,
    )
  return rows
}

/** Each matrix transposed. */
export function transposeMatrices(x: Value): Value {
  const axes = shapeOf(x).map((_, axis) => axis)
  return transpose(x, [...axes.slice(0, -2), ...axes.slice(-2).reverse()])
}

/** A value that has one element a matrix, shaped to broadcast with the matrices. */
export function besideMatrices(x: Value): Value {
  return reshape(x, [...shapeOf(x), 1, 1])
}

/** `the matrix`, or `matrix [1, 0] of the batch`, for messages. */
export function nameMatrix(batch: Shape, position: number): string {
  if (batch.length === 0) return 'the matrix'
  const index = stridesOf(batch).map((stride, axis) => Math.floor(position / stride) % batch[axis])
  return `matrix ${formatShape(index)} of the batch`
}
