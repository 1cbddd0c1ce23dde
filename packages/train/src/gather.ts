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
  if (data instanceof Uint8Array && divisor !== 1) divideBytes(out, data, rows, width, divisor)
  else
    for (let row = 0; row < rows.length; row++) {
      const from = rows[row] * width
      // Engines copy, and convert, a row several times faster than a loop here would.
      out.set(data.subarray(from, from + width), row * width)
    }
  return tensor(out, { shape: [rows.length, ...shape.slice(1)], dtype })
}

const wordBytes = Uint32Array.BYTES_PER_ELEMENT

/** Writes rows of bytes, divided, into zeros. Images are mostly zeros too: words of them are left as they are. */
function divideBytes(
  out: TypedArray,
  data: Uint8Array,
  rows: ArrayLike<number>,
  width: number,
  divisor: number,
): void {
  const quotients = Float64Array.from({ length: 256 }, (_, byte) => byte / divisor)
  const isOfWords = width % wordBytes === 0 && data.byteOffset % wordBytes === 0
  if (isOfWords) {
    const words = new Uint32Array(data.buffer, data.byteOffset, Math.floor(data.length / wordBytes))
    for (let row = 0; row < rows.length; row++)
      divideWords(out, row * width, { words, data, quotients }, rows[row] * width, width)
  } else {
    for (let row = 0; row < rows.length; row++)
      for (let i = 0; i < width; i++) out[row * width + i] = quotients[data[rows[row] * width + i]]
  }
}

interface DividedBytes {
  readonly words: Uint32Array
  readonly data: Uint8Array
  readonly quotients: Float64Array
}

function divideWords(
  out: TypedArray,
  to: number,
  { words, data, quotients }: DividedBytes,
  from: number,
  width: number,
): void {
  const firstWord = from / wordBytes
  for (let word = 0; word < width / wordBytes; word++) {
    if (words[firstWord + word] === 0) continue
    const source = from + word * wordBytes
    const target = to + word * wordBytes
    out[target] = quotients[data[source]]
    out[target + 1] = quotients[data[source + 1]]
    out[target + 2] = quotients[data[source + 2]]
    out[target + 3] = quotients[data[source + 3]]
  }
}
