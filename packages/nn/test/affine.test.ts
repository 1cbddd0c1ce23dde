import type { Tensor, Variable } from '@tapegrad/autograd'
import { Tape, assertGradient, rng, tensor, zeros } from '@tapegrad/autograd'
import { Affine } from '@tapegrad/nn'
import fc from 'fast-check'
import type { Matrix } from './book.js'
import { BookAffine } from './book.js'
import { errorOf, expectClose, filledShapes, leadingShapes, randomTensor, seeds, sizes } from './values.js'

const sizesAndSeed = [sizes, sizes, seeds] as const

function randomAffine(
  inputs: number,
  outputs: number,
  seed: number,
): { layer: Affine; W: Tensor; b: Tensor } {
  return {
    layer: new Affine(inputs, outputs, { dtype: 'float64' }),
    W: randomTensor(seed, [inputs, outputs]),
    b: randomTensor(seed + 1, [outputs]),
  }
}

test('has the derivatives that differences have, whatever the leading shape', () => {
  fc.assert(
    fc.property(leadingShapes, ...sizesAndSeed, (leading, inputs, outputs, seed) => {
      const { layer, W, b } = randomAffine(inputs, outputs, seed)
      const x = randomTensor(seed + 2, [...leading, inputs])
      assertGradient(
        (params: { W: Tensor; b: Tensor }, input: Tensor) => layer.forward(params, input),
        [{ W, b }, x],
      )
    }),
    { numRuns: 50 },
  )
})

test('gives each row of any leading shape what it gives the row alone', () => {
  fc.assert(
    fc.property(
      filledShapes,
      fc.integer({ min: 1, max: 4 }),
      sizes,
      seeds,
      (leading, inputs, outputs, seed) => {
        const { layer, W, b } = randomAffine(inputs, outputs, seed)
        const x = randomTensor(seed + 2, [...leading, inputs])
        const y = layer.forward({ W, b }, x)
        expect(y.shape).toEqual([...leading, outputs])
        const rows = Array.from({ length: x.size / inputs }, (_, i) =>
          layer.forward({ W, b }, tensor(x.data.slice(i * inputs, (i + 1) * inputs))),
        )
        expectClose(y, rows, 1e-12)
      },
    ),
    { numRuns: 50 },
  )
})

test('agrees with the hand-written layer, forward and backward', () => {
  fc.assert(
    fc.property(
      fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 1, max: 4 }))),
      seeds,
      ([rows, inputs, outputs], seed) => {
        const { layer, W, b } = randomAffine(inputs, outputs, seed)
        const x = randomTensor(seed + 2, [rows, inputs])
        const upstream = randomTensor(seed + 3, [rows, outputs])

        const book = new BookAffine(W.toArray() as Matrix, b.toArray() as number[])
        const expected = tensor(book.forward(x.toArray() as Matrix), { dtype: 'float64' })
        const dx = tensor(book.backward(upstream.toArray() as Matrix), { dtype: 'float64' })

        const tape = new Tape()
        const sources = { W: tape.variable(W), b: tape.variable(b), x: tape.variable(x) }
        const y = layer.forward({ W: sources.W, b: sources.b }, sources.x)
        const gradient = tape.gradient(y, sources, { upstream })
        expectClose(y, expected, 1e-12)
        expectClose(gradient.W, tensor(book.dW, { dtype: 'float64' }), 1e-12)
        expectClose(gradient.b, tensor(book.db, { dtype: 'float64' }), 1e-12)
        expectClose(gradient.x, dx, 1e-12)
      },
    ),
    { numRuns: 50 },
  )
})

test('begins with weights of its dtype from the given stream, and a bias of zeros', () => {
  const layer = new Affine(3, 2, { weights: 0.5, dtype: 'float64' })
  const { W, b } = layer.init(rng(7))
  expect([W.shape, W.dtype, b.dtype]).toEqual([[3, 2], 'float64', 'float64'])
  expect(b.toArray()).toEqual([0, 0])
  expect(layer.init(rng(7)).W.toArray()).toEqual(W.toArray())
  expect(new Affine(3, 2).init(rng(7)).W.dtype).toBe('float32')
})

test('takes integer inputs as they are', () => {
  const x = tensor(Uint8Array.of(255, 1), { shape: [1, 2] })
  const y = new Affine(2, 1).forward({ W: tensor([[1], [2]]), b: tensor([0.5]) }, x)
  expect([y.dtype, y.toArray()]).toEqual(['float32', [[257.5]]])
})

test('has a type that tells tensors from variables', () => {
  const layer = new Affine(2, 1)
  const params = layer.init(rng(0))
  const fromTensors: Tensor = layer.forward(params, zeros([2]))
  const tape = new Tape()
  const fromVariable: Variable = layer.forward(params, tape.variable(zeros([2])))
  const fromMixedParams: Tensor | Variable = layer.forward(
    { W: tape.variable(params.W), b: params.b },
    zeros([2]),
  )
  expect([fromTensors, fromVariable, fromMixedParams].map(({ shape }) => shape)).toEqual([[1], [1], [1]])
})

test('says what it got and what it wants', () => {
  const layer = new Affine(784, 50)
  const params = layer.init(rng(0))
  expect(errorOf(() => layer.forward(params, zeros([100, 783])))).toBe(
    'ShapeError LAYER_INPUT: Affine(784, 50): x is float32 [100, 783]; wants shape [..., 784]',
  )
  expect(errorOf(() => layer.forward(params, 3))).toBe(
    'ShapeError LAYER_INPUT: Affine(784, 50): x is number 3; wants shape [..., 784]',
  )
  expect(errorOf(() => layer.forward({ ...params, b: zeros([1]) }, zeros([784])))).toBe(
    'ShapeError LAYER_PARAMETER: Affine(784, 50): parameter b is float32 [1]; wants shape [50], as init(rng) gives it',
  )
  expect(errorOf(() => layer.forward({ b: params.b } as never, zeros([784])))).toBe(
    'ShapeError LAYER_PARAMETER: Affine(784, 50): parameter W is undefined; wants shape [784, 50], as init(rng) gives it',
  )
  expect(errorOf(() => new Affine(2.5, 1))).toBe(
    'ArgumentError LAYER_SIZE: Affine(2.5, 1): 2.5 is no size; wants whole numbers of inputs and outputs',
  )
  expect(errorOf(() => new Affine(2, 1, { dtype: 'int32' }))).toBe(
    'DTypeError LAYER_DTYPE: Affine(2, 1): dtype is int32; wants float32 or float64',
  )
  expect(errorOf(() => new Affine(2, 1, { weights: -1 }))).toBe(
    "ArgumentError INITIAL_WEIGHTS: Affine(2, 1): weights is -1; wants 'he', 'xavier', a finite standard deviation of at least 0, or a function (rng, shape) => Tensor",
  )
})
