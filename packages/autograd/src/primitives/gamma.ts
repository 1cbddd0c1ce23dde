/** The gamma family: logGamma, and its derivatives digamma and polygamma. Integers give float32. */
import { allocate, floatOf } from '../dtype.js'
import type { UnaryOperation } from '../elementwise.js'
import { defineUnaryElementwise } from '../elementwise.js'
import { ArgumentError } from '../errors.js'
import * as ofNumber from '../gammaFunctions.js'
import type { UnaryRule } from '../primitive.js'
import { defineUnary } from '../primitive.js'
import { Tensor } from '../tensor.js'
import type { Join, Value } from '../value.js'
import { checkValue } from '../value.js'
import { mul } from './arithmetic.js'

/**
 * log |Γ(x)|: ∞ at the poles 0, −1, −2, …, where the derivative is NaN; NaN at −∞. Its derivative is digamma.
 * Computed as NIST's Digital Library of Mathematical Functions has it (dlmf.nist.gov/5).
 */
export const logGamma: UnaryOperation = defineUnaryElementwise({
  name: 'logGamma',
  dtype: 'float',
  number: ofNumber.logGamma,
  derivative: (flow, x) => mul(flow, digamma(x)),
})

/** ψ(x), the derivative of log Γ(x): NaN at the poles 0, −1, −2, … and at −∞. Its derivative is polygamma of order 1. */
export const digamma: UnaryOperation = defineUnaryElementwise({
  name: 'digamma',
  dtype: 'float',
  number: ofNumber.digamma,
  derivative: (flow, x) => mul(flow, polygamma(1, x)),
})

interface Polygamma {
  readonly order: number
}

const differentiatePolygamma: UnaryRule<Polygamma> = (flow, x, _output, { order }) =>
  mul(flow, polygamma(order + 1, x))

const polygammaOf = defineUnary<Polygamma>({
  name: 'polygamma',
  infer: ([x]) => (x.kind === 'number' ? x : { kind: 'tensor', shape: x.shape, dtype: floatOf(x.dtype) }),
  number: (x, { order }) => ofNumber.polygamma(order, x),
  tensor: (x, { shape, dtype }, { order }) => {
    const out = allocate(dtype, x.size)
    for (let i = 0; i < out.length; i++) out[i] = ofNumber.polygamma(order, x.data[i])
    return new Tensor(out, shape, dtype)
  },
  reverse: differentiatePolygamma,
  forward: differentiatePolygamma,
})

/**
 * ψ⁽ⁿ⁾(x), the derivative of order n of digamma, which is that of order 0. At the poles 0, −1, −2, … it is ∞ for odd
 * orders and NaN for even ones; NaN at −∞. Its derivative is polygamma of the next order. Throws ArgumentError for
 * an order that is no whole number from 0.
 */
export function polygamma<A extends Value>(order: number, x: A): Join<A>
export function polygamma(order: number, x: Value): Value {
  checkValue('polygamma', x)
  if (!Number.isSafeInteger(order) || order < 0)
    throw new ArgumentError(
      'POLYGAMMA_ORDER',
      `polygamma: order is ${order}; wants a whole number of at least 0, before the value`,
    )
  return polygammaOf(x, { order })
}
