import type { Tensor, Value } from '@tapegrad/autograd'
import { matmul, tensor } from '@tapegrad/autograd'
import { test as property } from '@fast-check/jest'
import fc from 'fast-check'
import { compile } from '../../src/compile.js'

interface Product {
  readonly batch: number
  readonly m: number
  readonly n: number
  readonly k: number
  readonly transposeA: boolean
  readonly transposeB: boolean
  readonly dtype: 'float32' | 'float64'
}

const extent = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 10, max: 40 }),
  fc.integer({ min: 115, max: 130 }),
)

const product: fc.Arbitrary<Product> = fc.record({
  batch: fc.constantFrom(1, 1, 2, 3),
  m: extent,
  n: extent,
  // Around the depth of one block, two and three, too.
  k: fc.oneof(extent, fc.integer({ min: 380, max: 390 }), fc.integer({ min: 765, max: 775 })),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  dtype: fc.constantFrom('float32', 'float64'),
})

/** Whole numbers from −5 to 5, so that sums are exact in any order. */
function whole(shape: readonly number[], { dtype }: Product, seed: number): Tensor {
  const size = shape.reduce((total, size) => total * size, 1)
  return tensor(
    Array.from({ length: size }, (_, i) => ((i * 7919 + seed) % 11) - 5),
    { shape: [...shape], dtype },
  )
}

property.prop([product], { numRuns: 50 })('dense products of any sizes are exact for whole numbers', (p) => {
  const { batch, m, n, k, transposeA, transposeB } = p
  const a = whole([batch, ...(transposeA ? [k, m] : [m, k])], p, 1)
  const b = whole([batch, ...(transposeB ? [n, k] : [k, n])], p, 4)
  const f = (x: Value, y: Value): Value => matmul(x, y, { transposeA, transposeB })
  const result = compile(f, { threads: 1 })(a, b) as Tensor
  expect(result.shape).toEqual([batch, m, n])
  for (let matrix = 0; matrix < batch; matrix++)
    for (let i = 0; i < m; i += 3)
      for (let j = 0; j < n; j += 1 + (i % 2)) {
        let total = 0
        for (let l = 0; l < k; l++)
          total +=
            a.data[matrix * m * k + (transposeA ? l * m + i : i * k + l)] *
            b.data[matrix * n * k + (transposeB ? j * k + l : l * n + j)]
        if (result.data[(matrix * m + i) * n + j] !== total)
          throw new Error(
            `element ${i}, ${j} of matrix ${matrix} is ${result.data[(matrix * m + i) * n + j]}, not ${total}`,
          )
      }
})

test('what a product writes beyond its end leaves other values alone', () => {
  const p: Product = { batch: 1, m: 1, n: 9, k: 5, transposeA: false, transposeB: false, dtype: 'float32' }
  const [a, b] = [whole([1, 5], p, 1), whole([5, 9], p, 2)]
  const f = compile(
    (x: Value, y: Value) => [matmul(x, y), x, y, matmul(matmul(x, y), y, { transposeB: true })],
    {
      threads: 1,
    },
  )
  const [xy, x, y, xyy] = f(a, b) as Tensor[]
  expect([...x.data]).toEqual([...a.data])
  expect([...y.data]).toEqual([...b.data])
  expect([...xy.data]).toEqual([...matmul(a, b).data])
  expect([...xyy.data]).toEqual([...matmul(matmul(a, b), b, { transposeB: true }).data])
})
