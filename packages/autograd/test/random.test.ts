import { fc, test } from '@fast-check/jest'
import type { Tensor } from '@tapegrad/autograd'
import {
  ArgumentError,
  DTypeError,
  Rng,
  ShapeError,
  bernoulli,
  integers,
  normal,
  permutation,
  rng,
  uniform,
} from '@tapegrad/autograd'
import { shape } from './support/arbitraries.js'
import { expectError } from './support/errors.js'
import type * as Kernels from '@tapegrad/kernels'

/** A generator whose key begins with NaN gives the second word of its key over and over. */
jest.mock('@tapegrad/kernels', () => {
  const actual = jest.requireActual<typeof Kernels>('@tapegrad/kernels')
  const fill = (word: number, out: Float64Array): void => {
    out.fill(((word >>> 5) * 2 ** 26 + (word >>> 6)) / 2 ** 53)
  }
  const drawFractions: typeof Kernels.drawFractions = (key, counter, out) => {
    if (Number.isNaN(key[0])) fill(key[1], out)
    else actual.drawFractions(key, counter, out)
  }
  const drawFractionsPlain: typeof Kernels.drawFractionsPlain = (key, counter, out) => {
    if (Number.isNaN(key[0])) fill(key[1], out)
    else actual.drawFractionsPlain(key, counter, out)
  }
  return { ...actual, drawFractions, drawFractionsPlain }
})

const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

const draws: Record<string, (source: Rng, shape: readonly number[]) => Tensor> = {
  normal: (source, shape) => normal(source, shape),
  uniform: (source, shape) => uniform(source, shape),
  bernoulli: (source, shape) => bernoulli(source, shape),
  integers: (source, shape) => integers(source, shape, { max: 10 }),
  permutation: (source, shape) =>
    permutation(
      source,
      shape.reduce((size, extent) => size * extent, 1),
    ),
}

function moments({ data }: Tensor): { mean: number; variance: number } {
  const elements = Array.from(data)
  const mean = elements.reduce((total, x) => total + x, 0) / elements.length
  return { mean, variance: elements.reduce((total, x) => total + (x - mean) ** 2, 0) / elements.length }
}

/** A stream that gives the same word over and over. */
function constantRng(word: number): Rng {
  return new Rng([NaN, word])
}

describe.each(Object.entries(draws))('%s', (name, draw) => {
  test.prop([seed, shape])('gives the same for the same seed, in the shape asked for', (seed, shape) => {
    const x = draw(rng(seed), shape)
    expect(draw(rng(seed), shape)).toEqual(x)
    if (name !== 'permutation') expect(x.shape).toEqual(shape)
  })

  test('goes on from draw to draw, and differs between seeds', () => {
    const source = rng(1)
    const first = draw(source, [64])
    expect(draw(source, [64])).not.toEqual(first)
    expect(draw(rng(2), [64])).not.toEqual(first)
    expect(draw(rng(1 + 2 ** 32), [64])).not.toEqual(first)
  })

  test('wants a generator, and a shape', () => {
    expectError(
      () => draw(7 as never, [2]),
      ArgumentError,
      'WRONG_TYPE',
      `${name}: got number 7 as the generator; wants rng(seed)`,
    )
    expectError(
      () => draw(rng(0), [-1]),
      ShapeError,
      'INVALID_SHAPE',
      new RegExp(`^${name}: invalid shape \\[-1\\]`),
    )
    expectError(() => draw(rng(0), [2 ** 40]), ShapeError, 'TOO_LARGE', new RegExp(`^${name}: `))
  })
})

describe('normal', () => {
  test('has the mean and deviation asked for', () => {
    // Six standard errors: 1/√n for the mean, √(2/n) for the variance.
    const n = 40_000
    const { mean, variance } = moments(normal(rng(0), [n], { dtype: 'float64' }))
    expect(Math.abs(mean)).toBeLessThan(6 / Math.sqrt(n))
    expect(Math.abs(variance - 1)).toBeLessThan(6 * Math.sqrt(2 / n))
    const moved = moments(normal(rng(1), [n], { mean: 5, deviation: 0.1 }))
    expect(Math.abs(moved.mean - 5)).toBeLessThan(0.6 / Math.sqrt(n))
    expect(Math.abs(moved.variance - 0.01)).toBeLessThan(0.06 * Math.sqrt(2 / n))
  })

  test('neighbours are uncorrelated, though they come in pairs from one circle', () => {
    const { data } = normal(rng(3), [40_000], { dtype: 'float64' })
    let product = 0
    for (let i = 0; i < data.length; i += 2) product += data[i] * data[i + 1]
    expect(Math.abs(product / 20_000)).toBeLessThan(6 / Math.sqrt(20_000))
  })

  test.prop([fc.constantFrom(0, 0xffffffff)])('is finite at the ends of the uniform numbers', (word) => {
    expect(normal(constantRng(word), [3], { dtype: 'float64' }).data.every(Number.isFinite)).toBe(true)
  })

  test('is a float, float32 unless said otherwise', () => {
    expect(normal(rng(0), [1]).dtype).toBe('float32')
    expectError(
      () => normal(rng(0), [1], { dtype: 'int32' }),
      DTypeError,
      'NOT_FLOAT',
      'normal: dtype is int32; wants float32 or float64',
    )
  })

  test.each([
    ['mean 0, deviation NaN', { deviation: NaN }],
    ['mean 0, deviation -1', { deviation: -1 }],
    ['mean Infinity, deviation 1', { mean: Infinity }],
  ])('refuses %s', (got, options) => {
    expectError(
      () => normal(rng(0), [1], options),
      ArgumentError,
      'RANGE',
      `normal: ${got}; wants finite numbers, the deviation at least 0`,
    )
  })
})

describe('uniform', () => {
  const end = fc.double({ min: -1000, max: 1000, noNaN: true })

  test.prop([seed, end, end, fc.constantFrom('float32', 'float64')])(
    'stays in its range',
    (seed, a, b, dtype) => {
      const [min, max] = a < b ? [a, b] : [b, a]
      const { data } = uniform(rng(seed), [20], { min, max, dtype })
      // Neither rounding to float32 nor the upper end may be met from outside.
      const low = dtype === 'float32' ? Math.fround(min) : min
      for (const x of data) {
        expect(x).toBeGreaterThanOrEqual(low)
        if (low < max) expect(x).toBeLessThan(max)
        else expect(x).toBe(low)
      }
    },
  )

  test('never reaches the upper end, not by rounding to float32 either', () => {
    for (const dtype of ['float32', 'float64'] as const)
      for (const x of uniform(constantRng(0xffffffff), [3], { dtype }).data) {
        expect(x).toBeGreaterThanOrEqual(0)
        expect(x).toBeLessThan(1)
      }
  })

  test('has the moments of its range', () => {
    const n = 40_000
    const { mean, variance } = moments(uniform(rng(0), [n], { min: -1, max: 3 }))
    expect(Math.abs(mean - 1)).toBeLessThan((6 * Math.sqrt(4 / 3)) / Math.sqrt(n))
    // The variance of the squared deviation is w⁴/180 for width w.
    expect(Math.abs(variance - 4 / 3)).toBeLessThan((6 * Math.sqrt(256 / 180)) / Math.sqrt(n))
  })

  test.each([
    ['1 to 0', { min: 1, max: 0 }],
    ['NaN to 1', { min: NaN }],
    ['0 to Infinity', { max: Infinity }],
    ['-1e+308 to 1e+308', { min: -1e308, max: 1e308 }],
  ])('refuses the range from %s', (range, options) => {
    expectError(
      () => uniform(rng(0), [1], options),
      ArgumentError,
      'RANGE',
      `uniform: from ${range}; wants a finite range, min not above max`,
    )
  })

  test('is a float', () => {
    expectError(
      () => uniform(rng(0), [1], { dtype: 'bool' }),
      DTypeError,
      'NOT_FLOAT',
      'uniform: dtype is bool; wants float32 or float64',
    )
  })
})

describe('bernoulli', () => {
  test('is true as often as asked, never at 0, always at 1', () => {
    const n = 40_000
    const { mean } = moments(bernoulli(rng(0), [n], { probability: 0.3 }))
    expect(Math.abs(mean - 0.3)).toBeLessThan(6 * Math.sqrt(0.21 / n))
    expect(moments(bernoulli(constantRng(0), [n], { probability: 0 })).mean).toBe(0)
    expect(moments(bernoulli(constantRng(0xffffffff), [n], { probability: 1 })).mean).toBe(1)
  })

  test('is bool unless said otherwise', () => {
    expect(bernoulli(rng(0), [1]).dtype).toBe('bool')
    expect(bernoulli(rng(0), [1], { dtype: 'float32' }).dtype).toBe('float32')
  })

  test.each([-0.1, 1.1, NaN])('refuses the probability %d', (probability) => {
    expectError(
      () => bernoulli(rng(0), [1], { probability }),
      ArgumentError,
      'PROBABILITY',
      `bernoulli: probability is ${probability}; wants 0 to 1`,
    )
  })
})

describe('integers', () => {
  test.prop([seed, fc.integer(), fc.integer()])('stay in their range', (seed, a, b) => {
    const [min, last] = a < b ? [a, b] : [b, a]
    for (const x of integers(rng(seed), [20], { min, max: last + 1 }).data) {
      expect(x).toBeGreaterThanOrEqual(min)
      expect(x).toBeLessThanOrEqual(last)
    }
  })

  test.each([0, 1, 2, 3, 5, 4095, 4096, 4097, 9001])(
    'are whole parts of as many fractions: %d of them, and the stream goes on behind',
    (count) => {
      const [first, second] = [rng(7), rng(7)]
      const numbers = integers(first, [count], { min: -3, max: 1000 }).data
      const fractions = uniform(second, [count], { dtype: 'float64' }).data
      expect(Array.from(numbers)).toEqual(Array.from(fractions, (x) => -3 + Math.floor(1003 * x)))
      expect(uniform(first, [2]).data).toEqual(uniform(second, [2]).data)
    },
  )

  test('reach both ends of the widest range', () => {
    const range = { min: -(2 ** 31), max: 2 ** 31 }
    expect(integers(constantRng(0), [1], range).item()).toBe(-(2 ** 31))
    expect(integers(constantRng(0xffffffff), [1], range).item()).toBe(2 ** 31 - 1)
  })

  test('each is as likely', () => {
    const counts = new Array<number>(10).fill(0)
    for (const x of integers(rng(0), [40_000], { max: 10 }).data) counts[x]++
    for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(6 * Math.sqrt(3600))
  })

  test.each([
    ['0 to 0', { max: 0 }],
    ['5 to 3', { min: 5, max: 3 }],
    ['0 to 2.5', { max: 2.5 }],
    ['0 to 2147483649', { max: 2 ** 31 + 1 }],
  ])('refuse the range from %s', (range, options) => {
    expectError(
      () => integers(rng(0), [1], options),
      ArgumentError,
      'RANGE',
      `integers: from ${range}; wants whole 32-bit numbers, min below max`,
    )
  })
})

describe('permutation', () => {
  test.prop([seed, fc.nat(40)])('has each number once', (seed, count) => {
    const order = permutation(rng(seed), count)
    expect(order.dtype).toBe('int32')
    expect(Array.from(order.data).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
  })

  test('each order is as likely', () => {
    const source = rng(0)
    const counts = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const order = permutation(source, 3).data.join()
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    for (const count of counts.values())
      expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt(6000 * (5 / 36)))
  })
})

describe('rng', () => {
  test.prop([seed, fc.nat(5), fc.nat(5)])('gives the same numbers in one draw as in two', (seed, a, b) => {
    const parts = rng(seed)
    const draw = (source: Rng, blocks: number): number[] => [
      ...uniform(source, [2 * blocks], { dtype: 'float64' }).data,
    ]
    expect([...draw(parts, a), ...draw(parts, b)]).toEqual(draw(rng(seed), a + b))
    expect(parts.counter).toBe(a + b)
  })

  test.prop([seed])('splits into streams that differ from each other and from their source', (seed) => {
    const source = rng(seed)
    const [one, other] = [source.split(), source.split()]
    const heads = [one, other, source].map((stream) => uniform(stream, [2]).data.join())
    expect(new Set(heads).size).toBe(3)
    expect(uniform(rng(seed).split(), [2]).data.join()).toBe(heads[0])
  })

  test.each([-1, 0.5, NaN, 2 ** 53])('refuses the seed %d', (seed) => {
    expectError(
      () => rng(seed),
      ArgumentError,
      'SEED',
      `rng: seed is ${seed}; wants a whole number from 0 to 9007199254740991`,
    )
  })
})
