import type { DType, Tensor, Variable } from '@tapegrad/autograd'
import {
  Tape,
  assertGradient,
  cast,
  grad,
  integers,
  oneHot,
  reshape,
  rng,
  sign,
  softmax,
  standardDeviation,
  tensor,
  uniform,
  zeros,
} from '@tapegrad/autograd'
import type { TwoLayerNetOptions, TwoLayerParams } from '@tapegrad/nn'
import { TwoLayerNet, softmaxWithLoss } from '@tapegrad/nn'
import fc from 'fast-check'
import type { Matrix } from './book.js'
import { BookAffine, BookRelu, BookSigmoid, BookSoftmaxWithLoss } from './book.js'
import { errorOf, expectClose, numbersIn, randomTensor, seeds } from './values.js'

type Activation = 'relu' | 'sigmoid'

/**
 * A tiny float64 network with a batch for it. Half of its hidden units are far above the kink of ReLU for every
 * input, and half far below: |x · W1| ≤ 4 · 0.2, |b1| = 1.
 */
function example(activation: Activation, seed: number) {
  const net = new TwoLayerNet({ inputs: 4, hidden: 6, outputs: 3, activation, dtype: 'float64', seed })
  const source = rng(seed)
  net.params = {
    W1: uniform(source, [4, 6], { min: -0.2, max: 0.2, dtype: 'float64' }),
    b1: sign(randomTensor(seed, [6])),
    W2: randomTensor(seed + 1, [6, 3], 0.5),
    b2: randomTensor(seed + 2, [3]),
  }
  const x = uniform(source, [5, 4], { min: -1, dtype: 'float64' })
  return { net, x, t: integers(source, [5], { max: 3 }) }
}

describe.each<Activation>(['relu', 'sigmoid'])('with %s', (activation) => {
  test('the gradient of the tape is the numerical one', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { net, x, t } = example(activation, seed)
        expectClose(net.gradient(x, t), net.numericalGradient(x, t), 1e-7)
        assertGradient(
          (params: TwoLayerParams, input: Tensor) => net.objective(params, input, t),
          [net.params, x],
        )
      }),
      { numRuns: 10 },
    )
  })

  test('loss and gradient are those of the hand-written network', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { net, x, t } = example(activation, seed)
        const { W1, b1, W2, b2 } = net.params
        const affine1 = new BookAffine(W1.toArray() as Matrix, b1.toArray() as number[])
        const middle = activation === 'relu' ? new BookRelu() : new BookSigmoid()
        const affine2 = new BookAffine(W2.toArray() as Matrix, b2.toArray() as number[])
        const lastLayer = new BookSoftmaxWithLoss()
        const logits = affine2.forward(middle.forward(affine1.forward(x.toArray() as Matrix)))
        const loss = lastLayer.forward(logits, Array.from(t.data))
        affine1.backward(middle.backward(affine2.backward(lastLayer.backward())))
        const exactly = (data: Matrix | number[]): Tensor => tensor(data, { dtype: 'float64' })

        expectClose(net.predict(x), exactly(logits), 1e-12)
        expectClose(net.loss(x, t), loss, 1e-12)
        const expected = { W1: affine1.dW, b1: affine1.db, W2: affine2.dW, b2: affine2.db }
        const gradient = net.gradient(x, t)
        for (const name of ['W1', 'b1', 'W2', 'b2'] as const)
          expectClose(gradient[name], exactly(expected[name]), 1e-12)
      }),
      { numRuns: 20 },
    )
  })

  test('learns twenty random images by heart', () => {
    const net = new TwoLayerNet({ inputs: 16, hidden: 20, outputs: 4, activation, deviation: 0.5, seed: 1 })
    const x = uniform(rng(2), [20, 16])
    const t = integers(rng(3), [20], { max: 4 })
    const rate = activation === 'relu' ? 0.5 : 3
    for (let step = 0; step < 200; step++) {
      const { W1, b1, W2, b2 } = net.gradient(x, t)
      const { params } = net
      net.params = {
        W1: params.W1.sub(W1.mul(rate)),
        b1: params.b1.sub(b1.mul(rate)),
        W2: params.W2.sub(W2.mul(rate)),
        b2: params.b2.sub(b2.mul(rate)),
      }
    }
    expect(net.loss(x, t).item()).toBeLessThan(0.1)
    expect(net.accuracy(x, t)).toBe(1)
  })
})

const small: TwoLayerNetOptions = { inputs: 4, hidden: 3, outputs: 2 }

test('begins as the book has it: normal weights of deviation 0.01, biases of zero', () => {
  const { W1, b1, W2, b2 } = new TwoLayerNet({ inputs: 784, hidden: 50, outputs: 10 }).params
  expect([W1.shape, b1.shape, W2.shape, b2.shape]).toEqual([[784, 50], [50], [50, 10], [10]])
  expect(standardDeviation(W1).item()).toBeCloseTo(0.01, 3)
  expect(standardDeviation(W2).item()).toBeCloseTo(0.01, 2)
  expect(numbersIn([b1, b2]).every((bias) => bias === 0)).toBe(true)
  expect(W1.dtype).toBe('float32')
})

test('equal seeds make equal networks, others do not', () => {
  const weights = (seed?: number): number[] => numbersIn(new TwoLayerNet({ ...small, seed }).params)
  expect(weights(3)).toEqual(weights(3))
  expect(weights()).toEqual(weights(0))
  expect(weights(4)).not.toEqual(weights(3))
})

test('accuracy counts the right answers, over more examples than one slice holds', () => {
  const net = new TwoLayerNet({ ...small, deviation: 1 })
  const x = randomTensor(0, [2503, 4])
  const t = integers(rng(1), [2503], { max: 2 })
  const logits = net.predict(x).toArray() as Matrix
  const right = logits.filter(([zero, one], i) => (one > zero ? 1 : 0) === t.data[i]).length
  expect(net.accuracy(x, t)).toBe(right / 2503)
  expect(net.accuracy(x, cast(t, 'uint8'))).toBe(right / 2503)
  expect(net.accuracy(x, oneHot(t, 2))).toBe(right / 2503)
})

test('takes inputs of any leading shape, one example too', () => {
  const net = new TwoLayerNet({ ...small, deviation: 1, dtype: 'float64' })
  const x = randomTensor(0, [6, 4])
  const t = integers(rng(1), [6], { max: 2 })
  const [boxX, boxT] = [reshape(x, [2, 3, 4]), reshape(t, [2, 3])]
  expect(net.predict(boxX).shape).toEqual([2, 3, 2])
  expectClose([net.loss(boxX, boxT), net.gradient(boxX, boxT)], [net.loss(x, t), net.gradient(x, t)], 1e-12)
  expect(net.accuracy(boxX, boxT)).toBe(net.accuracy(x, t))
  const first = reshape(x.slice([0], [1]), [4])
  expect([0, 1]).toContain(net.accuracy(first, reshape(t.slice([0], [1]), [])))
})

test('one-hot labels equal integers', () => {
  const { net, x, t } = example('relu', 0)
  const encoded = oneHot(t, 3)
  expectClose([net.loss(x, encoded), net.gradient(x, encoded)], [net.loss(x, t), net.gradient(x, t)], 1e-14)
})

test.each<DType>(['float32', 'float64'])('its gradients have the dtype of its %s parameters', (dtype) => {
  const net = new TwoLayerNet({ ...small, dtype, deviation: 1 })
  const x = uniform(rng(1), [3, 4])
  const t = tensor([0, 1, 1], { dtype: 'int32' })
  const [gradient, numerical] = [net.gradient(x, t), net.numericalGradient(x, t)]
  for (const name of ['W1', 'b1', 'W2', 'b2'] as const)
    expect([gradient[name].dtype, numerical[name].dtype]).toEqual([dtype, dtype])
  expectClose(gradient, numerical, 1e-6)
})

test('takes bytes as they are', () => {
  const net = new TwoLayerNet({ ...small, deviation: 1 })
  const bytes = tensor(Uint8Array.of(0, 255, 3, 128), { shape: [1, 4] })
  expectClose(net.predict(bytes), net.predict(cast(bytes, 'float32')), 0)
})

test('the objective can be passed on without its network, and gives variables for variables', () => {
  const net = new TwoLayerNet(small)
  const x = uniform(rng(1), [3, 4])
  const t = tensor([0, 1, 1], { dtype: 'int32' })
  const { objective } = net
  const gradient: TwoLayerParams = grad(objective)(net.params, x, t)
  expectClose(gradient, net.gradient(x, t), 0)
  const tape = new Tape()
  const loss: Variable = net.loss(tape.variable(x), t)
  const fromTensors: Tensor = net.loss(x, t)
  expectClose(loss, fromTensors, 0)
  expectClose(softmaxWithLoss(net.predict(x), t), fromTensors, 0)
})

test('predicts logits, of which softmax makes probabilities', () => {
  const net = new TwoLayerNet(small)
  const probabilities = softmax(net.predict(uniform(rng(1), [3, 4])))
  expectClose(probabilities.sum({ axis: -1 }), tensor([1, 1, 1]), 1e-6)
})

test('says what it got and what it wants', () => {
  const net = new TwoLayerNet(small)
  const ints = tensor([0, 1], { dtype: 'int32' })
  expect(errorOf(() => new TwoLayerNet({ ...small, activation: 'tanh' as 'relu' }))).toBe(
    "ArgumentError ACTIVATION: TwoLayerNet: activation is tanh; wants 'relu' or 'sigmoid'",
  )
  expect(errorOf(() => new TwoLayerNet({ ...small, hidden: -1 }))).toBe(
    'ArgumentError LAYER_SIZE: Affine(4, -1): -1 is no size; wants whole numbers of inputs and outputs',
  )
  expect(errorOf(() => net.accuracy(zeros([2, 5]), ints))).toBe(
    'ShapeError LAYER_INPUT: Affine(4, 3): x is float32 [2, 5]; wants shape [..., 4]',
  )
  expect(errorOf(() => net.accuracy(zeros([3, 4]), ints))).toBe(
    'ShapeError LABELS_SHAPE: TwoLayerNet.accuracy: labels are int32 [2]; wants integers of shape [3] or a distribution (one-hot) of shape [3, 2]',
  )
  expect(errorOf(() => net.accuracy(zeros([2, 4]), tensor([0, 2], { dtype: 'int32' })))).toBe(
    'IndexError LABEL_OUT_OF_RANGE: TwoLayerNet.accuracy: label 2 at position 1 is no class; wants 0 to 1',
  )
})
