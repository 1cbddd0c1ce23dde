/** Holds pooling to its definition, and to its conventions for padding, ties and integers. */
import { fc, test } from '@fast-check/jest'
import { tensor as drawnTensor } from '@tapegrad/autograd/testing'
import {
  ArgumentError,
  ShapeError,
  averagePool1d,
  averagePool2d,
  grad,
  maxPool1d,
  maxPool2d,
  sum,
  tensor,
  zeros,
} from '../../src/index.js'
import { drawnPool, pooledOf } from '../support/convolutionArbitraries.js'
import { expectError } from '../support/errors.js'
import { expectTensor } from '../support/reference.js'

const maxPools = { 1: maxPool1d, 2: maxPool2d } as const
const averagePools = { 1: averagePool1d, 2: averagePool2d } as const

describe.each([1, 2] as const)('pooling over %i axes', (rank) => {
  const drawn = drawnPool(rank).chain(({ x, options }) =>
    fc.tuple(drawnTensor({ shape: x }), fc.constant(options)),
  )

  test.prop([drawn])('the maximum is the largest element of each window', ([x, options]) => {
    const { shape, lines } = pooledOf(x, options)
    const largest = lines.map((line) => Math.max(...line.filter((element) => element !== undefined)))
    expectTensor(maxPools[rank](x, options), shape, 'float64', largest)
  })

  test.prop([drawn, fc.boolean()])('the average is the mean of each window', ([x, options], countPadding) => {
    const { shape, lines } = pooledOf(x, options)
    const means = lines.map((line) => {
      const counted = countPadding
        ? line.map((element) => element ?? 0)
        : line.filter((element) => element !== undefined)
      return counted.reduce((total, element) => total + element, 0) / counted.length
    })
    expectTensor(averagePools[rank](x, { ...options, countPadding }), shape, 'float64', means, 1e-12)
  })
})

test('windows lie side by side where no stride is given', () => {
  const x = tensor([[[1, 3, 2, 8, 5]]])
  expect(x.maxPool1d({ size: 2 }).toArray()).toEqual([[[3, 8]]])
  expect(x.averagePool1d({ size: 2 }).toArray()).toEqual([[[2, 5]]])
  expect(maxPool1d(x, { size: 2, padding: 'same' }).toArray()).toEqual([[[3, 8, 5]]])
})

test('equal largest elements share the derivative, in every window they are in', () => {
  const x = tensor([[[1, 4, 4, 0]]])
  const gradient = grad((y) => sum(maxPool1d(y, { size: 3, stride: 1, padding: 1 })))(x)
  expect(gradient.toArray()).toEqual([[[0, 2, 2, 0]]])
})

test('padding never wins, nor takes a share of the derivative', () => {
  const x = tensor([[[-Infinity, -5]]])
  expect(maxPool1d(x, { size: 2, stride: 1, padding: 1 }).toArray()).toEqual([[[-Infinity, -5, -5]]])
  expect(maxPool1d(tensor([[[-7]]], { dtype: 'int32' }), { size: 2, padding: 1 }).toArray()).toEqual([[[-7]]])
})

test('a NaN is the maximum of its windows', () => {
  expect(maxPool1d(tensor([[[1, NaN, 2, 3]]]), { size: 2 }).toArray()).toEqual([[[NaN, 3]]])
})

test('the maximum keeps the dtype, the average of integers is float32', () => {
  const x = tensor([[[1, 2, 3, 6]]], { dtype: 'uint8' })
  expectTensor(maxPool1d(x, { size: 2 }), [1, 1, 2], 'uint8', [2, 6])
  expectTensor(averagePool1d(x, { size: 2 }), [1, 1, 2], 'float32', [1.5, 4.5])
})

describe('what does not fit', () => {
  const x = zeros([1, 1, 4])
  test.each([
    [
      () => maxPool2d(x, { size: 2 }),
      ShapeError,
      'POOL_RANK',
      'maxPool2d: got shape [1, 1, 4]; wants [batch, channels, height, width]',
    ],
    [() => averagePool1d(x, { size: 5 }), ShapeError, 'WINDOW_TOO_LARGE', /^averagePool1d: windows of \[5\]/],
    [
      () => maxPool1d(x, { size: [2, 2] }),
      ArgumentError,
      'WINDOW_OPTION',
      'maxPool1d: size is [2,2]; wants a whole number of at least 1, or an array of one',
    ],
    [
      () => maxPool1d(x, { size: 2, padding: 2 }),
      ArgumentError,
      'POOL_PADDING',
      'maxPool1d: with padding 2 windows of [2] over spatial axes of [4] would lie in the padding alone; wants less padding on each side than a window',
    ],
    [
      () => averagePool1d(zeros([1, 1, 0]), { size: 1, padding: 1 }),
      ArgumentError,
      'POOL_PADDING',
      /padding alone/,
    ],
  ] as const)('is an error that says so (%#)', (f, errorClass, code, message) => {
    expectError(f, errorClass, code, message)
  })
})
