/** Elementwise functions made of others: the activations beyond relu and sigmoid, and clip. */
import { add, div, mul } from '../primitives/arithmetic.js'
import { greater, less, where } from '../primitives/comparison.js'
import { erf, expm1, neg, sigmoid, softplus } from '../primitives/elementwise.js'
import type { Join, Value } from '../value.js'
import { checkValue } from '../value.js'

/** log sigmoid(x) = −softplus(−x), without overflow. */
export function logSigmoid<A extends Value>(x: A): Join<A>
export function logSigmoid(x: Value): Value {
  checkValue('logSigmoid', x)
  return neg(softplus(neg(x)))
}

/** The exact Gaussian error linear unit, x · Φ(x) = x · (1 + erf(x / √2)) / 2 (Hendrycks and Gimpel, 2016). */
export function gelu<A extends Value>(x: A): Join<A>
export function gelu(x: Value): Value {
  checkValue('gelu', x)
  return mul(mul(x, 0.5), add(erf(div(x, Math.SQRT2)), 1))
}

/** The sigmoid linear unit, x · sigmoid(x), also known as swish. */
export function silu<A extends Value>(x: A): Join<A>
export function silu(x: Value): Value {
  checkValue('silu', x)
  return mul(x, sigmoid(x))
}

/** x where it is positive, else slope · x; its derivative at 0 is the slope. */
export function leakyRelu<A extends Value>(x: A, slope?: number): Join<A>
export function leakyRelu(x: Value, slope = 0.01): Value {
  checkValue('leakyRelu', x)
  return where(greater(x, 0), x, mul(x, slope))
}

/** x where it is positive, else alpha · (eˣ − 1) (Clevert, Unterthiner and Hochreiter, 2015); its derivative at 0 is alpha. */
export function elu<A extends Value>(x: A, alpha?: number): Join<A>
export function elu(x: Value, alpha = 1): Value {
  checkValue('elu', x)
  const isPositive = greater(x, 0)
  // Where x is positive the other branch is fed 0: its exponential could overflow, and ∞ · 0 is NaN.
  return where(isPositive, x, mul(expm1(where(isPositive, 0, x)), alpha))
}

/**
 * x, but at least `min` and at most `max`, with broadcasting; the derivative by x is 1 from `min` to `max`, both
 * included, and 0 outside, where it goes to the bound instead. NaN stays NaN.
 */
export function clip<A extends Value, B extends Value, C extends Value>(
  x: A,
  min: B,
  max: C,
): Join<Join<A, B>, C>
export function clip(x: Value, min: Value, max: Value): Value {
  checkValue('clip', x)
  return where(less(x, min), min, where(greater(x, max), max, x))
}
