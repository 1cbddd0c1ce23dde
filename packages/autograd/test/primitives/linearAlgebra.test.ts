/** The matrix product: batches, vectors, transposes and dtypes against nested loops. */
import fc from 'fast-check'
import { broadcastableShapes, tensor } from '@tapegrad/autograd/testing'
import type { DType, Shape, Tensor } from '../../src/index.js'
import { ArgumentError, ShapeError, cast, integers, matmul, rng } from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { at, broadcastOf, elementsOf, expectTensor, tensorOf } from '../support/reference.js'

/** Σ over k of a[…, i, k] · b[…, k, j], the last two axes swapped first where a flag says so. */
function productByLoops(
  a: Tensor,
  b: Tensor,
  transposeA: boolean,
  transposeB: boolean,
): { shape: Shape; elements: number[] } {
  const [aRows, aColumns] = a.shape.slice(-2)
  const [bRows, bColumns] = b.shape.slice(-2)
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns]
  const n = transposeB ? bRows : bColumns
  const shape = [...broadcastOf(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n]
  const elements = elementsOf(shape, (index) => {
    const batch = index.slice(0, -2)
    const [i, j] = index.slice(-2)
    let total = 0
    for (let p = 0; p < k; p++)
      total +=
        at(a, [...batch, ...(transposeA ? [p, i] : [i, p])]) *
        at(b, [...batch, ...(transposeB ? [j, p] : [p, j])])
    return total
  })
  return { shape, elements }
}

/** Whole numbers, so that every order of adding up gives the same. */
const whole = { min: -3, max: 3, whole: true }

const size = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.constant(0) },
)

function matrices(dtype: DType) {
  const limits = dtype === 'bool' ? {} : dtype === 'uint8' ? { max: 3 } : whole
  return fc
    .tuple(size, size, size, broadcastableShapes({ maxRank: 2, maxSize: 3 }), fc.boolean(), fc.boolean())
    .chain(([m, k, n, [aBatch, bBatch], transposeA, transposeB]) =>
      fc.record({
        a: tensor({ dtype, ...limits, shape: [...aBatch, ...(transposeA ? [k, m] : [m, k])] }),
        b: tensor({ dtype, ...limits, shape: [...bBatch, ...(transposeB ? [n, k] : [k, n])] }),
        transposeA: fc.constant(transposeA),
        transposeB: fc.constant(transposeB),
      }),
    )
}

test.each(['float64', 'float32', 'int32', 'uint8'] as const)(
  'matmul of %s is what nested loops give, whatever the batches and transposes',
  (dtype) => {
    fc.assert(
      fc.property(matrices(dtype), ({ a, b, transposeA, transposeB }) => {
        const expected = productByLoops(a, b, transposeA, transposeB)
        expectTensor(matmul(a, b, { transposeA, transposeB }), expected.shape, dtype, expected.elements)
      }),
    )
  },
)

test.each(['float32', 'float64'] as const)('large matrices of %s are right too', (dtype) => {
  const source = rng(1)
  const a = cast(integers(source, [67, 129], { min: -3, max: 4 }), dtype)
  const b = cast(integers(source, [129, 45], { min: -3, max: 4 }), dtype)
  const expected = productByLoops(a, b, false, false)
  expectTensor(matmul(a, b), expected.shape, dtype, expected.elements)
})

test('a vector is a row on the left and a column on the right, transposed or not', () => {
  const flags = fc.boolean()
  const calls = fc
    .tuple(size, size, broadcastableShapes({ maxRank: 2, maxSize: 3, count: 1 }))
    .chain(([k, n, [batch]]) =>
      fc.record({
        v: tensor({ shape: [k], ...whole }),
        w: tensor({ shape: [k], ...whole }),
        right: tensor({ shape: [...batch, k, n], ...whole }),
        left: tensor({ shape: [...batch, n, k], ...whole }),
        batch: fc.constant(batch),
        n: fc.constant(n),
        onVector: flags,
      }),
    )
  fc.assert(
    fc.property(calls, ({ v, w, right, left, batch, n, onVector }) => {
      const row = tensorOf(Array.from(v.data), [1, v.size])
      const column = tensorOf(Array.from(v.data), [v.size, 1])
      const out = [...batch, n]
      const byRow = productByLoops(row, right, false, false).elements
      const byColumn = productByLoops(left, column, false, false).elements
      expectTensor(matmul(v, right, { transposeA: onVector }), out, 'float64', byRow)
      expectTensor(matmul(left, v, { transposeB: onVector }), out, 'float64', byColumn)
      const inner = Array.from(v.data).reduce((total, x, k) => total + x * w.data[k], 0)
      expectTensor(matmul(v, w, { transposeA: onVector, transposeB: onVector }), [], 'float64', [inner])
    }),
  )
})

test('a product over an inner dimension of 0 is zeros', () => {
  expectTensor(matmul(tensorOf([], [2, 0]), tensorOf([], [0, 3])), [2, 3], 'float64', [0, 0, 0, 0, 0, 0])
})

test('products of int32 are exact where they fit, and wrap around beyond', () => {
  const int32 = fc.integer({ min: -(2 ** 26), max: 2 ** 26 - 1 })
  fc.assert(
    fc.property(fc.tuple(int32, int32, int32, int32), ([a, b, c, d]) => {
      const total = BigInt(a) * BigInt(c) + BigInt(b) * BigInt(d)
      const product = matmul(tensorOf([a, b], [1, 2], 'int32'), tensorOf([c, d], [2, 1], 'int32'))
      expectTensor(product, [1, 1], 'int32', [Number(BigInt.asIntN(32, total))])
    }),
  )
})

describe('matmul refuses', () => {
  const a = tensorOf([1, 2, 3, 4, 5, 6], [2, 3])
  const b = tensorOf([1, 2, 3, 4], [2, 2])

  test('inner dimensions that differ, showing transposes', () => {
    expectError(
      () => matmul(a, b),
      ShapeError,
      'INNER_DIMENSIONS',
      'matmul: inner dimensions differ: [2, 3] · [2, 2] (3 ≠ 2)',
    )
    expectError(
      () => matmul(b, a, { transposeB: true }),
      ShapeError,
      'INNER_DIMENSIONS',
      'matmul: inner dimensions differ: [2, 2] · [2, 3]ᵀ (2 ≠ 3)',
    )
  })

  test('vectors of other lengths, in the shapes they were given in', () => {
    expectError(
      () => matmul(a, tensorOf([1, 2], [2])),
      ShapeError,
      'INNER_DIMENSIONS',
      'matmul: inner dimensions differ: [2, 3] · [2] (3 ≠ 2)',
    )
  })

  test('batches that do not broadcast', () => {
    expectError(
      () => matmul(tensorOf([1, 2], [2, 1, 1]), tensorOf([1, 2, 3], [3, 1, 1])),
      ShapeError,
      'SHAPES_DO_NOT_BROADCAST',
      "matmul (batch axes): shapes [2] and [3] don't broadcast (2 ≠ 3); aligned at the end, sizes must be equal or 1",
    )
  })

  test('scalars and what is no value', () => {
    expectError(
      () => matmul(2, a),
      ShapeError,
      'SCALAR_OPERAND',
      'matmul: got shapes [] · [2, 3]; wants vectors or matrices. For scalars use mul',
    )
    expectError(
      () => matmul(a, [1] as never),
      ArgumentError,
      'WRONG_TYPE',
      'matmul: right side: got plain array, wants a number, Tensor or Variable; wrap arrays with tensor(…)',
    )
  })
})
