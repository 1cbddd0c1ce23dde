import fc from 'fast-check'
import { tensor } from '@tapegrad/autograd'
import type { Evaluable, Examples } from '../src/index.js'
import { evaluate } from '../src/index.js'

/** Examples whose labels are right where the pixel says so. */
function examples(right: readonly boolean[]): Examples {
  const images = tensor(
    Uint8Array.from(right, (is) => (is ? 255 : 0)),
    { shape: [right.length, 1] },
  )
  return { images, labels: images }
}

const readsPixel = (dtype: 'float32' | 'float64' = 'float32'): Evaluable & { seen: string[] } => ({
  params: [tensor([0], { dtype })],
  seen: [],
  accuracy(images) {
    this.seen.push(images.dtype)
    let right = 0
    for (const pixel of images.data) right += pixel
    return Math.fround(right / images.size)
  },
})

describe('evaluate', () => {
  test('gives the exact fraction, however many examples there are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3500 }), fc.nat(), async (count, part) => {
        const right = part % (count + 1)
        const fraction = await evaluate(
          readsPixel(),
          examples(Array.from({ length: count }, (_, i) => i < right)),
        )
        expect(fraction).toBe(right / count)
      }),
      { numRuns: 30 },
    )
  })

  test('gives the network images of its own dtype', async () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const net = readsPixel(dtype)
      await evaluate(net, examples([true]))
      expect(net.seen).toEqual([dtype])
    }
  })

  test('stops when its signal is aborted', async () => {
    await expect(
      evaluate(readsPixel(), examples([true]), { signal: AbortSignal.abort('enough') }),
    ).rejects.toBe('enough')
  })
})
