import type { Value } from '@tapegrad/autograd'
import { add, cast, div, matmul, mul, relu, sum, take, tensor, transpose } from '@tapegrad/autograd'
import type { Kernel, MatmulKernel } from '../../src/lowering/kernel.js'
import { findNonzeros } from '../../src/lowering/findNonzeros.js'
import { lower } from '../../src/lowering/lower.js'
import { packSides } from '../../src/lowering/packSides.js'
import { splitProducts } from '../../src/lowering/splitProducts.js'
import { optimize } from '../../src/passes/index.js'
import { traceProgram } from '../../src/trace.js'

function kernelsOf(
  f: (...inputs: Value[]) => readonly Value[],
  shapes: readonly (readonly number[])[],
  parts = 2,
): readonly Kernel[] {
  const specs = shapes.map((shape) => ({ kind: 'tensor' as const, shape, dtype: 'float32' as const }))
  return splitProducts(lower(optimize(traceProgram((inputs) => [...f(...inputs)], specs))), parts).kernels
}

const products = (kernels: readonly Kernel[]): readonly MatmulKernel[] =>
  kernels.filter((kernel) => kernel.kind === 'matmul')

const shapes = [
  [100, 784],
  [784, 50],
  [100, 50],
]

test('a product of few rows and a long inner axis is cut along it, and its parts are added up', () => {
  const [fill, product, sumUp] = kernelsOf((x, w) => [matmul(x, w)], shapes)
  expect(fill).toMatchObject({ kind: 'map', loops: [2, 100, 392], parts: 2 })
  expect(product).toMatchObject({ kind: 'matmul', a: fill.buffer, m: 100, n: 50, k: 392 })
  expect((product as MatmulKernel).batch).toEqual({ count: 2, extents: [2], a: [1], b: [1] })
  expect(sumUp).toMatchObject({
    kind: 'map',
    loops: [100, 50],
    value: { operation: 'add', operands: [{ buffer: product.buffer }, { position: { offset: 5000 } }] },
  })
})

test('the parts are added up in the loop that reads the product, if that is one alone', () => {
  const kernels = kernelsOf((x, w, b) => [relu(add(matmul(x, w), b))], shapes)
  expect(kernels.map(({ kind }) => kind)).toEqual(['map', 'matmul', 'map'])
  const two = kernelsOf((x, w, b) => [sum(mul(matmul(x, w), 2), { axis: 0 }), add(matmul(x, w), b)], shapes)
  expect(two.map(({ kind }) => kind)).toEqual(['map', 'matmul', 'map', 'reduce', 'map'])
})

test('products with the left side transposed are cut alike, by the rows of their result', () => {
  const [, first, second] = products(
    kernelsOf((x, w, d) => [matmul(x, w), matmul(x, d, { transposeA: true }), matmul(x, mul(w, 2))], shapes),
  )
  expect([first, second].map(({ m, n, k, batch }) => [m, n, k, batch.b])).toEqual(
    expect.arrayContaining([
      [392, 50, 100, [0]],
      [100, 50, 392, [1]],
    ]),
  )
})

test.each<[string, (...inputs: Value[]) => readonly Value[], number, (readonly number[])[]]>([
  ['one thread', (x, w) => [matmul(x, w)], 1, shapes],
  ['columns that the threads do not divide', (x, w) => [matmul(x, w)], 3, shapes],
  ['short parts', (x, w) => [matmul(x, w)], 14, shapes],
  ['many rows', (x, w) => [matmul(x, w)], 2, [[500, 784], shapes[1]]],
  ['narrow products', (x, w) => [matmul(x, w)], 2, [shapes[0], [784, 10]]],
  ['large right sides, which are packed for all', (x, w) => [matmul(x, w)], 2, [shapes[0], [784, 200]]],
  ['transposed right sides', (x, w) => [matmul(x, w, { transposeB: true })], 2, [shapes[0], [50, 784]]],
  [
    'left sides that are computed on the way',
    (x, w) => [matmul(relu(matmul(x, w)), transpose(w))],
    14,
    shapes,
  ],
  ['left sides that are results', (x, w) => [matmul(mul(x, 2), w), mul(x, 2)], 2, shapes],
  ['left sides that others read, too', (x, w) => [matmul(mul(x, 2), w), sum(exp2(x))], 2, shapes],
  ['products of a matrix by itself', (x) => [matmul(x, x)], 2, [[128, 128]]],
])('nothing is cut: %s', (_what, f, parts, given) => {
  expect(products(kernelsOf(f, given, parts)).every(({ batch }) => batch.count === 1)).toBe(true)
})

/** Reads what another product has on its left. */
function exp2(x: Value): Value {
  return mul(mul(x, 2), mul(x, 2))
}

test('what is cut is listed and packed part by part, from the bytes that it is made of', () => {
  const images = tensor(new Uint8Array(500 * 784), { shape: [500, 784] })
  const spec = { kind: 'tensor', shape: [784, 50], dtype: 'float32' } as const
  const program = traceProgram(
    ([rows, w, v]) => {
      const x = div(cast(take(images, rows), 'float32'), 255)
      return [matmul(x, w), matmul(x, v)]
    },
    [{ kind: 'tensor', shape: [100], dtype: 'int32' }, spec, spec],
  )
  const { kernels } = packSides(findNonzeros(splitProducts(lower(optimize(program)), 2)))
  const list = kernels.find(({ kind }) => kind === 'nonzeros')
  expect(list).toMatchObject({ loops: [2, 100, 392], leaf: { dtype: 'uint8' }, parts: 2 })
  expect(kernels.find(({ kind }) => kind === 'packLeft')).toMatchObject({ m: 100, k: 392, count: 2 })
  const use = { buffer: list?.buffer, step: 200 }
  expect(products(kernels).map(({ nonzeros }) => nonzeros)).toEqual([use, use])
})
