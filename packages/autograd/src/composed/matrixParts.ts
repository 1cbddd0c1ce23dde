/** Parts of matrices, the last two axes of a value: tril, triu, diagonal, trace. */
import { Tensor } from '../tensor.js'
import { allocate } from '../dtype.js'
import { zeroOf } from '../elementwise.js'
import { ArgumentError } from '../errors.js'
import { batchOf, checkMatrix } from '../matrices.js'
import { where } from '../primitives/comparison.js'
import { take } from '../primitives/indexing.js'
import { sum } from '../primitives/reductions.js'
import { reshape } from '../primitives/shape.js'
import type { JoinTensor, Value } from '../value.js'
import { shapeOf } from '../value.js'

export interface DiagonalOptions {
  /** Which diagonal is meant: 0 is the main one, positive numbers are above it, negative ones below. */
  readonly offset?: number | undefined
}

function checkOffset(name: string, offset: number): void {
  if (!Number.isInteger(offset))
    throw new ArgumentError('INVALID_OFFSET', `${name}: offset is ${offset}; wants a whole number`)
}

/** `x` where `isKept(row, column)`, else 0, in each matrix. */
function keep(x: Value, isKept: (row: number, column: number) => boolean): Value {
  const [rows, columns] = shapeOf(x).slice(-2)
  const mask = allocate('bool', rows * columns)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) mask[i * columns + j] = isKept(i, j) ? 1 : 0
  return where(new Tensor(mask, [rows, columns], 'bool'), x, zeroOf(x))
}

/**
 * The lower triangle of each matrix: the elements on the diagonal `offset` (default 0) and below it, zeros above.
 * Shape [..., m, n] stays, as does the dtype. Throws ShapeError for a value of less than two axes.
 */
export function tril<A extends Value>(x: A, options?: DiagonalOptions): JoinTensor<A>
export function tril(x: Value, { offset = 0 }: DiagonalOptions = {}): Value {
  checkMatrix('tril', x)
  checkOffset('tril', offset)
  return keep(x, (row, column) => column - row <= offset)
}

/**
 * The upper triangle of each matrix: the elements on the diagonal `offset` (default 0) and above it, zeros below.
 * Shape [..., m, n] stays, as does the dtype. Throws ShapeError for a value of less than two axes.
 */
export function triu<A extends Value>(x: A, options?: DiagonalOptions): JoinTensor<A>
export function triu(x: Value, { offset = 0 }: DiagonalOptions = {}): Value {
  checkMatrix('triu', x)
  checkOffset('triu', offset)
  return keep(x, (row, column) => column - row >= offset)
}

/**
 * The diagonal of each matrix: x[i, i + offset]. Shape [..., m, n] gives [..., count], where count is how many
 * elements that diagonal has, 0 where it lies outside. Throws ShapeError for a value of less than two axes.
 */
export function diagonal<A extends Value>(x: A, options?: DiagonalOptions): JoinTensor<A>
export function diagonal(x: Value, { offset = 0 }: DiagonalOptions = {}): Value {
  checkMatrix('diagonal', x)
  checkOffset('diagonal', offset)
  const [rows, columns] = shapeOf(x).slice(-2)
  const first = offset >= 0 ? offset : -offset * columns
  const count = Math.max(0, Math.min(rows, rows + offset, columns, columns - offset))
  const places = Int32Array.from({ length: count }, (_, i) => first + i * (columns + 1))
  const flat = reshape(x, [...batchOf(shapeOf(x)), rows * columns])
  return take(flat, new Tensor(places, [count], 'int32'), -1)
}

/**
 * The sum of the diagonal of each matrix, Σ x[i, i + offset]. Shape [..., m, n] gives [...]; dtypes as of `sum`.
 * Throws ShapeError for a value of less than two axes.
 */
export function trace<A extends Value>(x: A, options?: DiagonalOptions): JoinTensor<A>
export function trace(x: Value, options: DiagonalOptions = {}): Value {
  checkMatrix('trace', x)
  return sum(diagonal(x, options), { axis: -1 })
}
