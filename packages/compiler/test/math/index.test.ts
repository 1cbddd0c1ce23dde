import fc from 'fast-check'
import { vectorMathImports, type VectorFunctionName } from '../../src/math/index.js'
import { fixed, multiply, toNumber } from './chebyshev.js'
import { errorFunction } from './fits.js'
import { applyVector, encodeRunner, names, worstError, type FloatArray, type FloatDtype } from './harness.js'

/** Units in the last place within which results are promised. */
const bounds = { float32: 2, float64: 4 } as const

/** The gamma family has zeros near which it loses digits, as eager's does, and tests of its own. */
const float32Names = names.filter((name) => !['logGamma', 'digamma', 'polygamma'].includes(name))

/** The public erf is a few units off itself in float64; that is compared with an exact series below. */
const float64Names = float32Names.filter((name) => name !== 'erf')

const cases: readonly (readonly [FloatDtype, VectorFunctionName])[] = [
  ...float32Names.map((name) => ['float32', name] as const),
  ...float64Names.map((name) => ['float64', name] as const),
]

function arrayOf(dtype: FloatDtype, values: Iterable<number>): FloatArray {
  return dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values)
}

function expectAccurate(dtype: FloatDtype, name: VectorFunctionName, x: FloatArray, y: FloatArray): void {
  const worst = worstError(name, x, y)
  if (worst.units > bounds[dtype]) throw new Error(`${dtype} ${name}: ${JSON.stringify(worst)}`)
}

const limits = {
  float32: { smallest: 2 ** -149, normal: 2 ** -126, largest: (2 - 2 ** -23) * 2 ** 127, epsilon: 2 ** -23 },
  float64: { smallest: 2 ** -1074, normal: 2 ** -1022, largest: Number.MAX_VALUE, epsilon: 2 ** -52 },
} as const

/** Numbers at which something begins or ends: formats, intervals of formulas, overflow, whole and half numbers. */
function specialNumbers(dtype: FloatDtype): number[] {
  const { smallest, normal, largest, epsilon } = limits[dtype]
  const edges = [0.5, 1, 2, Math.SQRT2 - 1, Math.SQRT1_2, Math.LN2 / 2, Math.PI / 4, Math.PI / 2, Math.PI, 6]
  const overflows = [88.72, 89.41, 103.9, 104, 708.4, 709.78, 710.47, 745.13, 746]
  const powers = [
    2 ** -60,
    2 ** -28,
    2 ** -13,
    2 ** 20,
    2 ** 24,
    2 ** 31,
    2 ** 53,
    2 ** 54,
    2 ** 64,
    2 ** 100,
  ]
  const positive = [
    ...[0, smallest, 3 * smallest, normal - smallest, normal, largest, Infinity],
    ...[...edges, ...overflows, ...powers].flatMap((x) => [x, x * (1 - epsilon), x * (1 + epsilon)]),
    ...[1.5, 2.5, 3, 10, 11, 101, 1e5],
  ]
  return [...positive, ...positive.map((x) => -x), NaN]
}

/** Float32 numbers whose bits are the multiples of a prime step; a factor shuffles them. */
function everyFloat32(step: number, factor = 1): Float32Array {
  const count = Math.floor(2 ** 32 / step)
  const bits = Uint32Array.from({ length: count }, (_, index) => Math.imul(index * step, factor))
  return new Float32Array(bits.buffer)
}

/** Float64 numbers whose high words are the multiples of a prime step; the low words are scattered. */
function everyFloat64(step: number, factor = 1): Float64Array {
  const count = Math.floor(2 ** 32 / step)
  const words = Uint32Array.from({ length: 2 * count }, (_, word) => {
    const index = word >> 1
    return word & 1 ? Math.imul(index * step, factor) : Math.imul(index, 0x9e37_79b1)
  })
  return new Float64Array(words.buffer)
}

/** Prime steps; second operands are the first ones shuffled. */
const sweeps = {
  float32: { x: everyFloat32(12289), y: everyFloat32(12289, 2654435761) },
  float64: { x: everyFloat64(24593), y: everyFloat64(24593, 2654435761) },
} as const

describe.each(cases)('%s %s', (dtype, name) => {
  test('is accurate at special numbers and all pairs of them', () => {
    const numbers = specialNumbers(dtype)
    const x = arrayOf(
      dtype,
      numbers.flatMap((value) => numbers.map(() => value)),
    )
    const y = arrayOf(
      dtype,
      numbers.flatMap(() => numbers),
    )
    expectAccurate(dtype, name, x, y)
  })

  test('is accurate over all numbers of the type', () => {
    expectAccurate(dtype, name, sweeps[dtype].x, sweeps[dtype].y)
  })

  test('is accurate at numbers of everyday size', () => {
    const count = 40_000
    const indices = Array.from({ length: count }, (_, index) => index)
    const x = arrayOf(
      dtype,
      indices.map((index) => (index / count) * 10 ** ((index % 5) - 2) * (index % 2 ? 1 : -1)),
    )
    const y = arrayOf(
      dtype,
      indices.map((index) => Math.sin(index) * (index % 7) ** 2),
    )
    expectAccurate(dtype, name, x, y)
  })

  test('computes each lane without regard to the others', () => {
    const number = dtype === 'float32' ? fc.float() : fc.double()
    const vector = fc.array(number, { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(vector, vector, (xs, ys) => {
        const together = applyVector(name, arrayOf(dtype, xs), arrayOf(dtype, ys))
        const alone = xs.map(
          (x, lane) =>
            applyVector(name, arrayOf(dtype, Array(4).fill(x)), arrayOf(dtype, Array(4).fill(ys[lane])))[
              lane
            ],
        )
        expect([...together]).toEqual(alone)
      }),
      { numRuns: 50 },
    )
  })
})

test.each(['sin', 'tan', 'asin', 'atan', 'sinh', 'tanh', 'erf', 'sign'] as const)(
  '%s is odd to the last bit',
  (name) => {
    fc.assert(
      fc.property(fc.array(fc.double()), (numbers) => {
        const x = Float64Array.from(numbers)
        const mirrored = applyVector(
          name,
          x.map((value) => -value),
          x,
        )
        expect(mirrored).toEqual(applyVector(name, x, x).map((value) => -value))
      }),
      { numRuns: 50 },
    )
  },
)

test('float64 erf is accurate beside its series in exact arithmetic', () => {
  const x = Float64Array.from({ length: 600 }, (_, index) => 1e-3 + index / 100)
  const got = applyVector('erf', x, x)
  x.forEach((value, index) => {
    const exact = fixed(value)
    const want = toNumber(multiply(exact, errorFunction(multiply(exact, exact))))
    expect(Math.abs(got[index] - want)).toBeLessThanOrEqual(bounds.float64 * unitInLastPlace(want))
  })
})

test('float64 erf is 0 at 0 with its sign, 2x/√π at tiny x, and ±1 at large x', () => {
  const x = Float64Array.of(0, -0, 1e-300, -1e-300, 6, -6, Infinity, -Infinity, NaN, 1e300)
  const tiny = 1e-300 * (2 / Math.sqrt(Math.PI))
  const got = applyVector('erf', x, x)
  expect(got[2] / tiny).toBeCloseTo(1, 14)
  expect(got[3]).toBe(-got[2])
  expect([...got.subarray(0, 2), ...got.subarray(4)]).toEqual([0, -0, 1, -1, 1, -1, NaN, 1])
})

test('only functions of circles import, and only what they call', () => {
  for (const name of names) {
    for (const dtype of ['float32', 'float64'] as const) {
      const imports = WebAssembly.Module.imports(new WebAssembly.Module(encodeRunner(dtype, name)))
      const isCircular = ['sin', 'cos', 'tan'].includes(name)
      expect(imports).toEqual(isCircular ? [{ module: 'math', name, kind: 'function' }] : [])
      expect(vectorMathImports(name)).toHaveLength(imports.length)
    }
  }
})

function unitInLastPlace(x: number): number {
  return 2 ** (Math.floor(Math.log2(Math.abs(x))) - 52)
}
