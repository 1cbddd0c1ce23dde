import type { Tensor, Value } from '@tapegrad/autograd'
import { cast, div, matmul, take, tensor } from '@tapegrad/autograd'
import { test as property } from '@fast-check/jest'
import fc from 'fast-check'
import { compile } from '../../src/compile.js'
import { findNonzeros } from '../../src/lowering/findNonzeros.js'
import { lower } from '../../src/lowering/lower.js'
import { optimize } from '../../src/passes/index.js'
import { traceProgram } from '../../src/trace.js'
import { Draw } from '../support/draw.js'

interface Product {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly transposeA: boolean
  readonly transposeB: boolean
  readonly density: number
  readonly seed: number
}

/** Products whose left side is just so large that zeros are looked for. */
const product: fc.Arbitrary<Product> = fc
  .record({
    m: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 20, max: 300 })),
    n: fc.integer({ min: 4, max: 70 }),
    excess: fc.integer({ min: 0, max: 40 }),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
    density: fc.constantFrom(0, 0.001, 0.1, 0.3, 0.39, 0.41, 0.5, 0.9, 1),
    seed: fc.nat(),
  })
  .map(({ excess, ...rest }) => ({ ...rest, k: Math.ceil(16_384 / rest.m) + excess }))

/** Small whole numbers, so that sums are exact in any order, with zeros of both signs. */
function left(rows: number, columns: number, density: number, draw: Draw): Float32Array {
  return Float32Array.from({ length: rows * columns }, () =>
    draw.chance(density) ? draw.whole(1, 4) * draw.pick([-1, 1]) : draw.pick([0, 0, -0]),
  )
}

function operands({ m, n, k, transposeA, transposeB, density, seed }: Product): [Tensor, Tensor] {
  const draw = new Draw(seed)
  const [rows, columns] = transposeA ? [k, m] : [m, k]
  const right = new Float32Array(k * n).map((_, i) => ((i * 7919 + seed) % 17) - 8)
  return [
    tensor(left(rows, columns, density, draw), { shape: [rows, columns] }),
    tensor(right, { shape: transposeB ? [n, k] : [k, n] }),
  ]
}

/** The product in its definition's words. */
function defined(a: Tensor, b: Tensor, { m, n, k, transposeA, transposeB }: Product): Float32Array {
  const out = new Float32Array(m * n)
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let total = 0
      for (let l = 0; l < k; l++)
        total += a.data[transposeA ? l * m + i : i * k + l] * b.data[transposeB ? j * k + l : l * n + j]
      out[i * n + j] = total
    }
  return out
}

function compiledProduct(p: Product, threads = 1): (a: Value, b: Value) => Tensor {
  const { transposeA, transposeB } = p
  return compile((a: Value, b: Value) => matmul(a, b, { transposeA, transposeB }), { threads }) as (
    a: Value,
    b: Value,
  ) => Tensor
}

describe('a product with a large left side', () => {
  property.prop([product], { numRuns: 50 })('is exact for whole numbers at any density', (p) => {
    const [a, b] = operands(p)
    const wanted = defined(a, b, p)
    // 0 and −0 count as equal.
    expect(compiledProduct(p)(a, b).data.findIndex((x, i) => x !== wanted[i])).toBe(-1)
  })

  test('chooses anew in every run', () => {
    const p = { m: 100, n: 50, k: 200, transposeA: false, transposeB: false, seed: 3 }
    const f = compiledProduct({ ...p, density: 0 })
    for (const density of [0.1, 1, 0, 0.5, 0.2]) {
      const [a, b] = operands({ ...p, density })
      expect([...f(a, b).data]).toEqual([...defined(a, b, { ...p, density })].map((x) => x + 0))
    }
  })

  test('that has only zeros in the rows of the sample, but none in others, is right', () => {
    const p = { m: 128, n: 9, k: 130, transposeA: false, transposeB: false, density: 1, seed: 1 }
    const [a, b] = operands(p)
    for (let row = 0; row < 128; row += 16) a.data.fill(0, row * 130, (row + 1) * 130)
    expect([...compiledProduct(p)(a, b).data]).toEqual([...defined(a, b, p)])
  })

  test.each([false, true])('carries on NaN and infinities of the left side, transposed: %s', (transposeA) => {
    const p = { m: 130, n: 7, k: 130, transposeA, transposeB: false, density: 0.05, seed: 2 }
    const [a, b] = operands(p)
    b.data.fill(1)
    a.data[5 * 130 + 6] = NaN
    a.data[100 * 130 + 129] = Infinity
    const result = compiledProduct(p)(a, b)
    expect([...result.data]).toEqual([...defined(a, b, p)])
    expect(result.data.filter(Number.isNaN)).toHaveLength(7)
  })

  test.each([
    [false, NaN],
    [false, Infinity],
    [true, -Infinity],
    [true, NaN],
  ])(
    'multiplies its zeros, too, where the right side is not finite, transposed: %s, %s',
    (transposeA, value) => {
      const p = { m: 130, n: 7, k: 130, transposeA, transposeB: false, density: 0.05, seed: 2 }
      const [a, b] = operands(p)
      b.data[20 * 7 + 3] = value
      b.data[129 * 7] = value
      expect([...compiledProduct(p, 2)(a, b).data]).toEqual([...defined(a, b, p)])
    },
  )

  test.each([1, 2])('of bytes of a data set is that of its floats, on %s threads', async (threads) => {
    const draw = new Draw(4)
    const bytes = new Uint8Array(500 * 200).map(() => (draw.chance(0.2) ? draw.whole(1, 255) : 0))
    const images = tensor(bytes, { shape: [500, 200] })
    const right = draw.tensor([200, 30], 'float32')
    const upstream = draw.tensor([100, 30], 'float32')
    const f = (rows: Value, w: Value, u: Value): Value[] => {
      const x = div(cast(take(images, rows), 'float32'), 255)
      return [matmul(x, w), matmul(x, u, { transposeA: true })]
    }
    const fast = compile(f as (...x: Value[]) => Value[], { threads })
    for (let k = 0; k < 20; k++) {
      const rows = draw.indices([100], 500)
      const results = fast(rows, right, upstream) as Tensor[]
      f(rows, right, upstream).forEach((wanted, part) => {
        const errors = results[part].data.map((x, i) => Math.abs(x - (wanted as Tensor).data[i]))
        expect(Math.max(...errors)).toBeLessThan(1e-4)
      })
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })

  test.each([false, true])('of two products is listed once, transposed in one: %s', (both) => {
    const f = (a: Value, b: Value, c: Value): Value[] =>
      both ? [matmul(a, b), matmul(a, c, { transposeA: true })] : [matmul(a, b), matmul(a, b)]
    const specs = [
      [150, 120],
      [120, 8],
      [150, 12],
    ].map((shape) => ({
      kind: 'tensor' as const,
      shape,
      dtype: 'float32' as const,
    }))
    const program = optimize(traceProgram(([a, b, c]) => f(a, b, c), specs))
    const lists = findNonzeros(lower(program)).kernels.filter(({ kind }) => kind === 'nonzeros')
    // Rows of the right sides are 32 and, transposed, 48 bytes apart.
    expect(lists).toEqual([expect.objectContaining({ step: both ? 16 : 32 })])
    const draw = new Draw(9)
    const a = tensor(left(150, 120, 0.1, draw), { shape: [150, 120] })
    const [b, c] = [draw.tensor([120, 8], 'float32'), draw.tensor([150, 12], 'float32')]
    const results = compile(f as (...x: Value[]) => Value[], { threads: 1 })(a, b, c) as Tensor[]
    f(a, b, c).forEach((wanted, k) => {
      results[k].data.forEach((x, i) => {
        expect(Math.abs(x - (wanted as Tensor).data[i])).toBeLessThan(1e-4)
      })
    })
  })
})
