/** The sign of a number. */
import { choose, withSignOf } from './lanes.js'
import type { UnaryFormula } from './vectorFunction.js'

/** 1 with the sign of x; zeros and NaN stay. */
export const sign: UnaryFormula = (lanes, code, x) => {
  const operand = code.keep('operand', x)
  const isSigned = lanes.gt(lanes.abs(operand), lanes.constant(0))
  return choose(isSigned, withSignOf(lanes, lanes.constant(1), operand), operand)
}
