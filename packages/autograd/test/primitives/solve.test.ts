/** Linear systems: what solutions solve, batches and vectors as NumPy has them, and errors. */
import fc from 'fast-check'
import { tensor as anyTensor } from '@tapegrad/autograd/testing'
import type { Tensor, Value } from '../../src/index.js'
import {
  LinearAlgebraError,
  ShapeError,
  eye,
  inverse,
  matmul,
  solve,
  tensor,
  triangularSolve,
  tril,
  triu,
  zeros,
} from '../../src/index.js'
import { transposeMatrices } from '../../src/matrices.js'
import { expectError } from '../support/errors.js'
import { batches, dominant, regular, rows, systems } from '../support/matrixArbitraries.js'
import { broadcastOf, expectClose, expectTensor } from '../support/reference.js'

/** Expects tensors to be equal up to rounding, the second one broadcast to the first. */
function expectSame(actual: Value, expected: Tensor): void {
  const { data, shape } = actual as Tensor
  const count = expected.size
  expect(shape.slice(shape.length - expected.rank)).toEqual(expected.shape)
  data.forEach((element, k) => {
    expectClose(element, expected.data[k % count], 1e-12)
  })
}

/** a · x, for a vector x as a column. */
function product(a: Value, x: Tensor, isVector: boolean): Tensor {
  if (!isVector) return matmul(a, x) as Tensor
  const column = x.reshape([...x.shape, 1])
  return (matmul(a, column) as Tensor).squeeze(-1)
}

describe('solve', () => {
  test('gives what, multiplied by the matrix, is the right side', () => {
    fc.assert(
      fc.property(systems(regular), fc.boolean(), ({ a, b }, transposeA) => {
        const x = solve(a, b, { transposeA })
        const batch = broadcastOf(a.shape.slice(0, -2), b.shape.slice(0, -2))
        const trailing = b.rank === 1 ? b.shape : b.shape.slice(-2)
        expect(x.shape).toEqual([...batch, ...trailing])
        const back = product(transposeA ? transposeMatrices(a) : a, x, b.rank === 1)
        const whole = b.broadcastTo(back.shape)
        back.data.forEach((element, k) => {
          expectClose(element, whole.data[k], 1e-12)
        })
      }),
    )
  })

  test('gives x back from a · x', () => {
    fc.assert(
      fc.property(
        rows.chain((n) => fc.tuple(regular(n), anyTensor({ shape: [n, 2] }))),
        ([a, x]) => {
          expectSame(solve(a, matmul(a, x)), x)
        },
      ),
    )
  })

  test('takes a right side for a vector only where it has one axis', () => {
    const a = tensor([[[2, 0], [0, 4]], [[1, 0], [0, 1]]]) // prettier-ignore
    expectTensor(solve(a, tensor([2, 4])), [2, 2], 'float32', [1, 1, 2, 4])
    const b = tensor([[2, 8], [4, 4]]) // prettier-ignore
    expectTensor(solve(a, b), [2, 2, 2], 'float32', [1, 4, 1, 1, 2, 8, 4, 4])
  })

  test('gives integers as float32, and float64 where one side is', () => {
    const a = tensor([[2, 0], [0, 4]], { dtype: 'int32' }) // prettier-ignore
    expectTensor(solve(a, tensor([1, 1], { dtype: 'uint8' })), [2], 'float32', [0.5, 0.25])
    expectTensor(solve(a, tensor([1, 1], { dtype: 'float64' })), [2], 'float64', [0.5, 0.25])
  })

  test('computes float32 in float64', () => {
    // In float32 the elimination below would lose the 1 beside 2²⁵.
    const a = tensor([[1, 2 ** 25], [1, 1]]) // prettier-ignore
    expectTensor(solve(a, tensor([2 ** 25, 0])), [2], 'float32', [-1.0000000298, 1.0000000298], 1e-7)
  })

  test('says which matrix is singular', () => {
    expectError(
      () => solve(tensor([[1, 2], [2, 4]]), tensor([1, 2])), // prettier-ignore
      LinearAlgebraError,
      'SINGULAR_MATRIX',
      'solve: the matrix is singular: the pivot in row 1 is 0',
    )
    const batch = tensor([[[1, 0], [0, 1]], [[0, 0], [0, 1]]]) // prettier-ignore
    expectError(
      () => solve(batch, tensor([1, 2])),
      LinearAlgebraError,
      'SINGULAR_MATRIX',
      'solve: matrix [1] of the batch is singular: the pivot in row 0 is 0',
    )
  })

  test('passes NaN on', () => {
    const x = solve(tensor([[NaN, 1], [1, 1]]), tensor([1, 2])) // prettier-ignore
    expect([...x.data]).toEqual([NaN, NaN])
  })

  test('says what does not fit', () => {
    expectError(
      () => solve(zeros([2, 3]), zeros([2])),
      ShapeError,
      'NOT_SQUARE',
      'solve: left side: the matrix of shape [2, 3] is not square (2 ≠ 3); wants [..., n, n]',
    )
    expectError(
      () => solve(zeros([3]), zeros([3])),
      ShapeError,
      'NOT_A_MATRIX',
      'solve: left side: got shape [3]; wants a matrix, or a batch of them: [..., m, n]',
    )
    for (const b of [zeros([3]), zeros([4, 3, 2]), 1])
      expectError(() => solve(eye(2), b), ShapeError, 'ROWS_DIFFER', /doesn't fit matrices of shape \[2, 2\]/)
    expectError(
      () => solve(zeros([2, 3, 3]), zeros([4, 3, 1])),
      ShapeError,
      'SHAPES_DO_NOT_BROADCAST',
      /^solve: /,
    )
  })
})

describe('triangularSolve', () => {
  test('gives what solve gives for the triangle', () => {
    fc.assert(
      fc.property(systems(dominant), fc.boolean(), fc.boolean(), ({ a, b }, lower, transposeA) => {
        const x = triangularSolve(a, b, { lower, transposeA })
        expectSame(x, solve(lower ? tril(a) : triu(a), b, { transposeA }))
      }),
    )
  })

  test('reads nothing of the other triangle', () => {
    const a = tensor([[2, NaN], [1, 4]]) // prettier-ignore
    expectTensor(triangularSolve(a, tensor([2, 9])), [2], 'float32', [1, 2])
  })

  test('leaves the right side as it is', () => {
    const b = tensor([2, 9], { dtype: 'float64' })
    triangularSolve(tensor([[2, 0], [1, 4]]), b) // prettier-ignore
    expect([...b.data]).toEqual([2, 9])
  })

  test('refuses a 0 on the diagonal', () => {
    expectError(
      () => triangularSolve(tensor([[1, 0], [1, 0]]), tensor([1, 2])), // prettier-ignore
      LinearAlgebraError,
      'SINGULAR_MATRIX',
      'triangularSolve: the matrix is singular: the element on the diagonal in row 1 is 0',
    )
  })
})

describe('inverse', () => {
  test('gives what multiplies with the matrix to the identity', () => {
    fc.assert(
      fc.property(
        fc.tuple(rows, batches).chain(([n, batch]) => regular(n, batch)),
        (x) => {
          const identity = eye(x.shape.at(-1)!, { dtype: 'float64' }).broadcastTo(x.shape)
          expectSame(matmul(x, inverse(x)), identity)
          expectSame(matmul(inverse(x), x), identity)
        },
      ),
    )
  })

  test('says which matrix is singular', () => {
    expectError(
      () => inverse(zeros([2, 1, 1])),
      LinearAlgebraError,
      'SINGULAR_MATRIX',
      'inverse: matrix [0] of the batch is singular: the pivot in row 0 is 0',
    )
  })
})

test('solve, triangularSolve and inverse are methods too', () => {
  const a = tensor([[2, 0], [1, 4]]) // prettier-ignore
  const b = tensor([2, 9])
  expect(a.solve(b).toArray()).toEqual([1, 2])
  expect(a.triangularSolve(b, { lower: true }).toArray()).toEqual([1, 2])
  expect(a.inverse().toArray()).toEqual([
    [0.5, 0],
    [-0.125, 0.25],
  ])
})
