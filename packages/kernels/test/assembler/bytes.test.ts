import fc from 'fast-check'
import { ByteWriter, signedLeb32, signedLeb64, unsignedLeb } from '../../src/assembler/bytes.js'

/** Decodes by the definition: sevens of bits, lowest first; bit 6 of the last is the sign of a signed one. */
function decode(bytes: number[], signed: boolean): bigint {
  const magnitude = bytes.reduce((sum, byte, index) => sum | (BigInt(byte & 0x7f) << BigInt(7 * index)), 0n)
  return signed ? BigInt.asIntN(7 * bytes.length, magnitude) : magnitude
}

function isContinuedCorrectly(bytes: number[]): boolean {
  return bytes.every((byte, index) => byte >= 0x80 === index < bytes.length - 1)
}

test('an unsigned integer is read back, from as few bytes as its size needs', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
      const bytes = unsignedLeb(value)
      expect(decode(bytes, false)).toBe(BigInt(value))
      expect(isContinuedCorrectly(bytes)).toBe(true)
      expect(bytes.length).toBe(Math.max(1, Math.ceil(value.toString(2).length / 7)))
    }),
  )
})

test('a signed integer of 32 bits is read back from at most 5 bytes', () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const bytes = signedLeb32(value)
      expect(decode(bytes, true)).toBe(BigInt(value))
      expect(isContinuedCorrectly(bytes)).toBe(true)
      expect(bytes.length).toBeLessThanOrEqual(5)
    }),
  )
})

test('a signed integer of 64 bits is read back from at most 10 bytes', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const bytes = signedLeb64(value)
      expect(decode(bytes, true)).toBe(value)
      expect(isContinuedCorrectly(bytes)).toBe(true)
      expect(bytes.length).toBeLessThanOrEqual(10)
    }),
  )
})

test('a writer keeps bytes in order while it grows', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }), (chunks) => {
      const writer = new ByteWriter()
      for (const chunk of chunks) {
        writer.byte(chunk.length % 256)
        writer.bytes(chunk)
      }
      expect([...writer.view()]).toEqual(chunks.flatMap((chunk) => [chunk.length % 256, ...chunk]))
    }),
  )
})

test('a name is its length in bytes and UTF-8', () => {
  const writer = new ByteWriter()
  writer.name('né')
  expect([...writer.view()]).toEqual([3, 0x6e, 0xc3, 0xa9])
})
