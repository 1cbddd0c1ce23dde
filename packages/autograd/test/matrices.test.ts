/** What operations on matrices share. */
import { Tensor, tensor } from '../src/index.js'
import { besideMatrices, nameMatrix, transposeMatrices } from '../src/matrices.js'

test('a matrix is named by its place in the batch, if it is in one', () => {
  expect(nameMatrix([], 0)).toBe('the matrix')
  expect(nameMatrix([3], 2)).toBe('matrix [2] of the batch')
  expect(nameMatrix([2, 3], 5)).toBe('matrix [1, 2] of the batch')
})

test('each matrix of a batch is transposed', () => {
  const x = new Tensor(new Int32Array([1, 2, 3, 4, 5, 6, 7, 8]), [2, 2, 2], 'int32')
  const transposed = transposeMatrices(x) as Tensor
  expect(transposed.toArray()).toEqual([
    [
      [1, 3],
      [2, 4],
    ],
    [
      [5, 7],
      [6, 8],
    ],
  ])
})

test('a value of one element a matrix broadcasts with the matrices', () => {
  expect((besideMatrices(tensor([1, 2])) as Tensor).shape).toEqual([2, 1, 1])
})
