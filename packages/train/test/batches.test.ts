import fc from 'fast-check'
import { rng, tensor } from '@tapegrad/autograd'
import type { Examples } from '../src/index.js'
import { sampledBatches, shuffledBatches } from '../src/index.js'

/** Examples of one pixel, each of which is its own label. */
function numbered(count: number): Examples {
  const numbers = Int32Array.from({ length: count }, (_, i) => i)
  return { images: tensor(numbers, { shape: [count, 1] }), labels: tensor(numbers) }
}

function take(batches: Generator<Examples, never>, count: number): Examples[] {
  return Array.from({ length: count }, () => batches.next().value)
}

const labelsOf = (batches: readonly Examples[]): number[] =>
  batches.flatMap(({ labels }) => Array.from(labels.data))

const sizes = fc
  .integer({ min: 1, max: 30 })
  .chain((count) => fc.record({ count: fc.constant(count), batchSize: fc.integer({ min: 1, max: count }) }))
const seeds = fc.nat()

describe.each([
  ['sampledBatches', sampledBatches],
  ['shuffledBatches', shuffledBatches],
])('%s', (name, draw) => {
  test('gives the same batches for the same seed, and others for another', () => {
    const labels = (seed: number): number[] =>
      labelsOf(take(draw(rng(seed), numbered(1000), { batchSize: 10 }), 20))
    fc.assert(
      fc.property(seeds, (seed) => {
        expect(labels(seed)).toEqual(labels(seed))
        expect(labels(seed)).not.toEqual(labels(seed + 1))
      }),
      { numRuns: 20 },
    )
  })

  test('keeps every image with its label', () => {
    fc.assert(
      fc.property(sizes, seeds, ({ count, batchSize }, seed) => {
        for (const { images, labels } of take(draw(rng(seed), numbered(count), { batchSize }), 5)) {
          expect(images.shape).toEqual([labels.size, 1])
          expect(Array.from(images.data)).toEqual(Array.from(labels.data))
        }
      }),
    )
  })

  test('gives float32 images unless told otherwise', () => {
    const dtypeOf = (dtype?: 'float64'): string =>
      draw(rng(1), numbered(3), { batchSize: 2, dtype }).next().value.images.dtype
    expect(dtypeOf()).toBe('float32')
    expect(dtypeOf('float64')).toBe('float64')
  })

  test('checks its arguments before the first batch is asked for', () => {
    for (const batchSize of [0, -1, 1.5, 11, NaN, '5' as never])
      expect(() => draw(rng(1), numbered(10), { batchSize })).toThrow(
        `${name}: batchSize is ${String(batchSize)}; wants a whole number from 1 to 10, the number of examples`,
      )
    expect(() => draw(rng(1), numbered(0), { batchSize: 1 })).toThrow(`${name}: there are no examples`)
    expect(() => draw(rng(1), { ...numbered(3), labels: tensor([1]) }, { batchSize: 1 })).toThrow(
      `${name}: images [3, 1] and labels [1] differ in their first sizes; wants one label an image`,
    )
    expect(() => draw(rng(1), { images: [[1]], labels: [1] } as never, { batchSize: 1 })).toThrow(
      `${name}: wants { images, labels }, both tensors`,
    )
  })
})

describe('sampledBatches', () => {
  test('gives full batches of examples that are there', () => {
    fc.assert(
      fc.property(sizes, seeds, ({ count, batchSize }, seed) => {
        for (const { labels } of take(sampledBatches(rng(seed), numbered(count), { batchSize }), 5)) {
          expect(labels.size).toBe(batchSize)
          expect(labels.data.every((label) => label >= 0 && label < count)).toBe(true)
        }
      }),
    )
  })

  test('draws every example about as often, with repetitions in a batch', () => {
    const batches = take(sampledBatches(rng(1), numbered(10), { batchSize: 10 }), 2000)
    const counts = new Array<number>(10).fill(0)
    for (const label of labelsOf(batches)) counts[label]++
    // 2000 of each are expected, with a standard deviation of 42.
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(250)
    expect(batches.some(({ labels }) => new Set(labels.data).size < 10)).toBe(true)
  })
})

describe('shuffledBatches', () => {
  test('gives every example once an epoch, the last batch smaller where it must be', () => {
    fc.assert(
      fc.property(sizes, seeds, ({ count, batchSize }, seed) => {
        const batches = shuffledBatches(rng(seed), numbered(count), { batchSize })
        const perEpoch = Math.ceil(count / batchSize)
        for (let epoch = 0; epoch < 3; epoch++) {
          const taken = take(batches, perEpoch)
          expect(taken.slice(0, -1).every(({ labels }) => labels.size === batchSize)).toBe(true)
          expect(labelsOf(taken).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
        }
      }),
    )
  })

  test('orders each epoch anew', () => {
    const batches = shuffledBatches(rng(1), numbered(50), { batchSize: 50 })
    expect(labelsOf(take(batches, 1))).not.toEqual(labelsOf(take(batches, 1)))
  })
})
