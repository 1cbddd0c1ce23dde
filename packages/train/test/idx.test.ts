import fc from 'fast-check'
import { ArgumentError } from '@tapegrad/autograd'
import { IdxError, parseIdx } from '../src/index.js'
import { errorFrom } from './support/errorFrom.js'
import type { ElementTypeCode } from './support/writeIdx.js'
import { idxHeader, writeIdx } from './support/writeIdx.js'

const elements: Record<ElementTypeCode, { dtype: string; element: fc.Arbitrary<number> }> = {
  0x08: { dtype: 'uint8', element: fc.integer({ min: 0, max: 255 }) },
  0x09: { dtype: 'int32', element: fc.integer({ min: -128, max: 127 }) },
  0x0b: { dtype: 'int32', element: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }) },
  0x0c: { dtype: 'int32', element: fc.integer() },
  0x0d: { dtype: 'float32', element: fc.float() },
  0x0e: { dtype: 'float64', element: fc.double() },
}

const codes: readonly ElementTypeCode[] = [0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e]

const files = fc
  .record({
    code: fc.constantFrom(...codes),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
  })
  .chain(({ code, shape }) => {
    const size = shape.reduce((product, extent) => product * extent, 1)
    return fc
      .array(elements[code].element, { minLength: size, maxLength: size })
      .map((values) => ({ code, shape, values, bytes: writeIdx(code, shape, values) }))
  })

const codeOf = async (bytes: Uint8Array): Promise<string> => {
  const error = await errorFrom(() => parseIdx(bytes))
  expect(error).toBeInstanceOf(IdxError)
  return (error as IdxError).code
}

describe('parseIdx', () => {
  test('reads back what was written, for every element type and shape', () => {
    fc.assert(
      fc.property(files, ({ code, shape, values, bytes }) => {
        const read = parseIdx(bytes)
        expect(read.dtype).toBe(elements[code].dtype)
        expect(read.shape).toEqual(shape)
        expect(Array.from(read.data)).toEqual(values)
      }),
    )
  })

  test('reads a file that starts anywhere in its buffer', () => {
    fc.assert(
      fc.property(files, fc.integer({ min: 1, max: 9 }), ({ values, bytes }, offset) => {
        const buffer = new Uint8Array(bytes.length + offset + 3)
        buffer.set(bytes, offset)
        expect(Array.from(parseIdx(buffer.subarray(offset, offset + bytes.length)).data)).toEqual(values)
      }),
    )
  })

  test('takes an ArrayBuffer as well', () => {
    const bytes = writeIdx(0x08, [3], [7, 8, 9])
    expect(parseIdx(bytes.buffer as ArrayBuffer).toArray()).toEqual([7, 8, 9])
  })

  test('makes plain Uint8Arrays out of Buffers', () => {
    const { data } = parseIdx(Buffer.from(writeIdx(0x08, [2], [1, 2])))
    expect(data.constructor).toBe(Uint8Array)
  })

  test('names the truncation wherever a file is cut', async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.nat(), async ({ shape, bytes }, position) => {
        const cut = position % bytes.length
        const headerLength = 4 + 4 * shape.length
        expect(await codeOf(bytes.subarray(0, cut))).toBe(
          cut < headerLength ? 'TRUNCATED_HEADER' : 'TRUNCATED_DATA',
        )
      }),
    )
  })

  test('refuses anything after the data', async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.uint8Array({ minLength: 1 }), async ({ bytes }, trailing) => {
        expect(await codeOf(Buffer.concat([bytes, trailing]))).toBe('TRAILING_DATA')
      }),
    )
  })

  test('reads or refuses any bytes at all with an IdxError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, withMagic) => {
        if (withMagic) bytes.set([0, 0, 0x08].slice(0, bytes.length))
        try {
          parseIdx(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(IdxError)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('allocates nothing for a header that promises petabytes', async () => {
    const shapes = [
      [2 ** 32 - 1],
      [60000, 28, 28],
      [2 ** 31, 2 ** 31, 2 ** 31],
      Array.from({ length: 32 }, () => 2 ** 32 - 1),
    ]
    for (const code of codes)
      for (const shape of shapes) expect(await codeOf(idxHeader(code, shape))).toBe('TRUNCATED_DATA')
  })

  test('reads an empty file whose other sizes are as large as they get', () => {
    const shape = [...Array.from({ length: 31 }, () => 2 ** 32 - 1), 0]
    expect(parseIdx(idxHeader(0x0e, shape)).shape).toEqual(shape)
  })

  test('refuses no axes and more than 32', async () => {
    expect(await codeOf(idxHeader(0x08, []))).toBe('RANK')
    expect(await codeOf(idxHeader(0x08, new Array<number>(33).fill(1)))).toBe('RANK')
  })

  test('says what a file is instead of IDX', () => {
    expect(() => parseIdx(Uint8Array.of(0x1f, 0x8b, 8, 0))).toThrow(
      /compressed with gzip; decompress them first, with gunzip from '@tapegrad\/train\/node'/,
    )
    expect(() => parseIdx(new TextEncoder().encode('<html>'))).toThrow(
      'parseIdx: the first bytes are 0x3c 0x68; an IDX file starts with 0x00 0x00',
    )
    expect(() => parseIdx(idxHeader(0x0a, [1]))).toThrow(
      'parseIdx: unknown element type 0x0a; there are 0x08 (unsigned byte), 0x09 (signed byte), 0x0b (short), ' +
        '0x0c (int), 0x0d (float), 0x0e (double)',
    )
    expect(() => parseIdx(writeIdx(0x0b, [2, 3], [1, 2, 3, 4, 5]))).toThrow(
      'parseIdx: the header promises 12 bytes of data (shape [2, 3], short), but 10 follow it; ' +
        'the file is cut off or its header is damaged',
    )
    expect(() => parseIdx('train-images' as never)).toThrow(ArgumentError)
  })
})
