/**
 * Logarithms. x = 2ᵏ (1 + f) with 1 + f from √½ to √2, and with s = f / (2 + f), log(1 + f) = 2 artanh(s) = 2s + s³ P(s²).
 * Written as f − (f²/2 − s (f²/2 + s² P)), its first term is exact.
 */
import { v128 } from '@tapegrad/kernels/assembler'
import { coefficients } from './coefficients.js'
import { exp, ln2 } from './exp.js'
import { choose, withSignOf, type Lanes, type Vector } from './lanes.js'
import { polynomial } from './polynomial.js'
import type { Code, UnaryFormula } from './vectorFunction.js'

/** log x */
export const log: UnaryFormula = (lanes, code, x) => {
  const operand = code.keep('operand', x)
  const { exponent, significand } = splitExponent(lanes, code, operand)
  const f = code.keep('f', lanes.sub(significand, lanes.constant(1)))
  return finish(lanes, operand, assemble(lanes, code, exponent, f))
}

/** log(1 + x): where 1 + x is rounded, what it loses is added to the logarithm of the rounded sum. */
export const log1p: UnaryFormula = (lanes, code, x) => {
  const { add, sub, constant } = lanes
  const operand = code.keep('operand', x)
  const sum = code.keep('sum', add(operand, constant(1)))
  const { exponent, significand } = splitNormal(lanes, code, sum)
  const near = code.keep('near', lanes.eq(exponent, constant(0)))
  const f = code.keep('f', choose(near, operand, sub(significand, constant(1))))
  const lost = lanes.div(sub(operand, sub(sum, constant(1))), sum)
  const result = assemble(lanes, code, exponent, f, v128.andnot(lost, near))
  // Only −0 gets a sign that it doesn't have.
  return withSignOf(lanes, finish(lanes, sum, result), operand)
}

/**
 * log(1 + eˣ) = max(x, 0) + log(1 + d), where d = e⁻|ˣ|. As d is at most 1, k is 0 or 1, and where it is 1, 1 + d is
 * 2 (1 + f) with f = (d − 1) / 2.
 */
export const softplus: UnaryFormula = (lanes, code, x) => {
  const { sub, mul, constant } = lanes
  const operand = code.keep('operand', x)
  const one = constant(1)
  const decay = code.keep('decay', exp(lanes, code, lanes.neg(lanes.abs(operand))))
  const isDoubled = code.keep('isDoubled', lanes.gt(decay, constant(Math.SQRT2 - 1)))
  const f = code.keep('f', choose(isDoubled, mul(sub(decay, one), constant(0.5)), decay))
  const rest = assemble(lanes, code, v128.and(isDoubled, one), f)
  return lanes.add(lanes.pmax(operand, constant(0)), rest)
}

/** The parts of a positive number x = 2ᵏ m, with m from √½ to √2. */
export interface Split {
  /** k */
  readonly exponent: Vector
  /** m */
  readonly significand: Vector
}

/** The parts of any positive number. Subnormal ones are multiplied to normal ones first; wide lanes have none. */
export function splitExponent(lanes: Lanes, code: Code, x: Vector): Split {
  if (lanes.wide) return splitNormal(lanes, code, x)
  const { constant, sub, mul, fractionBits } = lanes
  const shift = fractionBits + 1
  const subnormal = code.keep('subnormal', lanes.lt(x, constant(2 ** (1 - lanes.exponentBias))))
  const normal = choose(subnormal, mul(x, constant(2 ** shift)), x)
  const { exponent, significand } = splitNormal(lanes, code, normal)
  const corrected = sub(exponent, v128.and(subnormal, constant(shift)))
  return { exponent: code.keep('exponent', corrected), significand }
}

/** The parts of a number that isn't subnormal: added to its bits, 1 less √½ takes those of k to the exponent's place. */
function splitNormal(lanes: Lanes, code: Code, x: Vector): Split {
  const { constant, fractionBits } = lanes
  const rootHalf = constant(Math.SQRT1_2)
  const moved = code.keep('moved', lanes.addBits(lanes.subBits(x, rootHalf), constant(1)))
  const fraction = v128.and(moved, lanes.bits((1n << BigInt(fractionBits)) - 1n))
  // Beneath the exponent of 2ᶠ, f the bits of a fraction, a whole number is added to 2ᶠ by writing down its bits.
  const offset = 2 ** fractionBits
  const biased = v128.or(lanes.shiftRight(moved, fractionBits), constant(offset))
  return {
    exponent: code.keep('exponent', lanes.sub(biased, constant(offset + lanes.exponentBias))),
    significand: lanes.addBits(fraction, rootHalf),
  }
}

/** k ln 2 + log(1 + f) + lost */
function assemble(lanes: Lanes, code: Code, exponent: Vector, f: Vector, lost?: Vector): Vector {
  const { add, sub, mul, constant } = lanes
  const k = code.keep('k', exponent)
  const s = code.keep('s', lanes.div(f, add(constant(2), f)))
  const z = code.keep('z', mul(s, s))
  const series = mul(z, polynomial(lanes, code, z, coefficients.log[lanes.precision]))
  const halfSquare = code.keep('halfSquare', mul(mul(f, f), constant(0.5)))
  const { high, low } = ln2[lanes.fractionBits]
  const small = lost === undefined ? mul(k, constant(low)) : add(mul(k, constant(low)), lost)
  const correction = sub(halfSquare, add(mul(s, add(halfSquare, series)), small))
  return sub(mul(k, constant(high)), sub(correction, f))
}

/** The result where x is positive and finite; −∞ at 0, NaN below, and x where it is infinite or NaN. */
function finish(lanes: Lanes, x: Vector, result: Vector): Vector {
  const zero = lanes.constant(0)
  const infinity = lanes.constant(Infinity)
  const ordinary = v128.and(lanes.gt(x, zero), lanes.lt(x, infinity))
  // A lane of all ones is a NaN.
  const special = choose(lanes.eq(x, zero), lanes.constant(-Infinity), v128.or(x, lanes.lt(x, zero)))
  return choose(ordinary, result, special)
}
