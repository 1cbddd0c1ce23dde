/** Copies chosen examples into tensors of their own, with the images as the floats that networks want. */
import type { DType, Tensor, TypedArray } from '@tapegrad/autograd'
import { IndexError, tensor } from '@tapegrad/autograd'
import { allocate } from '@tapegrad/autograd/tracing'
import type { Examples } from './examples.js'

/** The dtypes that networks compute in. */
export type FloatDType = 'float32' | 'float64'

/**
 * The examples at `rows`, in that order. Images become `dtype`: bytes (uint8) are divided by 255, which scales
 * them to [0, 1]; other numbers stay what they are. Labels keep their dtype.
 *
 * Throws IndexError for a row that there isn't.
 */
export function gather(
  { images, labels }: Examples,
  rows: ArrayLike<number>,
  dtype: FloatDType = 'float32',
): Examples {
  checkRows(rows, images.shape[0])
  return {
    images: gatherRows(images, rows, dtype, images.dtype === 'uint8' ? 255 : 1),
    labels: gatherRows(labels, rows, labels.dtype, 1),
  }
}

function checkRows(rows: ArrayLike<number>, count: number): void {
  for (let i = 0; i < rows.length; i++)
    if (!Number.isInteger(rows[i]) || rows[i] < 0 || rows[i] >= count)
      throw new IndexError(
        'INDEX_OUT_OF_BOUNDS',
        `gather: row ${rows[i]}, number ${i} of rows, is out of bounds; there are ${count} examples`,
      )
}

/** The rows as `dtype`, their elements divided by `divisor`. */
function gatherRows(
  { data, size, shape }: Tensor,
  rows: ArrayLike<number>,
  dtype: DType,
  divisor: number,
): Tensor {
  const width = size / shape[0]
  const out = allocate(dtype, rows.length * width)
  for (let row = 0; row < rows.length; row++) {
    const from = rows[row] * width
    const to = row * width
    // Engines copy, and convert, a row several times faster than a loop here would.
    out.set(data.subarray(from, from + width), to)
    if (divisor !== 1) divideRange(out, to, to + width, divisor)
  }
  return tensor(out, { shape: [rows.length, ...shape.slice(1)], dtype })
}

function divideRange(elements: TypedArray, start: number, end: number, divisor: number): void {
  for (let i = start; i < end; i++) elements[i] /= divisor
}
