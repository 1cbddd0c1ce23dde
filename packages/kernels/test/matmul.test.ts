import { matmul, TapegradError, wasmFeatures, type FloatArray, type MatmulOptions } from '@tapegrad/kernels'
import fc from 'fast-check'
import { matmulWith } from '../src/matmul.js'
import { instantiateMatmul, matmulBlocked } from '../src/matmulBlocked.js'
import { isMostlyZeros, matmulListed } from '../src/matmulListed.js'
import { matmulPlain } from '../src/matmulPlain.js'
import { fastestShape } from '../src/tileShape.js'

type ArrayType = typeof Float32Array | typeof Float64Array

interface Problem {
  readonly Type: ArrayType
  readonly m: number
  readonly n: number
  readonly k: number
  readonly transposeA: boolean
  readonly transposeB: boolean
  /** The fraction of the left side's elements that are zero. */
  readonly zeros: number
  readonly seed: number
}

/** Sizes around the edges of tiles and vectors, and beside them. */
const size = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 120, 121),
)
const problem: fc.Arbitrary<Problem> = fc.record({
  Type: fc.constantFrom<ArrayType>(Float32Array, Float64Array),
  m: size,
  n: size,
  k: size,
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  zeros: fc.constantFrom(0, 0.5, 0.9),
  seed: fc.integer(),
})

/** Numbers in [-1, 1) that depend on nothing but the seed. */
function pseudoRandom(Type: ArrayType, length: number, seed: number): FloatArray {
  let state = seed | 0
  return new Type(length).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 31
  })
}

function optionsOf({ Type, m, n, k, transposeA, transposeB, zeros, seed }: Problem): MatmulOptions {
  const drawn = pseudoRandom(Type, m * k, seed + 2)
  const a = pseudoRandom(Type, m * k, seed).map((x, i) => (drawn[i] < 2 * zeros - 1 ? 0 : x)) as FloatArray
  const b = pseudoRandom(Type, k * n, seed + 1)
  return { a, b, out: new Type(m * n).fill(NaN), m, n, k, transposeA, transposeB }
}

/** Calls `visit` with every element of op(a) · op(b) in float64, and the sum of its terms' magnitudes. */
function forEachElement(
  { a, b, m, n, k, transposeA, transposeB }: MatmulOptions,
  visit: (index: number, value: number, magnitude: number) => void,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0
      let magnitude = 0
      for (let p = 0; p < k; p++) {
        const term = a[transposeA ? p * m + i : i * k + p] * b[transposeB ? j * k + p : p * n + j]
        sum += term
        magnitude += term < 0 ? -term : term
      }
      visit(i * n + j, sum, magnitude)
    }
  }
}

/** Any order of summation is within (k + 1) roundings of the magnitudes; the reference rounds as well. */
function expectProduct(options: MatmulOptions): void {
  const { out, k } = options
  const rounding = out.BYTES_PER_ELEMENT === 4 ? 2 ** -24 : 2 ** -53
  const bound = 1.1 * (k + 1) * (rounding + 2 ** -53)
  forEachElement(options, (index, value, magnitude) => {
    if (!(Math.abs(out[index] - value) <= bound * magnitude)) {
      throw new Error(`element ${index} is ${out[index]}, not ${value}`)
    }
  })
}

const small = { 4: instantiateMatmul(fastestShape(4, false)), 8: instantiateMatmul(fastestShape(8, false)) }
/** As with relaxed SIMD, but with instructions that every engine has. */
const large = {
  4: instantiateMatmul({ ...fastestShape(4, true), relaxed: false }),
  8: instantiateMatmul({ ...fastestShape(8, true), relaxed: false }),
}
const elementBytes = ({ out }: MatmulOptions) => (out.BYTES_PER_ELEMENT === 4 ? 4 : 8)

const ways: Record<string, (options: MatmulOptions) => void> = {
  'the public product': matmul,
  'the plain loops': matmulPlain,
  'the WebAssembly program with small tiles': (options) =>
    matmulBlocked(small[elementBytes(options)], options),
  'the WebAssembly program with large tiles': (options) =>
    matmulBlocked(large[elementBytes(options)], options),
  'the program that leaves out zeros': (options) =>
    options.out.BYTES_PER_ELEMENT === 4 && !options.transposeB ? matmulListed(options) : matmulPlain(options),
  'an engine without SIMD': (options) =>
    matmulWith({ simd: false, relaxedSimd: false, threads: false }, options),
  'an engine without relaxed SIMD': (options) =>
    matmulWith({ ...wasmFeatures(), relaxedSimd: false }, options),
}

describe.each(Object.entries(ways))('%s', (_, multiply) => {
  test('is the sum of products within rounding', () => {
    fc.assert(
      fc.property(problem, (drawn) => {
        const options = optionsOf(drawn)
        multiply(options)
        expectProduct(options)
      }),
      { numRuns: 200 },
    )
  })

  test('has NaN and Infinity exactly where the terms make them', () => {
    fc.assert(
      fc.property(
        problem,
        fc.constantFrom(NaN, Infinity, -Infinity),
        fc.nat(),
        fc.boolean(),
        (drawn, value, at, left) => {
          const options = optionsOf(drawn)
          const poisoned = left ? options.a : options.b
          poisoned[at % poisoned.length] = value
          if (left) options.b[at % options.b.length] = 0
          multiply(options)
          forEachElement(options, (index, sum) => {
            if (kindOf(options.out[index]) !== kindOf(sum)) {
              throw new Error(`element ${index} is ${options.out[index]}, not ${sum}`)
            }
          })
        },
      ),
      { numRuns: 100 },
    )
  })
})

function kindOf(x: number): string {
  return Number.isFinite(x) ? 'finite' : String(x)
}

test.each<[number, number, number]>([
  [100, 50, 784],
  [130, 515, 3],
  [121, 7, 2050],
  [3, 1030, 2049],
  [2500, 3, 110],
])('parts and blocks add up: %d × %d, k = %d', (m, n, k) => {
  for (const Type of [Float32Array, Float64Array]) {
    for (const [transposeA, transposeB] of [
      [false, false],
      [true, true],
    ]) {
      const options = optionsOf({ Type, m, n, k, transposeA, transposeB, zeros: 0, seed: m })
      matmul(options)
      expectProduct(options)
    }
  }
})

describe('zeros on the left', () => {
  const mostly = (zeros: number, change: Partial<Problem> = {}) =>
    optionsOf({
      ...{ Type: Float32Array, m: 200, n: 120, k: 300, transposeA: false, transposeB: false, seed: 3 },
      zeros,
      ...change,
    })

  test('are left out where they are most of a large float32 matrix', () => {
    expect(isMostlyZeros(mostly(0.8))).toBe(true)
    expect(isMostlyZeros(mostly(0.8, { transposeA: true }))).toBe(true)
    expect(isMostlyZeros(mostly(0.4))).toBe(false)
    expect(isMostlyZeros(mostly(0.8, { transposeB: true }))).toBe(false)
    expect(isMostlyZeros(mostly(0.8, { Type: Float64Array }))).toBe(false)
    expect(isMostlyZeros(mostly(0.8, { m: 2 }))).toBe(false)
    expect(isMostlyZeros(mostly(0.8, { n: 3 }))).toBe(false)
    expect(isMostlyZeros(mostly(0.8, { m: 1, n: 500, k: 4000 }))).toBe(false)
  })

  test.each([false, true])(
    'products of several blocks and groups of columns (transposed: %s)',
    (transposeA) => {
      for (const [m, n, k] of [
        [200, 120, 300],
        [1000, 52, 300],
        [300, 53, 1000],
      ]) {
        const options = mostly(0.9, { m, n, k, transposeA })
        matmul(options)
        expectProduct(options)
      }
    },
  )
})

test('scratch memory stays bounded whatever the sizes', () => {
  const instance = small[4]
  for (const [m, n, k] of [
    [5000, 8, 200],
    [8, 5000, 200],
    [8, 8, 50000],
    [300, 600, 2100],
  ]) {
    matmulBlocked(
      instance,
      optionsOf({ Type: Float32Array, m, n, k, transposeA: false, transposeB: false, zeros: 0, seed: 1 }),
    )
    expect(instance.program.memory.buffer.byteLength).toBeLessThan(4 * 3_000_000)
  }
})

test.each([Float32Array, Float64Array])(
  'an empty sum is zero, and an empty result is no work (%s)',
  (Type) => {
    const out = new Type(6).fill(5)
    matmul({ a: new Type(0), b: new Type(0), out, m: 2, n: 3, k: 0 })
    matmul({ a: new Type(0), b: new Type(6), out: new Type(0), m: 0, n: 3, k: 2, transposeB: true })
    matmul({ a: new Type(6), b: new Type(0), out: new Type(0), m: 3, n: 0, k: 2 })
    matmul({ a: new Type(0), b: new Type(0), out: new Type(0), m: 0, n: 0, k: 0 })
    expect(out).toEqual(new Type(6))
  },
)

test('subarrays are read and written where they lie, and nothing beside them', () => {
  fc.assert(
    fc.property(problem, fc.integer({ min: 0, max: 9 }), (drawn, offset) => {
      const plain = optionsOf(drawn)
      const embed = (array: FloatArray) => {
        const large = new drawn.Type(array.length + 2 * offset).fill(NaN)
        large.set(array, offset)
        return large.subarray(offset, offset + array.length)
      }
      const views = { ...plain, a: embed(plain.a), b: embed(plain.b), out: embed(plain.out) }
      matmul(plain)
      matmul(views)
      expect(views.out).toEqual(plain.out)
      const around = new drawn.Type(views.out.buffer)
      expect(
        [...around.subarray(0, offset), ...around.subarray(around.length - offset)].every(Number.isNaN),
      ).toBe(true)
    }),
  )
})

describe('arguments that do not fit are refused', () => {
  const fitting = {
    a: new Float32Array(6),
    b: new Float32Array(12),
    out: new Float32Array(8),
    m: 2,
    n: 4,
    k: 3,
  }

  test.each<[string, Partial<MatmulOptions>, string, string]>([
    ['a fraction', { m: 2.5 }, 'MATMUL_SIZE', 'matmul: m is 2.5; sizes are integers from 0 on'],
    ['a negative size', { k: -1 }, 'MATMUL_SIZE', 'matmul: k is -1; sizes are integers from 0 on'],
    [
      'a long array',
      { b: new Float32Array(13) },
      'MATMUL_LENGTH',
      'matmul: b has 13 elements, but the sizes ask for 3 × 4; pass a subarray of that length',
    ],
    [
      'mixed types',
      { out: new Float64Array(8) },
      'MATMUL_DTYPE',
      'matmul: a, b, out are Float32Array, Float32Array, Float64Array; convert them to one type, Float32Array or Float64Array',
    ],
  ])('%s', (_, change, code, message) => {
    expect(() => matmul({ ...fitting, ...change })).toThrow(new TapegradError(code, message))
  })
})
