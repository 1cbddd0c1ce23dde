/** Parts of matrices: against their index formulas. */
import fc from 'fast-check'
import { shape, tensor as anyTensor } from '@tapegrad/autograd/testing'
import { ArgumentError, ShapeError, diagonal, tensor, trace, tril, triu, zeros } from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { at, elementsOf, expectTensor, indicesOf } from '../support/reference.js'

const matrices = anyTensor({ shape: shape({ minRank: 2 }) })
const offset = fc.integer({ min: -5, max: 5 })

test('tril and triu keep the elements on and below, or above, a diagonal', () => {
  fc.assert(
    fc.property(matrices, offset, (x, k) => {
      const kept = (isKept: (above: number) => boolean): number[] =>
        elementsOf(x.shape, (index) => (isKept(index.at(-1)! - index.at(-2)!) ? at(x, index) : 0))
      expectTensor(
        tril(x, { offset: k }),
        x.shape,
        'float64',
        kept((above) => above <= k),
      )
      expectTensor(
        triu(x, { offset: k }),
        x.shape,
        'float64',
        kept((above) => above >= k),
      )
    }),
  )
})

test('diagonal and trace are of the elements whose column is the row and the offset', () => {
  fc.assert(
    fc.property(matrices, offset, (x, k) => {
      const batch = x.shape.slice(0, -2)
      const lines = indicesOf(batch).map((index) =>
        indicesOf(x.shape.slice(-2))
          .filter(([row, column]) => column - row === k)
          .map((place) => at(x, [...index, ...place])),
      )
      const [rows, columns] = x.shape.slice(-2)
      const count = Array.from({ length: rows }, (_, i) => i + k).filter((j) => j >= 0 && j < columns).length
      expectTensor(diagonal(x, { offset: k }), [...batch, count], 'float64', lines.flat())
      const sums = lines.map((line) => line.reduce((total, element) => total + element, 0))
      expectTensor(trace(x, { offset: k }), batch, 'float64', sums, 1e-12)
    }),
  )
})

test('parts keep the dtype, but for the sum', () => {
  const x = tensor([[1, 2], [3, 4]], { dtype: 'uint8' }) // prettier-ignore
  expectTensor(tril(x), [2, 2], 'uint8', [1, 0, 3, 4])
  expectTensor(diagonal(x), [2], 'uint8', [1, 4])
  expectTensor(trace(x), [], 'int32', [5])
})

test('parts are of matrices, at whole offsets, and methods too', () => {
  for (const [name, operation] of Object.entries({ tril, triu, diagonal, trace })) {
    expectError(
      () => operation(zeros([2])),
      ShapeError,
      'NOT_A_MATRIX',
      `${name}: got shape [2]; wants a matrix, or a batch of them: [..., m, n]`,
    )
    expectError(
      () => operation(zeros([2, 2]), { offset: 0.5 }),
      ArgumentError,
      'INVALID_OFFSET',
      /: offset is 0.5; wants a whole number$/,
    )
  }
  const x = tensor([[1, 2], [3, 4]]) // prettier-ignore
  expect(x.tril().toArray()).toEqual([[1, 0], [3, 4]]) // prettier-ignore
  expect(x.triu({ offset: 1 }).toArray()).toEqual([[0, 2], [0, 0]]) // prettier-ignore
  expect(x.diagonal().toArray()).toEqual([1, 4])
  expect(x.trace().item()).toBe(5)
})
