/** Initial weights: random, with a deviation that keeps signals alive through layers of the given sizes. */
import type { DTypeOption, Rng, Shape } from '@tapegrad/autograd'
import { ArgumentError, ShapeError, Tensor, cast, normal } from '@tapegrad/autograd'
import { formatShape } from '@tapegrad/autograd/tracing'
import { describe, sameShape } from './messages.js'

/**
 * How weights of shape [inputs, outputs] begin: normally distributed around 0 with a standard deviation of
 * - `'he'`: √(2 / inputs), for layers followed by ReLU (He, Zhang, Ren and Sun, 2015);
 * - `'xavier'`: √(2 / (inputs + outputs)), for sigmoid and tanh (Glorot and Bengio, 2010; the book simplifies it
 *   to √(1 / inputs), the same where both sizes are);
 * - a number: that number;
 *
 * or as a function gives them, which returns a tensor of that shape.
 */
export type InitialWeights = 'he' | 'xavier' | number | ((rng: Rng, shape: Shape) => Tensor)

/** Where there are no weights, any finite deviation will do. */
const deviations: Record<'he' | 'xavier', (inputs: number, outputs: number) => number> = {
  he: (inputs) => Math.sqrt(2 / Math.max(inputs, 1)),
  xavier: (inputs, outputs) => Math.sqrt(2 / Math.max(inputs + outputs, 1)),
}

/**
 * Weights of shape [inputs, outputs], float32 unless said otherwise; the result of a function is cast. Throws
 * ArgumentError for an unknown kind of weights or a deviation below 0, ShapeError where a function doesn't return a
 * tensor of the shape, DTypeError where weights are to be drawn in a dtype that is no float.
 */
export function initialWeights(
  rng: Rng,
  [inputs, outputs]: readonly [inputs: number, outputs: number],
  weights: InitialWeights,
  { dtype = 'float32' }: DTypeOption = {},
): Tensor {
  checkInitialWeights('initialWeights', weights)
  const shape = [inputs, outputs]
  if (typeof weights === 'function') return cast(checkTensor(weights(rng, shape), shape), dtype)
  const deviation = typeof weights === 'number' ? weights : deviations[weights](inputs, outputs)
  return normal(rng, shape, { deviation, dtype })
}

/** Throws ArgumentError, in the name of the caller, for weights of a kind that there isn't. */
export function checkInitialWeights(caller: string, weights: unknown): void {
  const isKnown =
    typeof weights === 'number'
      ? weights >= 0 && weights < Infinity
      : typeof weights === 'function' || (typeof weights === 'string' && Object.hasOwn(deviations, weights))
  if (!isKnown)
    throw new ArgumentError(
      'INITIAL_WEIGHTS',
      `${caller}: weights is ${String(weights)}; wants 'he', 'xavier', a finite standard deviation of at least 0, ` +
        'or a function (rng, shape) => Tensor',
    )
}

function checkTensor(made: unknown, shape: Shape): Tensor {
  if (made instanceof Tensor && sameShape(made.shape, shape)) return made
  throw new ShapeError(
    'INITIAL_WEIGHTS_SHAPE',
    `initialWeights: the function returned ${describe(made)}; wants a tensor of shape ${formatShape(shape)}`,
  )
}
