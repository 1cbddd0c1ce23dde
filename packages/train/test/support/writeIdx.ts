/** Writes IDX files, independently of the reader. */

export type ElementTypeCode = 0x08 | 0x09 | 0x0b | 0x0c | 0x0d | 0x0e

const bytesPerElement: Record<ElementTypeCode, number> = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 }

/** The header of an IDX file, whatever follows it. */
export function idxHeader(code: number, shape: readonly number[]): Uint8Array {
  const header = new Uint8Array(4 + 4 * shape.length)
  header.set([0, 0, code, shape.length])
  shape.forEach((extent, axis) => new DataView(header.buffer).setUint32(4 + 4 * axis, extent))
  return header
}

/** An IDX file of `elements`, which fill `shape`. */
export function writeIdx(
  code: ElementTypeCode,
  shape: readonly number[],
  elements: readonly number[],
): Uint8Array {
  const header = idxHeader(code, shape)
  const bytes = new Uint8Array(header.length + elements.length * bytesPerElement[code])
  bytes.set(header)
  const view = new DataView(bytes.buffer, header.length)
  elements.forEach((element, i) => {
    const at = i * bytesPerElement[code]
    switch (code) {
      case 0x08:
        return view.setUint8(at, element)
      case 0x09:
        return view.setInt8(at, element)
      case 0x0b:
        return view.setInt16(at, element)
      case 0x0c:
        return view.setInt32(at, element)
      case 0x0d:
        return view.setFloat32(at, element)
      case 0x0e:
        return view.setFloat64(at, element)
    }
  })
  return bytes
}
