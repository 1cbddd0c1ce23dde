/** einsum: against nested loops over all labels, for random specifications. */
import fc from 'fast-check'
import type { DType, Tensor, Variable } from '../../src/index.js'
import { ArgumentError, Tape, einsum, ones, tensor } from '../../src/index.js'
import { einsumByLoops, einsumCall } from '../support/einsumArbitrary.js'
import { expectError } from '../support/errors.js'
import { expectTensor } from '../support/reference.js'

test('einsum gives what nested loops give', () => {
  fc.assert(
    fc.property(einsumCall(4), (call) => {
      const { shape, elements } = einsumByLoops(call)
      const result = einsum(call.spec, ...call.operands.map(({ value }) => value))
      // Up to 3⁴ · 3² products of four elements up to 2 are summed: 1e4, with errors far below 1e-10.
      expectTensor(result, shape, 'float64', elements, 1e-10)
    }),
    { numRuns: 500 },
  )
})

const matrix = tensor([[1, 2], [3, 4]]) // prettier-ignore
const other = tensor([[5, 6], [7, 8]]) // prettier-ignore

test.each<[string, Tensor[], unknown]>([
  ['ij,jk->ik', [matrix, other], [[19, 22], [43, 50]]], // prettier-ignore
  ['ij,jk', [matrix, other], [[19, 22], [43, 50]]], // prettier-ignore
  ['ji,jk->ik', [matrix, other], [[26, 30], [38, 44]]], // prettier-ignore
  ['ij -> ji', [matrix], [[1, 3], [2, 4]]], // prettier-ignore
  ['ba', [matrix], [[1, 3], [2, 4]]], // prettier-ignore
  ['ii', [matrix], 5],
  ['ii->i', [matrix], [1, 4]],
  ['ij->', [matrix], 10],
  ['ij,ij->', [matrix, other], 70],
  ['i,j', [tensor([1, 2]), tensor([3, 4])], [[3, 4], [6, 8]]], // prettier-ignore
  ['bi,bi->b', [matrix, other], [17, 53]],
  ['...j,j->...', [matrix, tensor([1, 10])], [21, 43]],
  [',ij->ij', [tensor(2), matrix], [[2, 4], [6, 8]]], // prettier-ignore
  ['ij,j', [tensor([[1], [2]]), tensor([3, 4])], [7, 14]],
])('%s is as documented', (spec, operands, expected) => {
  expect(einsum(spec, ...operands).toArray()).toEqual(expected)
})

test('numbers are operands of no axes, and alone give a float64 scalar', () => {
  expectTensor(einsum(',', 2, 3), [], 'float64', [6])
  expectTensor(einsum('i,', tensor([1, 2]), 3), [2], 'float32', [3, 6])
  expectTensor(einsum('i,', tensor([1, 2], { dtype: 'int32' }), 3), [2], 'float32', [3, 6])
})

test.each<[DType, DType, DType]>([
  ['uint8', 'uint8', 'int32'],
  ['bool', 'bool', 'int32'],
  ['int32', 'float32', 'float32'],
  ['float32', 'float64', 'float64'],
])('%s with %s is summed in %s, whichever way it is computed', (a, b, expected) => {
  const [x, y] = [ones([300], { dtype: a }), ones([300], { dtype: b })]
  expectTensor(einsum('i,i->', x, y), [], expected, [300])
  expectTensor(einsum('i,j->', x, y), [], expected, [90000])
  expect(einsum('i,j->ij', x, y).dtype).toBe(expected)
})

test('many operands are contracted in pairs, the cheapest first', () => {
  // From left to right, the first product would have 10⁹ terms.
  const vector = ones([1000], { dtype: 'float64' })
  const square = ones([1000, 1000], { dtype: 'float64' })
  const result = einsum('ij,kj,j->ik', square, ones([1, 1000], { dtype: 'float64' }), vector)
  expectTensor(result, [1000, 1], 'float64', new Array<number>(1000).fill(1000))
})

test('a matrix product is one matmul without copies of its operands', () => {
  const tape = new Tape()
  einsum('bij,bkj->bik', tape.variable(ones([2, 3, 4])), tape.variable(ones([2, 5, 4])))
  expect(tape.entries.map(({ operation }) => operation)).toEqual(['variable', 'variable', 'matmul'])
})

test('a variable among the operands gives a variable', () => {
  const result: Variable = einsum('i,i->', tensor([1, 2]), new Tape().variable(tensor([3, 4])))
  expect(result.item()).toBe(11)
})

test('values are checked', () => {
  expectError(
    () => einsum('i', [1, 2] as never),
    ArgumentError,
    'WRONG_TYPE',
    /^einsum: item 0: got plain array/,
  )
  expectError(() => einsum(''), ArgumentError, 'EMPTY_LIST', 'einsum: wants a list of at least one value')
})
