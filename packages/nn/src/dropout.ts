/** Dropout: random zeros in training, so that no unit can rely on another. */
import type { Rng, Value } from '@tapegrad/autograd'
import { ArgumentError, ShapeError, bernoulli, dtypeOf, isValue, mul, shapeOf } from '@tapegrad/autograd'
import type { Applied, ApplyOptions, Layer, Nothing, Output } from './layer.js'
import { describe } from './messages.js'

/**
 * In training each element of x, of any shape, becomes 0 with probability `rate`, independently, and the others
 * become x / (1 − rate), so that the mean stays what it is (Srivastava and others, 2014; inverted: scaled in training
 * rather than in use). The derivative goes by the same mask. In use, and with rate 0, the output is x itself and
 * nothing is drawn. No parameters; integers give float32 in training.
 *
 * Throws ArgumentError for a rate outside [0, 1), where 1 would leave nothing to scale up; `apply` in training throws
 * ArgumentError without an `rng`, which it moves on, and ShapeError for an x that is no tensor.
 */
export class Dropout implements Layer<Nothing, Nothing> {
  constructor(readonly rate: number) {
    if (!(typeof rate === 'number' && rate >= 0 && rate < 1))
      throw new ArgumentError(
        'DROPOUT_RATE',
        `Dropout: rate is ${String(rate)}; wants the fraction to drop, a number from 0 to below 1`,
      )
  }

  init(): Nothing {
    return {}
  }

  initState(): Nothing {
    return {}
  }

  apply<X extends Value, Q extends Nothing>(
    params: Q,
    state: Nothing,
    x: X,
    options?: ApplyOptions,
  ): Applied<Output<X, Q>, Nothing>
  apply(
    _params: Nothing,
    state: Nothing,
    x: Value,
    { training = false, rng }: ApplyOptions = {},
  ): Applied<Value, Nothing> {
    return { output: training && this.rate > 0 ? this.drop(x, rng) : x, state }
  }

  forward<X extends Value, Q extends Nothing>(params: Q, x: X): Output<X, Q> {
    return this.apply(params, {}, x).output
  }

  toString(): string {
    return `Dropout(${this.rate})`
  }

  private drop(x: Value, rng: Rng | undefined): Value {
    if (rng === undefined)
      throw new ArgumentError(
        'DROPOUT_RNG',
        `${this.toString()}: got no rng in training; wants apply(params, state, x, { training: true, rng: rng(seed) })`,
      )
    if (!isValue(x) || typeof x === 'number')
      throw new ShapeError('LAYER_INPUT', `${this.toString()}: x is ${describe(x)}; wants a tensor`)
    const kept = 1 - this.rate
    const dtype = dtypeOf(x) === 'float64' ? 'float64' : 'float32'
    // The mask is scaled rather than x: it is no variable, so that a tape records one product.
    const mask = mul(bernoulli(rng, shapeOf(x), { probability: kept, dtype }), 1 / kept)
    return mul(x, mask)
  }
}
