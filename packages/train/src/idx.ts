/** Reads IDX, the format of the MNIST files: http://yann.lecun.com/exdb/mnist/ describes it. */
import type { DType, Tensor, TypedArray } from '@tapegrad/autograd'
import { ArgumentError, tensor } from '@tapegrad/autograd'
import { IdxError } from './errors.js'

interface ElementType {
  readonly name: string
  readonly bytes: number
  readonly dtype: DType
  readonly read: (view: DataView, count: number) => TypedArray
}

/** The element types by their code, the third byte of a file; numbers of several bytes are big-endian. */
const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [0x08, { name: 'unsigned byte', bytes: 1, dtype: 'uint8', read: readUint8 }],
  [0x09, { name: 'signed byte', bytes: 1, dtype: 'int32', read: readInt8 }],
  [0x0b, { name: 'short', bytes: 2, dtype: 'int32', read: readInt16 }],
  [0x0c, { name: 'int', bytes: 4, dtype: 'int32', read: readInt32 }],
  [0x0d, { name: 'float', bytes: 4, dtype: 'float32', read: readFloat32 }],
  [0x0e, { name: 'double', bytes: 8, dtype: 'float64', read: readFloat64 }],
])

/** More axes than any data set has; it also keeps the product of 32-bit sizes within float64's range. */
const maxRank = 32

/**
 * The tensor in an uncompressed IDX file. Unsigned bytes become uint8 and share the memory of `bytes`; signed
 * bytes, shorts and ints become int32, floats float32, doubles float64.
 *
 * The header is two zero bytes, the element type, the number of axes, and the size of each axis as a 32-bit
 * number; the elements follow in row-major order. Throws IdxError where the bytes are anything else, longer or
 * shorter than the header says included. Nothing is allocated before the length is known to be right.
 */
export function parseIdx(bytes: Uint8Array | ArrayBuffer): Tensor {
  const view = viewOf(bytes)
  const type = readElementType(view)
  const shape = readShape(view)
  const start = 4 + 4 * shape.length
  const count = shape.reduce((product, extent) => product * extent, 1)
  checkLength(view, start, count, shape, type)
  const data = type.read(new DataView(view.buffer, view.byteOffset + start, count * type.bytes), count)
  return tensor(data, { shape, dtype: type.dtype })
}

function viewOf(bytes: unknown): DataView {
  if (ArrayBuffer.isView(bytes)) return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // The tag instead of instanceof: a buffer may come from another realm, such as a frame.
  if (Object.prototype.toString.call(bytes) === '[object ArrayBuffer]')
    return new DataView(bytes as ArrayBuffer)
  throw new ArgumentError(
    'WRONG_TYPE',
    `parseIdx: got ${bytes === null ? 'null' : typeof bytes}; wants the bytes of a file as a Uint8Array or ArrayBuffer`,
  )
}

function readElementType(view: DataView): ElementType {
  if (view.byteLength >= 2 && view.getUint16(0) === 0x1f8b)
    throw new IdxError(
      'GZIPPED',
      'parseIdx: the bytes are compressed with gzip; decompress them first, with gunzip from ' +
        "'@tapegrad/train/node' or, in a browser, DecompressionStream",
    )
  if (view.byteLength < 4)
    throw new IdxError(
      'TRUNCATED_HEADER',
      `parseIdx: got ${view.byteLength} bytes; an IDX file starts with a header of at least 8`,
    )
  if (view.getUint16(0) !== 0)
    throw new IdxError(
      'MAGIC',
      `parseIdx: the first bytes are ${hex(view.getUint8(0))} ${hex(view.getUint8(1))}; an IDX file starts with 0x00 0x00`,
    )
  const code = view.getUint8(2)
  const type = elementTypes.get(code)
  if (type === undefined)
    throw new IdxError(
      'ELEMENT_TYPE',
      `parseIdx: unknown element type ${hex(code)}; there are ` +
        Array.from(elementTypes, ([known, { name }]) => `${hex(known)} (${name})`).join(', '),
    )
  return type
}

function readShape(view: DataView): number[] {
  const rank = view.getUint8(3)
  if (rank === 0 || rank > maxRank)
    throw new IdxError('RANK', `parseIdx: the header says ${rank} axes; wants 1 to ${maxRank}`)
  const start = 4 + 4 * rank
  if (view.byteLength < start)
    throw new IdxError(
      'TRUNCATED_HEADER',
      `parseIdx: got ${view.byteLength} bytes; the header of a file with ${rank} axes has ${start}`,
    )
  return Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
}

function checkLength(
  view: DataView,
  start: number,
  count: number,
  shape: readonly number[],
  type: ElementType,
): void {
  const promised = count * type.bytes
  const held = view.byteLength - start
  if (held === promised) return
  const found =
    `parseIdx: the header promises ${promised} bytes of data (shape [${shape.join(', ')}], ` +
    `${type.name}), but ${held} follow it`
  if (held < promised)
    throw new IdxError('TRUNCATED_DATA', `${found}; the file is cut off or its header is damaged`)
  throw new IdxError('TRAILING_DATA', `${found}; the file is damaged or holds something else`)
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}

function readUint8({ buffer, byteOffset }: DataView, count: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset, count)
}

function readInt8({ buffer, byteOffset }: DataView, count: number): Int32Array {
  return Int32Array.from(new Int8Array(buffer, byteOffset, count))
}

function readInt16(view: DataView, count: number): Int32Array {
  const out = new Int32Array(count)
  for (let i = 0; i < count; i++) out[i] = view.getInt16(2 * i)
  return out
}

function readInt32(view: DataView, count: number): Int32Array {
  const out = new Int32Array(count)
  for (let i = 0; i < count; i++) out[i] = view.getInt32(4 * i)
  return out
}

function readFloat32(view: DataView, count: number): Float32Array {
  const out = new Float32Array(count)
  for (let i = 0; i < count; i++) out[i] = view.getFloat32(4 * i)
  return out
}

function readFloat64(view: DataView, count: number): Float64Array {
  const out = new Float64Array(count)
  for (let i = 0; i < count; i++) out[i] = view.getFloat64(8 * i)
  return out
}
