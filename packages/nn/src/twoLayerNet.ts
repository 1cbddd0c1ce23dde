/** TwoLayerNet: the book's network for recognizing handwritten digits. */
import type { DType, Tensor, Value } from '@tapegrad/autograd'
import {
  ArgumentError,
  argmax,
  cast,
  equal,
  grad,
  numericalGradient,
  reshape,
  rng,
  slice,
  sum,
} from '@tapegrad/autograd'
import { Affine } from './affine.js'
import type { ElementwiseLayer } from './elementwiseLayer.js'
import { areDistributions, checkClasses, checkLabels } from './labels.js'
import type { Given, Output } from './layer.js'
import { ReLU } from './relu.js'
import { Sigmoid } from './sigmoid.js'
import type { Loss } from './softmaxWithLoss.js'
import { SoftmaxWithLoss } from './softmaxWithLoss.js'

export interface TwoLayerNetOptions {
  /** The size of an input: 784 for the pixels of an MNIST image. */
  readonly inputs: number
  /** The number of hidden units. */
  readonly hidden: number
  /** The number of classes. */
  readonly outputs: number
  /** What follows the first layer, `'relu'` by default. */
  readonly activation?: 'relu' | 'sigmoid' | undefined
  /** The standard deviation of the initial weights, 0.01 by default. */
  readonly deviation?: number | undefined
  /** The dtype of the parameters, float32 by default. */
  readonly dtype?: DType | undefined
  /** What the initial weights are drawn from, 0 by default: equal seeds make equal networks. */
  readonly seed?: number | undefined
}

/** The parameters: W1 [inputs, hidden], b1 [hidden], W2 [hidden, outputs], b2 [outputs]. */
export interface TwoLayerParams {
  W1: Tensor
  b1: Tensor
  W2: Tensor
  b2: Tensor
}

/** How many examples `accuracy` looks at together, which bounds its memory. */
const sliceLength = 1000

const activations = { relu: () => new ReLU(), sigmoid: () => new Sigmoid() }

/**
 * x · W1 + b1, an activation, · W2 + b2, and softmax with cross-entropy loss. Inputs x have shape [..., inputs];
 * labels t are integers of shape [...] or distributions of shape [..., outputs], as `softmaxWithLoss` takes them.
 * Integer inputs are taken as they are: the bytes of an image come in as 0 to 255, not scaled to 0 to 1.
 */
export class TwoLayerNet {
  /** The parameters that the methods use. Tensors don't change: to train, assign new ones. */
  params: TwoLayerParams

  private readonly affine1: Affine
  private readonly activation: ElementwiseLayer
  private readonly affine2: Affine
  private readonly lastLayer = new SoftmaxWithLoss()

  /** Throws ArgumentError for sizes that are no whole numbers, an unknown activation or a deviation below 0. */
  constructor({
    inputs,
    hidden,
    outputs,
    activation = 'relu',
    deviation = 0.01,
    dtype = 'float32',
    seed = 0,
  }: TwoLayerNetOptions) {
    if (!Object.hasOwn(activations, activation))
      throw new ArgumentError(
        'ACTIVATION',
        `TwoLayerNet: activation is ${String(activation)}; wants 'relu' or 'sigmoid'`,
      )
    this.affine1 = new Affine(inputs, hidden, { weights: deviation, dtype })
    this.activation = activations[activation]()
    this.affine2 = new Affine(hidden, outputs, { weights: deviation, dtype })
    const source = rng(seed)
    const { W: W1, b: b1 } = this.affine1.init(source)
    const { W: W2, b: b2 } = this.affine2.init(source)
    this.params = { W1, b1, W2, b2 }
  }

  /**
   * The loss under any parameters, tensors or variables, averaged over the examples: a pure function that reads
   * `params` nowhere, for `grad`, `compile` and the like. It can be passed on without its network.
   */
  readonly objective = <Q extends Given<TwoLayerParams>, X extends Value, T extends Value>(
    params: Q,
    x: X,
    t: T,
  ): Loss<Output<X, Q>, T> => this.lastLayer.forward(this.logits(params, x), t)

  /** The logits, of shape [..., outputs]: the larger, the likelier the class; softmax makes probabilities of them. */
  predict<X extends Value>(x: X): Output<X, TwoLayerParams> {
    return this.logits(this.params, x)
  }

  /** The loss, averaged over the examples: a scalar tensor. */
  loss<X extends Value, T extends Value>(x: X, t: T): Loss<Output<X, TwoLayerParams>, T> {
    return this.objective(this.params, x, t)
  }

  /**
   * The fraction of examples whose largest logit is that of the right class: of a distribution, its most probable.
   * Goes through the examples in slices, so that its memory doesn't grow with their number. Throws as the loss does.
   */
  accuracy(x: Tensor, t: Tensor): number {
    const leading = this.affine1.leadingShape(x)
    const { inputs } = this.affine1
    const { outputs } = this.affine2
    const logitsShape = [...leading, outputs]
    checkLabels('TwoLayerNet.accuracy', logitsShape, t)
    checkClasses('TwoLayerNet.accuracy', logitsShape, t)
    const count = leading.reduce((product, size) => product * size, 1)
    const classes = areDistributions(logitsShape, t) ? argmax(t, { axis: -1 }) : t
    const examples = reshape(x, [count, inputs])
    const rightClasses = reshape(classes, [count])
    let right = 0
    for (let start = 0; start < count; start += sliceLength) {
      const end = Math.min(start + sliceLength, count)
      const predicted = argmax(this.predict(slice(examples, [start], [end])), { axis: -1 })
      right += sum(equal(predicted, slice(rightClasses, [start], [end]))).item()
    }
    return right / count
  }

  /** The gradient of the loss by the parameters, from the tape: one tensor a parameter. */
  gradient(x: Tensor, t: Tensor): TwoLayerParams {
    return grad((params: Given<TwoLayerParams>) => this.objective(params, x, t))(this.params)
  }

  /**
   * The same gradient by central differences: two losses a parameter, so slow. Computed in float64 whatever the
   * dtype of the parameters, since the differences of float32 losses are mostly rounding.
   */
  numericalGradient(x: Tensor, t: Tensor): TwoLayerParams {
    const difference = numericalGradient((params: TwoLayerParams) => this.objective(params, x, t))
    const gradient = difference(castEach(this.params, () => 'float64'))
    return castEach(gradient, (name) => this.params[name].dtype)
  }

  private logits<Q extends Given<TwoLayerParams>, X extends Value>(params: Q, x: X): Output<X, Q>
  private logits({ W1, b1, W2, b2 }: Given<TwoLayerParams>, x: Value): Value {
    const hidden = this.activation.forward({}, this.affine1.forward({ W: W1, b: b1 }, x))
    return this.affine2.forward({ W: W2, b: b2 }, hidden)
  }
}

function castEach(
  { W1, b1, W2, b2 }: TwoLayerParams,
  dtypeFor: (name: keyof TwoLayerParams) => DType,
): TwoLayerParams {
  return {
    W1: cast(W1, dtypeFor('W1')),
    b1: cast(b1, dtypeFor('b1')),
    W2: cast(W2, dtypeFor('W2')),
    b2: cast(b2, dtypeFor('b2')),
  }
}
