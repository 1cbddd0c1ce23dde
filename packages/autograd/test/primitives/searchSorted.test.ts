/** Holds searchSorted to counting. */
import { fc, test } from '@fast-check/jest'
import { ArgumentError, ShapeError, searchSorted, tensor } from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { expectTensor, tensorOf } from '../support/reference.js'

const numbers = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 20 })

test.prop([numbers, numbers])('it counts what is less, or not greater', (elements, values) => {
  const inOrder = [...elements].sort((a, b) => a - b)
  const [sorted, x] = [tensorOf(inOrder, [inOrder.length]), tensorOf(values, [values.length])]
  const counts = (isBefore: (element: number, value: number) => boolean): number[] =>
    values.map((value) => inOrder.filter((element) => isBefore(element, value)).length)
  expectTensor(
    searchSorted(sorted, x),
    x.shape,
    'int32',
    counts((element, value) => element < value),
  )
  expectTensor(
    sorted.searchSorted(x, { side: 'right' }),
    x.shape,
    'int32',
    counts((element, value) => element <= value),
  )
})

test('NaN goes behind all, a number gives a scalar', () => {
  const sorted = tensor([1, 2, 3])
  expectTensor(searchSorted(sorted, NaN), [], 'int32', [3])
  expectTensor(searchSorted(sorted, tensor([[NaN, -Infinity]]), { side: 'right' }), [1, 2], 'int32', [3, 0])
})

test('what is no sorted vector is an error', () => {
  expectError(
    () => searchSorted(tensor([[1, 2]]), 1),
    ShapeError,
    'NOT_A_VECTOR',
    'searchSorted: got shape [1, 2] to search in; wants a vector',
  )
  expectError(
    () => searchSorted(tensor([1, 3, 2]), 1),
    ArgumentError,
    'NOT_SORTED',
    'searchSorted: got the vector [1, 3, 2] of shape [3]; wants one that is sorted in increasing order',
  )
  expectError(
    () => searchSorted(tensor([1, NaN, 2, 3, 4, 5, 6, 7, 8]), 1),
    ArgumentError,
    'NOT_SORTED',
    /7, …\]/,
  )
})
