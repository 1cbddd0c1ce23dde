import type { Tensor, Value } from '@tapegrad/autograd'
import {
  add,
  assertGradient,
  bernoulli,
  grad,
  mean,
  mul,
  normal,
  rng,
  sum,
  tensor,
  zeros,
} from '@tapegrad/autograd'
import type { Applied, ApplyOptions, Given, Layer, Nothing, Output } from '@tapegrad/nn'
import { Affine, Dropout, ReLU, Sequential, Sigmoid, SoftmaxWithLoss, Tanh } from '@tapegrad/nn'
import fc from 'fast-check'
import { errorOf, expectClose, leadingShapes, randomTensor, seeds } from './values.js'

interface Count {
  calls: Tensor
  mean: Tensor
}

/** A layer with state: it counts its training calls and keeps the mean of the last input, which it takes off in use. */
class LastMean implements Layer<Nothing, Count> {
  init(): Nothing {
    return {}
  }

  initState(): Count {
    return { calls: zeros([]), mean: zeros([]) }
  }

  apply<X extends Value, Q extends Nothing>(
    params: Q,
    state: Given<Count>,
    x: X,
    options?: ApplyOptions,
  ): Applied<Output<X, Q>, Given<Count>>
  apply(
    _params: Nothing,
    state: Given<Count>,
    x: Value,
    { training }: ApplyOptions = {},
  ): Applied<Value, Given<Count>> {
    return training === true
      ? { output: x, state: { calls: add(state.calls, 1), mean: mean(x) } }
      : { output: add(x, mul(state.mean, -1)), state }
  }

  forward<X extends Value, Q extends Nothing>(params: Q, x: X): Output<X, Q> {
    return this.apply(params, this.initState(), x).output
  }
}

const deep = (dtype: 'float32' | 'float64') =>
  new Sequential({
    affine1: new Affine(3, 4, { weights: 'xavier', dtype }),
    tanh: new Tanh(),
    head: new Sequential({ affine2: new Affine(4, 2, { dtype }), sigmoid: new Sigmoid() }),
  })

test('has the derivatives that differences have, nested and with any leading shape', () => {
  fc.assert(
    fc.property(leadingShapes, seeds, (leading, seed) => {
      const net = deep('float64')
      const params = net.init(rng(seed))
      assertGradient(
        (p: typeof params, x: Tensor) => net.forward(p, x),
        [params, randomTensor(seed, [...leading, 3])],
      )
    }),
    { numRuns: 20 },
  )
})

test('applies its layers in order, whatever their names', () => {
  const net = new Sequential({ z: new Affine(2, 2), a: new ReLU(), m: new Affine(2, 1) })
  const params = net.init(rng(0))
  const x = normal(rng(1), [3, 2])
  const { z, a, m } = net.layers
  expect(net.forward(params, x).toArray()).toEqual(
    m.forward(params.m, a.forward({}, z.forward(params.z, x))).toArray(),
  )
})

test('has parameters and gradients by the names of the layers, with their types', () => {
  const net = deep('float32')
  const params = net.init(rng(0))
  const W: Tensor = params.head.affine2.W
  expect(W.shape).toEqual([4, 2])
  expect(params.tanh).toEqual({})
  const loss = new SoftmaxWithLoss()
  const labels = tensor([0, 1], { dtype: 'int32' })
  const gradient = grad((p: typeof params) => loss.forward(net.forward(p, zeros([2, 3])), labels))(params)
  const dW: Tensor = gradient.head.affine2.W
  expect([dW.shape, Object.keys(gradient)]).toEqual([
    [4, 2],
    ['affine1', 'tanh', 'head'],
  ])
  // @ts-expect-error -- a layer's parameters are missing
  expect(() => net.forward({ affine1: params.affine1 }, zeros([3]))).toThrow()
})

test('can be differentiated by a part of its parameters', () => {
  const net = deep('float64')
  const params = net.init(rng(0))
  const x = randomTensor(1, [2, 3])
  const byHead = grad((head: typeof params.head) => sum(net.forward({ ...params, head }, x)))(params.head)
  const byAll = grad((p: typeof params) => sum(net.forward(p, x)))(params)
  expectClose(byHead, byAll.head, 0)
})

test('of no layers gives its input back', () => {
  expect(new Sequential({}).forward({}, tensor([1, 2])).toArray()).toEqual([1, 2])
})

test('hands state, training and the stream of random numbers on to layers that want them', () => {
  const net = new Sequential({
    affine: new Affine(2, 2, {
      weights: () =>
        tensor([
          [1, 0],
          [0, 1],
        ]),
    }),
    inner: new Sequential({ dropout: new Dropout(0.5), centre: new LastMean() }),
  })
  const params = net.init(rng(0))
  const x = tensor([
    [1, 2],
    [3, 4],
  ])
  const before = net.initState()
  const trained = net.apply(params, before, x, { training: true, rng: rng(5) })
  expect(trained.output.toArray()).toEqual(
    x
      .mul(bernoulli(rng(5), [2, 2]))
      .mul(2)
      .toArray(),
  )
  const { calls, mean: lastMean } = trained.state.inner.centre
  expectClose([calls, lastMean], [1, mean(trained.output)], 0)
  expect(before.inner.centre.calls.item()).toBe(0)

  const used = net.apply(params, trained.state, x)
  expectClose(used.output, x.sub(lastMean), 0)
  expectClose(used.state, trained.state, 0)
  expectClose(net.forward(params, x), x, 0)
})

test('state can pass through a gradient beside the loss', () => {
  const net = new Sequential({ centre: new LastMean(), affine: new Affine(2, 1) })
  const params = net.init(rng(0))
  const x = tensor([[1, 2]])
  const loss = (p: typeof params): Value => sum(net.apply(p, net.initState(), x, { training: true }).output)
  expectClose(grad(loss)(params).affine, { W: tensor([[1], [2]]), b: tensor([1]) }, 0)
})

test('says what it got and what it wants', () => {
  const net = new Sequential({ affine: new Affine(2, 1), relu: new ReLU() })
  const { affine } = net.init(rng(0))
  expect(errorOf(() => net.forward({ affine } as never, zeros([2])))).toBe(
    'ArgumentError LAYER_PART: Sequential: layer relu got undefined as its parameters; wants what init(rng) gives, by the names affine, relu',
  )
  expect(errorOf(() => net.apply({ affine, relu: {} }, undefined as never, zeros([2])))).toBe(
    'ArgumentError LAYER_PART: Sequential: layer affine got undefined as its state; wants what initState() gives, by the names affine, relu',
  )
  expect(errorOf(() => new Sequential({ b: new ReLU(), 1: new ReLU() }))).toBe(
    'ArgumentError LAYER_NAME: Sequential: a layer is named 1; wants names that are no whole numbers, which objects list first: layer1',
  )
  expect(errorOf(() => new Sequential({ relu: ReLU as never }))).toBe(
    'ArgumentError NOT_A_LAYER: Sequential: relu is function; wants a layer, such as new ReLU()',
  )
})
