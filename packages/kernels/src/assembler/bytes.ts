/** Growing byte buffer, and the variable-length integers (LEB128) that WebAssembly is written with. */

/** The bytes of an unsigned integer below 2³², least significant seven bits first. */
export function unsignedLeb(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return bytes
}

/** The bytes of a signed 32-bit integer; bit 6 of the last byte is the sign. */
export function signedLeb32(value: number): number[] {
  if (value >= -0x40 && value < 0x40) return [value & 0x7f]
  const bytes: number[] = []
  let rest = value | 0
  while (rest < -0x40 || rest >= 0x40) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>= 7
  }
  bytes.push(rest & 0x7f)
  return bytes
}

/** The bytes of a signed 64-bit integer. */
export function signedLeb64(value: bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asIntN(64, value)
  while (rest < -0x40n || rest >= 0x40n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest & 0x7fn))
  return bytes
}

export class ByteWriter {
  private buffer = new Uint8Array(256)
  private length = 0

  byte(value: number): void {
    if (this.length === this.buffer.length) this.reserve(1)
    this.buffer[this.length++] = value
  }

  bytes(values: ArrayLike<number>): void {
    this.reserve(values.length)
    this.buffer.set(values, this.length)
    this.length += values.length
  }

  /** An unsigned integer below 2³² in LEB128. */
  unsigned(value: number): void {
    if (value < 0x80) this.byte(value)
    else this.bytes(unsignedLeb(value))
  }

  /** A length, then UTF-8. */
  name(text: string): void {
    this.sized(new TextEncoder().encode(text))
  }

  /** A length, then the bytes. */
  sized(values: Uint8Array): void {
    this.unsigned(values.length)
    this.bytes(values)
  }

  /** A view of what was written so far; writing more may leave it behind. */
  view(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(0, this.length)
  }

  private reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.buffer.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.buffer.length))
    grown.set(this.buffer)
    this.buffer = grown
  }
}
