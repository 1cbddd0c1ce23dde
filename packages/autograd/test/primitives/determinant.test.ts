/** Determinants: against expansion by minors, at singular matrices too. */
import fc from 'fast-check'
import type { Value } from '../../src/index.js'
import {
  LinearAlgebraError,
  ShapeError,
  assertGradient,
  determinant,
  eye,
  grad,
  jvp,
  logDeterminant,
  matmul,
  mul,
  sum,
  tensor,
  zeros,
} from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { batches, ofRank, regular, rows } from '../support/matrixArbitraries.js'
import { cofactorsByExpansion, determinantByExpansion, rowsOf } from '../support/matrixReference.js'
import { expectClose, expectTensor, tensorOf } from '../support/reference.js'

const batchOfMatrices = fc.tuple(rows, batches).chain(([n, batch]) => regular(n, batch))

test('determinant is what expansion by minors gives, for each matrix of a batch', () => {
  fc.assert(
    fc.property(batchOfMatrices, (x) => {
      const result = determinant(x)
      const expected = Array.from(result.data, (_, k) => determinantByExpansion(rowsOf(x, k)))
      expectTensor(result, x.shape.slice(0, -2), 'float64', expected, 1e-12)
    }),
  )
})

test('determinant of a product is the product of the determinants', () => {
  fc.assert(
    fc.property(
      rows.chain((n) => fc.tuple(regular(n), regular(n))),
      ([a, b]) => {
        expectClose(determinant(matmul(a, b)).item(), determinant(a).item() * determinant(b).item(), 1e-12)
      },
    ),
  )
})

test('determinant of a matrix without rows is 1', () => {
  expectTensor(determinant(zeros([0, 0])), [], 'float32', [1])
  expectTensor(determinant(zeros([2, 0, 0])), [2], 'float32', [1, 1])
  expectTensor(determinant(zeros([0, 3, 3])), [0], 'float32', [])
})

test('determinant of integers is float32', () => {
  expectTensor(determinant(tensor([[0, 2], [3, 1]], { dtype: 'int32' })), [], 'float32', [-6]) // prettier-ignore
})

describe('the derivative of determinant at singular matrices', () => {
  const singular = fc
    .integer({ min: 1, max: 4 })
    .chain((n) => fc.nat({ max: n - 1 }).chain((rank) => ofRank(n, rank)))

  test('is the matrix of cofactors', () => {
    fc.assert(
      fc.property(singular, (x) => {
        const expected = cofactorsByExpansion(rowsOf(x)).flat()
        expectTensor(grad(determinant)(x), x.shape, 'float64', expected, 1e-9)
      }),
    )
  })

  test('is what differences give', () => {
    // A determinant is a polynomial of degree 1 in each element: large steps are exact.
    assertGradient(determinant, [tensor([[1, 2, 3], [2, 4, 6], [1, 0, 1]])], { eps: 0.1 }) // prettier-ignore
    assertGradient(determinant, [zeros([2, 2])], { eps: 0.1 })
  })

  test('is the same forward', () => {
    fc.assert(
      fc.property(singular, (x) => {
        const direction = tensorOf(
          Array.from(x.data, (_, k) => k + 1),
          x.shape,
        )
        const along = sum(mul(grad(determinant)(x), direction))
        const { tangent } = jvp((y: Value) => determinant(y), [x], [direction])
        expectClose((tangent as typeof along).item(), along.item(), 1e-12)
      }),
    )
  })
})

test('logDeterminant is the logarithm of the determinant’s magnitude, whatever its sign', () => {
  fc.assert(
    fc.property(batchOfMatrices, (x) => {
      const expected = Array.from(determinant(x).data, (value) => Math.log(Math.abs(value)))
      expectTensor(logDeterminant(x), x.shape.slice(0, -2), 'float64', expected, 1e-12)
    }),
  )
})

test('logDeterminant stays finite where the determinant overflows', () => {
  const x = mul(eye(40, { dtype: 'float64' }), 1e10)
  expect(determinant(x).item()).toBe(Infinity)
  expectClose(logDeterminant(x).item(), 400 * Math.log(10), 1e-12)
  expect(grad(logDeterminant)(x).data[0]).toBeCloseTo(1e-10, 20)
})

test('logDeterminant of a singular matrix is −∞, and has no derivative', () => {
  const x = tensor([[1, 2], [2, 4]]) // prettier-ignore
  expect(logDeterminant(x).item()).toBe(-Infinity)
  expectError(() => grad(logDeterminant)(x), LinearAlgebraError, 'SINGULAR_MATRIX', /singular/)
})

test('determinants are of square matrices, and methods too', () => {
  expectError(
    () => determinant(zeros([2, 3])),
    ShapeError,
    'NOT_SQUARE',
    'determinant: the matrix of shape [2, 3] is not square (2 ≠ 3); wants [..., n, n]',
  )
  expectError(
    () => logDeterminant(zeros([3])),
    ShapeError,
    'NOT_A_MATRIX',
    /^logDeterminant: got shape \[3\]/,
  )
  expect(eye(2).determinant().item()).toBe(1)
  expect(eye(2).logDeterminant().item()).toBe(0)
})
