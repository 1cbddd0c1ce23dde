/** Elementwise arithmetic of two values: add, sub, mul, div, pow, maximum, minimum, atan2. */
import { equal, greater, less, logicalAnd, where } from './comparison.js'
import type { BinaryOperation } from '../elementwise.js'
import { defineBinaryElementwise, zeroOf } from '../elementwise.js'
import type { Value } from '../value.js'
import { log, neg, square } from './elementwise.js'

/** x + y, with broadcasting. int with int stays int; bool counts as int32. */
export const add: BinaryOperation = defineBinaryElementwise({
  name: 'add',
  dtype: 'arithmetic',
  number: (x, y) => x + y,
  row: (out, o, x, p, xStep, y, q, yStep, count) => {
    for (let i = 0; i < count; i++) out[o + i] = x[p + i * xStep] + y[q + i * yStep]
  },
  derivative: [(flow) => flow, (flow) => flow],
})

/** x − y, with broadcasting. int with int stays int; bool counts as int32. */
export const sub: BinaryOperation = defineBinaryElementwise({
  name: 'sub',
  dtype: 'arithmetic',
  number: (x, y) => x - y,
  row: (out, o, x, p, xStep, y, q, yStep, count) => {
    for (let i = 0; i < count; i++) out[o + i] = x[p + i * xStep] - y[q + i * yStep]
  },
  derivative: [(flow) => flow, (flow) => neg(flow)],
})

/** x · y elementwise, with broadcasting. int with int stays int; bool counts as int32. */
export const mul: BinaryOperation = defineBinaryElementwise({
  name: 'mul',
  dtype: 'arithmetic',
  number: (x, y) => x * y,
  int32: Math.imul,
  row: (out, o, x, p, xStep, y, q, yStep, count) => {
    for (let i = 0; i < count; i++) out[o + i] = x[p + i * xStep] * y[q + i * yStep]
  },
  derivative: [(flow, _x, y) => mul(flow, y), (flow, x) => mul(flow, x)],
})

/** x / y elementwise, with broadcasting. Integers give float32. */
export const div: BinaryOperation = defineBinaryElementwise({
  name: 'div',
  dtype: 'float',
  number: (x, y) => x / y,
  row: (out, o, x, p, xStep, y, q, yStep, count) => {
    for (let i = 0; i < count; i++) out[o + i] = x[p + i * xStep] / y[q + i * yStep]
  },
  derivative: [(flow, _x, y) => div(flow, y), (flow, _x, y, output) => neg(div(mul(flow, output), y))],
})

/** Where x⁰ = 1 has derivative 0 by x, but y · xʸ⁻¹ would be 0 · ∞. */
const isZeroToZero = (x: Value, y: Value): Value => logicalAnd(equal(x, 0), equal(y, 0))

/**
 * x to the power y elementwise, with broadcasting, as Math.pow has it. The derivative of 0⁰ by x is 0, and where x is
 * 0 the derivative by y is 0, so that 0⁰ and 0ʸ have finite derivatives.
 */
export const pow: BinaryOperation = defineBinaryElementwise({
  name: 'pow',
  dtype: 'arithmetic',
  number: (x, y) => x ** y,
  derivative: [
    (flow, x, y, output) => mul(flow, mul(y, pow(x, where(isZeroToZero(x, y), zeroOf(output), sub(y, 1))))),
    (flow, x, _y, output) => mul(flow, where(equal(x, 0), 0, mul(output, log(where(equal(x, 0), 1, x))))),
  ],
})

/** Where `x` is beyond `y` it was chosen and takes all of `flow`; where they are equal, each takes half. */
const share = (beyond: BinaryOperation, flow: Value, x: Value, y: Value, output: Value): Value =>
  where(beyond(x, y), flow, where(equal(x, y), mul(flow, 0.5), zeroOf(output)))

/** The larger of x and y elementwise, with broadcasting; NaN where either is. Equal operands share the derivative. */
export const maximum: BinaryOperation = defineBinaryElementwise({
  name: 'maximum',
  dtype: 'same',
  number: (x, y) => Math.max(x, y),
  derivative: [
    (flow, x, y, output) => share(greater, flow, x, y, output),
    (flow, x, y, output) => share(greater, flow, y, x, output),
  ],
})

/** The smaller of x and y elementwise, with broadcasting; NaN where either is. Equal operands share the derivative. */
export const minimum: BinaryOperation = defineBinaryElementwise({
  name: 'minimum',
  dtype: 'same',
  number: (x, y) => Math.min(x, y),
  derivative: [
    (flow, x, y, output) => share(less, flow, x, y, output),
    (flow, x, y, output) => share(less, flow, y, x, output),
  ],
})

/** The angle of the point (y, x) from the positive x axis, atan2(y, x), in radians from −π to π. Integers give float32. */
export const atan2: BinaryOperation = defineBinaryElementwise({
  name: 'atan2',
  dtype: 'float',
  number: Math.atan2,
  derivative: [
    (flow, y, x) => div(mul(flow, x), add(square(x), square(y))),
    (flow, y, x) => neg(div(mul(flow, y), add(square(x), square(y)))),
  ],
})
