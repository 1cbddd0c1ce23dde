/** Gradient descent: every parameter goes a step against its gradient. */
import type { TypedArray, Value } from '@tapegrad/autograd'
import { ArgumentError, ShapeError, Tensor, mul, sub, tensor } from '@tapegrad/autograd'
import { allocate, floatOf, formatShape } from '@tapegrad/autograd/tracing'
import type { Optimizer } from './optimizer.js'
import { zipTrees } from './zipTrees.js'

export interface SgdOptions {
  /** The learning rate: how far a step goes, as a multiple of the gradient. */
  readonly rate: number
}

/** Gradient descent remembers nothing. */
export type SgdState = Readonly<Record<string, never>>

/**
 * Gradient descent, stochastic where the gradients are those of random batches: x ← x − rate · ∂L/∂x for each
 * parameter. A tensor's elements are computed in float64 and rounded once, to its own dtype.
 *
 * Throws ArgumentError for a rate that isn't a finite number above 0. `update` throws ArgumentError where the
 * gradients' structure, ShapeError where a gradient's shape or dtype isn't its parameter's.
 */
export function sgd({ rate }: SgdOptions): Optimizer<SgdState> {
  if (!Number.isFinite(rate) || rate <= 0)
    throw new ArgumentError('RATE', `sgd: rate is ${String(rate)}; wants a finite number above 0`)
  return {
    init: () => ({}),
    update: (params, gradients, state) => ({
      params: zipTrees('sgd', params, gradients, (x, gradient, path) => descend(x, gradient, rate, path)),
      state,
    }),
  }
}

function descend(x: Value, gradient: Value, rate: number, path: string): Value {
  // One loop without temporaries for what training has; numbers, and variables of a tape, go by the operations.
  if (!(x instanceof Tensor && gradient instanceof Tensor)) return sub(x, mul(rate, gradient))
  if (x.dtype !== gradient.dtype || formatShape(x.shape) !== formatShape(gradient.shape))
    throw new ShapeError(
      'GRADIENT_SHAPE',
      `sgd: parameter${path === '' ? '' : ` ${path}`} is ${x.dtype} ${formatShape(x.shape)}, its gradient ` +
        `${gradient.dtype} ${formatShape(gradient.shape)}; wants both alike`,
    )
  const out = allocate(floatOf(x.dtype), x.size)
  descendInto(out, x.data, gradient.data, rate)
  return tensor(out, { shape: x.shape })
}

function descendInto(out: TypedArray, x: TypedArray, gradient: TypedArray, rate: number): void {
  for (let i = 0; i < out.length; i++) out[i] = x[i] - rate * gradient[i]
}
