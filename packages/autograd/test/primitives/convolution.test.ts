/** Holds convolution to its definition, over all its options, dtypes and block sizes. */
import { fc, test } from '@fast-check/jest'
import { tensor as drawnTensor } from '@tapegrad/autograd/testing'
import { ArgumentError, ShapeError, conv1d, conv2d, ones, tensor, zeros } from '../../src/index.js'
import { convolutionOf, drawnConvolution } from '../support/convolutionArbitraries.js'
import { expectError } from '../support/errors.js'
import { expectTensor, tensorOf } from '../support/reference.js'

const convolutions = { 1: conv1d, 2: conv2d } as const

describe.each([1, 2] as const)('convolution over %i axes', (rank) => {
  const drawn = drawnConvolution(rank).chain(({ x, w, options }) =>
    fc.tuple(drawnTensor({ shape: x }), drawnTensor({ shape: w }), fc.constant(options)),
  )

  test.prop([drawn], { numRuns: 200 })('is the sum that defines it', ([x, w, options]) => {
    const { shape, elements } = convolutionOf(x, w, options)
    expectTensor(convolutions[rank](x, w, options), shape, 'float64', elements, 1e-12)
  })
})

/** Whole numbers, so that sums are exact in whatever order they are formed. */
function wholes(shape: readonly number[], seed: number) {
  const size = shape.reduce((product, extent) => product * extent, 1)
  return tensorOf(
    Array.from({ length: size }, (_, i) => ((i * 7919 + seed) % 13) - 6),
    shape,
  )
}

const plain = {
  stride: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
  dilation: [1, 1],
  inputDilation: [1, 1],
  groups: 1,
} as const

describe('sizes that are worked on in several blocks', () => {
  test.each([
    ['many images', [30, 2, 12, 12], [3, 2, 3, 3], { groups: 1 }],
    ['a plane of more windows than a block has', [1, 3, 70, 70], [1, 3, 9, 9], { groups: 1 }],
    ['more channels than a block has', [2, 300, 4, 4], [2, 300, 2, 2], { groups: 1 }],
    ['windows of more taps than a block is deep', [2, 2, 40, 34], [1, 2, 36, 33], { groups: 1 }],
    ['all of it in groups', [2, 600, 5, 4], [4, 300, 2, 2], { groups: 2 }],
  ] as const)('%s', (_name, xShape, wShape, { groups }) => {
    const [x, w] = [wholes(xShape, 1), wholes(wShape, 5)]
    const { shape, elements } = convolutionOf(x, w, { ...plain, groups })
    expectTensor(conv2d(x, w, { groups }), shape, 'float64', elements)
  })
})

describe('padding', () => {
  test.prop([
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 3 }),
  ])("'same' gives ⌈size / stride⌉ windows", (size, window, stride, dilation) => {
    const options = { padding: 'same', stride, dilation } as const
    expect(conv1d(ones([1, 1, size]), ones([1, 1, window]), options).shape).toEqual([
      1,
      1,
      Math.ceil(size / stride),
    ])
  })

  test("'same' puts the odd place behind", () => {
    const x = tensor([[[1, 2, 3]]])
    expect(conv1d(x, tensor([[[10, 1]]]), { padding: 'same' }).toArray()).toEqual([[[12, 23, 30]]])
  })

  test("'valid' is none, a number is on all sides", () => {
    const [x, w] = [ones([1, 1, 4, 5]), ones([1, 1, 3, 3])]
    expect(conv2d(x, w, { padding: 'valid' }).toArray()).toEqual(conv2d(x, w).toArray())
    expect(conv2d(x, w, { padding: 1 }).toArray()).toEqual(conv2d(x, w, { padding: [1, [1, 1]] }).toArray())
  })
})

test('the window is not reversed', () => {
  expect(conv1d(tensor([[[1, 0, 0]]]), tensor([[[2, 3]]])).toArray()).toEqual([[[2, 0]]])
})

test('no images give no images, no channels give zeros', () => {
  expect(conv2d(zeros([0, 2, 3, 3]), zeros([4, 2, 2, 2])).shape).toEqual([0, 4, 2, 2])
  expect(conv2d(zeros([1, 0, 3, 3]), zeros([1, 0, 2, 2])).toArray()).toEqual([
    [
      [
        [0, 0],
        [0, 0],
      ],
    ],
  ])
})

test('dtypes are promoted, and integers stay integers', () => {
  const x = tensor([[[1, 2, 3]]], { dtype: 'int32' })
  const w = tensor([[[1, 1]]])
  expectTensor(conv1d(x, w), [1, 1, 2], 'float32', [3, 5])
  expectTensor(conv1d(x, tensor(w, { dtype: 'float64' })), [1, 1, 2], 'float64', [3, 5])
  expectTensor(conv1d(x, tensor(w, { dtype: 'int32' })), [1, 1, 2], 'int32', [3, 5])
})

test('a NaN spoils only the windows that read it', () => {
  const x = tensor([[[NaN, 1, 1, 1]]])
  expect(conv1d(x, ones([1, 1, 2]), { padding: 1 }).toArray()).toEqual([[[NaN, NaN, 2, 2, 1]]])
})

describe('what does not fit', () => {
  const x = zeros([1, 4, 5])
  test.each([
    [
      () => conv1d(zeros([4, 5]), zeros([1, 4, 2])),
      ShapeError,
      'CONVOLUTION_RANK',
      'conv1d: got shapes [4, 5] and [1, 4, 2]; wants an input [batch, channels, width] and weights [outChannels, channels / groups, width]',
    ],
    [() => conv2d(2, zeros([1, 1, 1, 1])), ShapeError, 'CONVOLUTION_RANK', /got shapes \[\] and/],
    [
      () => conv1d(x, zeros([1, 3, 2])),
      ShapeError,
      'CHANNELS',
      'conv1d: input [1, 4, 5] has 4 channels, weights [1, 3, 2] are for 3; wants 4',
    ],
    [
      () => conv1d(x, zeros([2, 4, 2]), { groups: 2 }),
      ShapeError,
      'CHANNELS',
      'conv1d: input [1, 4, 5] has 4 channels in 2 groups, weights [2, 4, 2] are for 4 a group; wants 2',
    ],
    [
      () => conv1d(x, zeros([3, 2, 2]), { groups: 2 }),
      ShapeError,
      'GROUP_CHANNELS',
      "conv1d: 4 channels of the input and 3 of the output can't both be cut into 2 equal groups",
    ],
    [
      () => conv1d(x, zeros([1, 4, 2]), { groups: 0 }),
      ArgumentError,
      'GROUPS',
      'conv1d: groups is 0; wants a whole number of at least 1',
    ],
    [
      () => conv1d(x, zeros([1, 4, 3]), { dilation: 3, padding: [[0, 1]] }),
      ShapeError,
      'WINDOW_TOO_LARGE',
      'conv1d: windows of [3] over spatial axes of [5]: along spatial axis 0 a window takes 7 of 6 places, padding and dilation included; use smaller windows or more padding',
    ],
    [
      () => conv1d(x, zeros([1, 4, 0])),
      ShapeError,
      'EMPTY_WINDOW',
      'conv1d: windows of [0] over spatial axes of [5]; wants at least one element along each axis',
    ],
    [
      () => conv1d(x, zeros([1, 4, 2]), { stride: 0 }),
      ArgumentError,
      'WINDOW_OPTION',
      'conv1d: stride is 0; wants a whole number of at least 1, or an array of one',
    ],
    [
      () => conv2d(zeros([1, 1, 2, 2]), zeros([1, 1, 1, 1]), { dilation: [1] }),
      ArgumentError,
      'WINDOW_OPTION',
      'conv2d: dilation is [1]; wants a whole number of at least 1, or an array of 2, one for each spatial axis',
    ],
    [
      () => conv1d(x, zeros([1, 4, 2]), { padding: [1, 1] }),
      ArgumentError,
      'WINDOW_PADDING',
      "conv1d: padding is [1,1]; wants 'same', 'valid', a whole number, or an array of 1: for each spatial axis a whole number or a pair [before, after]",
    ],
  ] as const)('is an error that says so (%#)', (f, errorClass, code, message) => {
    expectError(f, errorClass, code, message)
  })
})
