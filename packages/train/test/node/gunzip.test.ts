import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { DatasetError } from '../../src/index.js'
import { gunzip } from '../../src/node/index.js'
import { errorFrom } from '../support/errorFrom.js'

describe('gunzip', () => {
  test('gives back what was compressed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), async (content) => {
        expect(Array.from(await gunzip(gzipSync(content)))).toEqual(Array.from(content))
      }),
      { numRuns: 30 },
    )
  })

  test('accepts exactly as much as allowed', async () => {
    expect(await gunzip(gzipSync(new Uint8Array(1000)), { maxBytes: 1000 })).toHaveLength(1000)
    const error = await errorFrom(() => gunzip(gzipSync(new Uint8Array(1001)), { maxBytes: 1000 }))
    expect(error).toBeInstanceOf(DatasetError)
    expect(error).toMatchObject({
      code: 'TOO_LARGE',
      message: 'gunzip: the content has more than 1000 bytes, the most allowed',
    })
  })

  test('refuses a bomb without filling the memory', async () => {
    const bomb = gzipSync(new Uint8Array(2 ** 26))
    const before = process.memoryUsage().rss
    await expect(gunzip(bomb, { maxBytes: 2 ** 16 })).rejects.toThrow(DatasetError)
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 25)
  })

  test('names damage, at whichever byte a file is cut', async () => {
    const whole = gzipSync(Uint8Array.from({ length: 100 }, (_, i) => i * i))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (cut) => {
        const error = await errorFrom(() => gunzip(whole.subarray(0, cut)))
        expect(error).toBeInstanceOf(DatasetError)
        expect(error).toMatchObject({ code: 'GZIP' })
      }),
    )
  })
})
