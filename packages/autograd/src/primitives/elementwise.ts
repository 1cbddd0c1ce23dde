/** Elementwise functions of one value. Integers give float32 except where the doc says they stay. */
import { erf as erfOf } from '../special.js'
import type { UnaryOperation } from '../elementwise.js'
import { defineUnaryElementwise } from '../elementwise.js'
import { add, div, mul, sub } from './arithmetic.js'
import { greater, where } from './comparison.js'

/** −x. Integers stay. */
export const neg: UnaryOperation = defineUnaryElementwise({
  name: 'neg',
  dtype: 'arithmetic',
  number: (x) => -x,
  derivative: (flow) => neg(flow),
})

/** |x|, with derivative 0 at 0. Integers stay. */
export const abs: UnaryOperation = defineUnaryElementwise({
  name: 'abs',
  dtype: 'arithmetic',
  number: Math.abs,
  derivative: (flow, x) => mul(flow, sign(x)),
})

/** −1, 0 or 1 by the sign of x, NaN for NaN; its derivative is 0 everywhere. Integers stay. */
export const sign: UnaryOperation = defineUnaryElementwise({
  name: 'sign',
  dtype: 'arithmetic',
  number: Math.sign,
  derivative: null,
})

/** eˣ. */
export const exp: UnaryOperation = defineUnaryElementwise({
  name: 'exp',
  dtype: 'float',
  number: Math.exp,
  derivative: (flow, _x, output) => mul(flow, output),
})

/** eˣ − 1, accurate near 0. */
export const expm1: UnaryOperation = defineUnaryElementwise({
  name: 'expm1',
  dtype: 'float',
  number: Math.expm1,
  derivative: (flow, _x, output) => mul(flow, add(output, 1)),
})

/** The natural logarithm of x: −∞ at 0, NaN below. */
export const log: UnaryOperation = defineUnaryElementwise({
  name: 'log',
  dtype: 'float',
  number: Math.log,
  derivative: (flow, x) => div(flow, x),
})

/** log(1 + x), accurate near 0. */
export const log1p: UnaryOperation = defineUnaryElementwise({
  name: 'log1p',
  dtype: 'float',
  number: Math.log1p,
  derivative: (flow, x) => div(flow, add(x, 1)),
})

/** √x, NaN below 0; the derivative at 0 is infinite. */
export const sqrt: UnaryOperation = defineUnaryElementwise({
  name: 'sqrt',
  dtype: 'float',
  number: Math.sqrt,
  derivative: (flow, _x, output) => div(mul(flow, 0.5), output),
})

/** x². Integers stay. */
export const square: UnaryOperation = defineUnaryElementwise({
  name: 'square',
  dtype: 'arithmetic',
  number: (x) => x * x,
  int32: (x) => Math.imul(x, x),
  derivative: (flow, x) => mul(flow, mul(x, 2)),
})

/** 1/x. */
export const reciprocal: UnaryOperation = defineUnaryElementwise({
  name: 'reciprocal',
  dtype: 'float',
  number: (x) => 1 / x,
  derivative: (flow, _x, output) => neg(mul(flow, square(output))),
})

/** The sine of x in radians. */
export const sin: UnaryOperation = defineUnaryElementwise({
  name: 'sin',
  dtype: 'float',
  number: Math.sin,
  derivative: (flow, x) => mul(flow, cos(x)),
})

/** The cosine of x in radians. */
export const cos: UnaryOperation = defineUnaryElementwise({
  name: 'cos',
  dtype: 'float',
  number: Math.cos,
  derivative: (flow, x) => neg(mul(flow, sin(x))),
})

/** The tangent of x in radians. */
export const tan: UnaryOperation = defineUnaryElementwise({
  name: 'tan',
  dtype: 'float',
  number: Math.tan,
  derivative: (flow, _x, output) => mul(flow, add(square(output), 1)),
})

/** The angle from −π/2 to π/2 whose sine is x; NaN outside −1…1. */
export const asin: UnaryOperation = defineUnaryElementwise({
  name: 'asin',
  dtype: 'float',
  number: Math.asin,
  derivative: (flow, x) => div(flow, sqrt(sub(1, square(x)))),
})

/** The angle from 0 to π whose cosine is x; NaN outside −1…1. */
export const acos: UnaryOperation = defineUnaryElementwise({
  name: 'acos',
  dtype: 'float',
  number: Math.acos,
  derivative: (flow, x) => neg(div(flow, sqrt(sub(1, square(x))))),
})

/** The angle from −π/2 to π/2 whose tangent is x. */
export const atan: UnaryOperation = defineUnaryElementwise({
  name: 'atan',
  dtype: 'float',
  number: Math.atan,
  derivative: (flow, x) => div(flow, add(square(x), 1)),
})

/** The hyperbolic sine, (eˣ − e⁻ˣ) / 2. */
export const sinh: UnaryOperation = defineUnaryElementwise({
  name: 'sinh',
  dtype: 'float',
  number: Math.sinh,
  derivative: (flow, x) => mul(flow, cosh(x)),
})

/** The hyperbolic cosine, (eˣ + e⁻ˣ) / 2. */
export const cosh: UnaryOperation = defineUnaryElementwise({
  name: 'cosh',
  dtype: 'float',
  number: Math.cosh,
  derivative: (flow, x) => mul(flow, sinh(x)),
})

/** The hyperbolic tangent, sinh x / cosh x. */
export const tanh: UnaryOperation = defineUnaryElementwise({
  name: 'tanh',
  dtype: 'float',
  number: Math.tanh,
  derivative: (flow, _x, output) => mul(flow, sub(1, square(output))),
})

/** The error function, 2/√π ∫₀ˣ exp(−t²) dt. */
export const erf: UnaryOperation = defineUnaryElementwise({
  name: 'erf',
  dtype: 'float',
  number: erfOf,
  derivative: (flow, x) => mul(flow, mul(2 / Math.sqrt(Math.PI), exp(neg(square(x))))),
})

/** The largest whole number not above x; its derivative is 0 everywhere. Integers stay. */
export const floor: UnaryOperation = defineUnaryElementwise({
  name: 'floor',
  dtype: 'same',
  number: Math.floor,
  derivative: null,
})

/** The smallest whole number not below x; its derivative is 0 everywhere. Integers stay. */
export const ceil: UnaryOperation = defineUnaryElementwise({
  name: 'ceil',
  dtype: 'same',
  number: Math.ceil,
  derivative: null,
})

/** The nearest whole number, halves to the even one as IEEE 754 and NumPy round; its derivative is 0. Integers stay. */
export const round: UnaryOperation = defineUnaryElementwise({
  name: 'round',
  dtype: 'same',
  number: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  derivative: null,
})

/** max(x, 0), with derivative 0 at 0. Integers stay. */
export const relu: UnaryOperation = defineUnaryElementwise({
  name: 'relu',
  dtype: 'arithmetic',
  // Written so that NaN stays NaN.
  number: (x) => (x <= 0 ? 0 : x),
  loop: (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = x[i] <= 0 ? 0 : x[i]
  },
  derivative: (flow, x) => where(greater(x, 0), flow, 0),
})

/** 1 / (1 + e⁻ˣ), computed without overflow. */
export const sigmoid: UnaryOperation = defineUnaryElementwise({
  name: 'sigmoid',
  dtype: 'float',
  number: (x) => {
    // e to a positive power could overflow, so each half uses the negative one.
    const decay = Math.exp(-Math.abs(x))
    return (x >= 0 ? 1 : decay) / (1 + decay)
  },
  derivative: (flow, _x, output) => mul(flow, mul(output, sub(1, output))),
})

/** log(1 + eˣ), computed without overflow as max(x, 0) + log1p(e⁻|ˣ|). */
export const softplus: UnaryOperation = defineUnaryElementwise({
  name: 'softplus',
  dtype: 'float',
  number: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  derivative: (flow, x) => mul(flow, sigmoid(x)),
})
