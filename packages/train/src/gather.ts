/** Copies chosen examples into tensors of their own, with the images as the floats that networks want. */
import type { Tensor, TypedArray } from '@tapegrad/autograd'
import { tensor } from '@tapegrad/autograd'
import type { Examples } from './examples.js'

/** The dtypes that networks compute in. */
export type FloatDType = 'float32' | 'float64'

/**
 * The examples at `rows`, in that order. Images become `dtype`: bytes (uint8) are divided by 255, which scales
 * them to [0, 1]; other numbers stay what they are. Labels keep their dtype.
 */
export function gather(
  { images, labels }: Examples,
  rows: ArrayLike<number>,
  dtype: FloatDType = 'float32',
): Examples {
  const isBytes = images.dtype === 'uint8'
  return {
    images: gatherRows(images, rows, dtype, isBytes ? copyScaledRows : copyRows),
    labels: gatherRows(labels, rows, labels.dtype, copyRows),
  }
}

type CopyRows = (source: TypedArray, rows: ArrayLike<number>, width: number, out: TypedArray) => void

function gatherRows(source: Tensor, rows: ArrayLike<number>, dtype: Tensor['dtype'], copy: CopyRows): Tensor {
  const width = source.size / source.shape[0]
  const out = allocate(dtype, rows.length * width)
  copy(source.data, rows, width, out)
  return tensor(out, { shape: [rows.length, ...source.shape.slice(1)], dtype })
}

function allocate(dtype: Tensor['dtype'], size: number): TypedArray {
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

function copyRows(source: TypedArray, rows: ArrayLike<number>, width: number, out: TypedArray): void {
  for (let row = 0; row < rows.length; row++) {
    const from = rows[row] * width
    const to = row * width
    for (let i = 0; i < width; i++) out[to + i] = source[from + i]
  }
}

function copyScaledRows(source: TypedArray, rows: ArrayLike<number>, width: number, out: TypedArray): void {
  for (let row = 0; row < rows.length; row++) {
    const from = rows[row] * width
    const to = row * width
    for (let i = 0; i < width; i++) out[to + i] = source[from + i] / 255
  }
}
