/** Affine: the fully connected layer, a matrix product and a bias. */
import type { DType, Rng, Tensor, Value } from '@tapegrad/autograd'
import {
  ArgumentError,
  DTypeError,
  ShapeError,
  add,
  isValue,
  matmul,
  reshape,
  shapeOf,
  zeros,
} from '@tapegrad/autograd'
import type { InitialWeights } from './initialWeights.js'
import { checkInitialWeights, initialWeights } from './initialWeights.js'
import type { Given, Output } from './layer.js'
import { StatelessLayer } from './layer.js'
import { formatShape } from '@tapegrad/autograd/tracing'
import { describe, sameShape } from './messages.js'

export interface AffineParams {
  /** The weights, of shape [inputs, outputs]. */
  W: Tensor
  /** The bias, of shape [outputs]. */
  b: Tensor
}

export interface AffineOptions {
  /** How the weights begin, `'he'` by default. The bias begins with zeros. */
  readonly weights?: InitialWeights | undefined
  /** The dtype of the parameters, float32 by default. */
  readonly dtype?: DType | undefined
}

/**
 * x · W + b for x of shape [..., inputs], giving [..., outputs]. The dtypes promote: integers meeting float32
 * parameters are taken as they are, so the bytes of an image come in as 0 to 255, not scaled.
 *
 * Throws ArgumentError for sizes that are no whole numbers or weights of an unknown kind, DTypeError for a dtype that
 * is no float; `forward` throws ShapeError where x or the parameters don't fit.
 */
export class Affine extends StatelessLayer<AffineParams> {
  readonly weights: InitialWeights
  readonly dtype: DType

  constructor(
    readonly inputs: number,
    readonly outputs: number,
    { weights = 'he', dtype = 'float32' }: AffineOptions = {},
  ) {
    super()
    for (const size of [inputs, outputs])
      if (!Number.isSafeInteger(size) || size < 0)
        throw new ArgumentError(
          'LAYER_SIZE',
          `${this.toString()}: ${String(size)} is no size; wants whole numbers of inputs and outputs`,
        )
    if (dtype !== 'float32' && dtype !== 'float64')
      throw new DTypeError(
        'LAYER_DTYPE',
        `${this.toString()}: dtype is ${String(dtype)}; wants float32 or float64`,
      )
    checkInitialWeights(this.toString(), weights)
    this.weights = weights
    this.dtype = dtype
  }

  init(rng: Rng): AffineParams {
    const { inputs, outputs, weights, dtype } = this
    return {
      W: initialWeights(rng, [inputs, outputs], weights, { dtype }),
      b: zeros([outputs], { dtype }),
    }
  }

  forward<X extends Value, Q extends Given<AffineParams>>(params: Q, x: X): Output<X, Q>
  forward({ W, b }: Given<AffineParams>, x: Value): Value {
    this.checkParameter('W', W, [this.inputs, this.outputs])
    this.checkParameter('b', b, [this.outputs])
    const leading = this.leadingShape(x)
    if (leading.length <= 1) return add(matmul(x, W), b)
    // One product of all rows: batched, the derivative by W would be a matrix for each and their sum.
    const rows = leading.reduce((count, size) => count * size, 1)
    const product = matmul(reshape(x, [rows, this.inputs]), W)
    return reshape(add(product, b), [...leading, this.outputs])
  }

  override toString(): string {
    return `Affine(${this.inputs}, ${this.outputs})`
  }

  /** @internal The shape of x without its last axis. Throws ShapeError where that isn't of size `inputs`. */
  leadingShape(x: Value): number[] {
    if (isValue(x) && shapeOf(x).at(-1) === this.inputs) return shapeOf(x).slice(0, -1)
    throw new ShapeError(
      'LAYER_INPUT',
      `${this.toString()}: x is ${describe(x)}; wants shape [..., ${this.inputs}]`,
    )
  }

  private checkParameter(name: string, parameter: Value, shape: readonly number[]): void {
    if (isValue(parameter) && sameShape(shapeOf(parameter), shape)) return
    throw new ShapeError(
      'LAYER_PARAMETER',
      `${this.toString()}: parameter ${name} is ${describe(parameter)}; wants shape ${formatShape(shape)}, as init(rng) gives it`,
    )
  }
}
