/** The error function. */
import { coefficients } from './coefficients.js'
import { exp } from './exp.js'
import { choose, withSignOf } from './lanes.js'
import { polynomial } from './polynomial.js'
import type { UnaryFormula } from './vectorFunction.js'

/**
 * 2/√π ∫₀ˣ exp(−t²) dt: up to 1 as x and x times a polynomial in x², beyond as 1 − exp(−x²) times a polynomial in
 * (x − 2) / (x + 2), the variable of Schonfelder, Chebyshev expansions for the error and related functions, 1978.
 */
export const erf: UnaryFormula = (lanes, code, x) => {
  const { add, sub, mul, constant, precision } = lanes
  const operand = code.keep('operand', x)
  const one = constant(1)
  const magnitude = code.keep('magnitude', lanes.abs(operand))
  const square = code.keep('square', mul(magnitude, magnitude))
  const excess = polynomial(lanes, code, square, coefficients.erf[precision])
  const near = add(magnitude, mul(magnitude, excess))
  // From 6 on the result is 1 to the last bit of a float64.
  const limited = code.keep('limited', lanes.pmin(magnitude, constant(6)))
  const two = constant(2)
  const t = lanes.div(sub(limited, two), add(limited, two))
  const decay = code.keep('decay', exp(lanes, code, lanes.neg(mul(limited, limited))))
  const far = sub(one, mul(decay, polynomial(lanes, code, t, coefficients.erfc[precision])))
  return withSignOf(lanes, choose(lanes.lt(magnitude, one), near, far), operand)
}
