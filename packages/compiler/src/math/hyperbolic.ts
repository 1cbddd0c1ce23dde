/** Hyperbolic functions, from e to the power of |x| and that less 1, which is exact near 0. */
import { exponentialParts } from './exp.js'
import { choose, withSignOf, type Lanes } from './lanes.js'
import type { UnaryFormula } from './vectorFunction.js'

/** (eˣ − e⁻ˣ) / 2 = 2 (q + q / (1 + 4q)), where q = (eˣ − 1) / 4 */
export const sinh: UnaryFormula = (lanes, code, x) => {
  const { add, mul, div, constant } = lanes
  const operand = code.keep('operand', x)
  const magnitude = code.keep('magnitude', lanes.abs(operand))
  const { quarterLessOne } = exponentialParts(lanes, code, lanes.pmin(magnitude, constant(overflow(lanes))))
  const quotient = div(quarterLessOne, add(constant(1), mul(constant(4), quarterLessOne)))
  const half = code.keep('half', add(quarterLessOne, quotient))
  // Tiny numbers are their own results, and a quarter of a subnormal number would lose digits.
  const tiny = lanes.lt(magnitude, constant(lanes.precision === 'single' ? 2 ** -13 : 2 ** -28))
  return withSignOf(lanes, choose(tiny, magnitude, add(half, half)), operand)
}

/** (eˣ + e⁻ˣ) / 2 = 2q + 1 / 8q, where q = eˣ / 4 */
export const cosh: UnaryFormula = (lanes, code, x) => {
  const { add, div, constant } = lanes
  const { quarter } = exponentialParts(lanes, code, lanes.pmin(lanes.abs(x), constant(overflow(lanes))))
  const kept = code.keep('quarter', quarter)
  return add(add(kept, kept), div(constant(0.125), kept))
}

/** (e²ˣ − 1) / (e²ˣ + 1) = E / (E + 2), where E = e²ˣ − 1; what rounding E + 2 has lost is made good. */
export const tanh: UnaryFormula = (lanes, code, x) => {
  const { add, sub, mul, div, constant } = lanes
  const two = constant(2)
  const operand = code.keep('operand', x)
  const magnitude = code.keep('magnitude', lanes.abs(operand))
  const twice = lanes.pmin(add(magnitude, magnitude), constant(50))
  const lessOne = code.keep('lessOne', exponentialParts(lanes, code, twice).lessOne)
  const denominator = code.keep('denominator', add(lessOne, two))
  const quotient = code.keep('quotient', div(lessOne, denominator))
  const lost = sub(lessOne, sub(denominator, two))
  const half = constant(0.5)
  // (1 − quotient) / 2 is 1 / denominator.
  const inverse = sub(half, mul(quotient, half))
  return withSignOf(lanes, sub(quotient, mul(mul(quotient, inverse), lost)), operand)
}

/** An argument at which sinh and cosh are infinite. */
function overflow({ precision }: Lanes): number {
  return precision === 'single' ? 89.5 : 710.5
}
