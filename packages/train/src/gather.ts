/** Copies chosen examples into tensors of their own, with the images as the floats that networks want. */
import type { DType, Shape, Tensor, TypedArray } from '@tapegrad/autograd'
import { IndexError, tensor } from '@tapegrad/autograd'
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
  const elements = copyRows(images, rows, dtype)
  if (images.dtype === 'uint8') scaleBytes(elements)
  return {
    images: tensor(elements, { shape: shapeOfRows(images, rows), dtype }),
    labels: tensor(copyRows(labels, rows, labels.dtype), {
      shape: shapeOfRows(labels, rows),
      dtype: labels.dtype,
    }),
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

function shapeOfRows(source: Tensor, rows: ArrayLike<number>): Shape {
  return [rows.length, ...source.shape.slice(1)]
}

/** The elements of the rows as `dtype`. Engines copy, and convert, whole rows several times faster than a loop here would. */
function copyRows({ data, size, shape }: Tensor, rows: ArrayLike<number>, dtype: DType): TypedArray {
  const width = size / shape[0]
  const out = allocate(dtype, rows.length * width)
  for (let row = 0; row < rows.length; row++) {
    const start = rows[row] * width
    out.set(data.subarray(start, start + width), row * width)
  }
  return out
}

function scaleBytes(elements: TypedArray): void {
  for (let i = 0; i < elements.length; i++) elements[i] /= 255
}

function allocate(dtype: DType, size: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(size)
    case 'float64':
      return new Float64Array(size)
    case 'int32':
      return new Int32Array(size)
    default:
      return new Uint8Array(size)
  }
}
