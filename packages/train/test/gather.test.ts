import fc from 'fast-check'
import { IndexError, tensor } from '@tapegrad/autograd'
import { gather } from '../src/index.js'

const chosen = fc.record({
  images: fc.array(fc.uint8Array({ minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 9 }),
  picks: fc.array(fc.nat(), { maxLength: 12 }),
})

describe('gather', () => {
  test.each(['float32', 'float64'] as const)('scales bytes to [0, 1] in %s, row by row', (dtype) => {
    const round = dtype === 'float32' ? Math.fround : (x: number): number => x
    fc.assert(
      fc.property(chosen, ({ images, picks }) => {
        const rows = picks.map((pick) => pick % images.length)
        const labels = images.map((_, i) => i)
        const gathered = gather(
          {
            images: tensor(Uint8Array.from(images.flatMap((row) => Array.from(row))), {
              shape: [images.length, 3],
            }),
            labels: tensor(Uint8Array.from(labels)),
          },
          rows,
          dtype,
        )
        expect(gathered.images.dtype).toBe(dtype)
        expect(gathered.images.shape).toEqual([rows.length, 3])
        expect(Array.from(gathered.images.data)).toEqual(
          rows.flatMap((row) => Array.from(images[row], (byte) => round(byte / 255))),
        )
        expect(gathered.labels.dtype).toBe('uint8')
        expect(Array.from(gathered.labels.data)).toEqual(rows)
      }),
    )
  })

  test('leaves numbers other than bytes as they are, and further axes and one-hot labels too', () => {
    const { images, labels } = gather(
      {
        images: tensor([0, 1, 2, 3, 4, 5, 6, 7], { shape: [2, 2, 2] }),
        labels: tensor(Int32Array.of(0, 1, 1, 0), { shape: [2, 2] }),
      },
      [1],
      'float64',
    )
    expect(images.dtype).toBe('float64')
    expect(images.toArray()).toEqual([
      [
        [4, 5],
        [6, 7],
      ],
    ])
    expect(labels.dtype).toBe('int32')
    expect(labels.toArray()).toEqual([[1, 0]])
  })
  test('copies nothing for no rows', () => {
    const { images, labels } = gather({ images: tensor([[1, 2]]), labels: tensor([3]) }, [])
    expect([images.shape, labels.shape]).toEqual([[0, 2], [0]])
  })

  test.each([2, -1, 0.5, NaN])('refuses row %s, which there is not', (row) => {
    const examples = { images: tensor([[1], [2]]), labels: tensor([0, 1]) }
    expect(() => gather(examples, [1, row])).toThrow(
      new IndexError(
        'INDEX_OUT_OF_BOUNDS',
        `gather: row ${row}, number 1 of rows, is out of bounds; there are 2 examples`,
      ),
    )
  })
})
