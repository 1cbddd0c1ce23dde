/** Inverse sine, cosine and tangent, and the angle of a point. */
import { v128 } from '@tapegrad/kernels/assembler'
import { coefficients } from './coefficients.js'
import { choose, signBit, withSignOf, type Lanes, type Vector } from './lanes.js'
import { polynomial } from './polynomial.js'
import type { BinaryFormula, Code, UnaryFormula } from './vectorFunction.js'

/** What each type loses of π; of π / 2ᵏ it loses 2⁻ᵏ times that. */
const piLost = { 23: -8.742278000372485e-8, 52: 1.2246467991473532e-16 } as const

/** arctan x; beyond 1, π/2 − arctan(1/x) */
export const atan: UnaryFormula = (lanes, code, x) => {
  const operand = code.keep('operand', x)
  const one = lanes.constant(1)
  const magnitude = code.keep('magnitude', lanes.abs(operand))
  const steep = code.keep('steep', lanes.gt(magnitude, one))
  const numerator = code.keep('numerator', choose(steep, one, magnitude))
  const denominator = code.keep('denominator', choose(steep, magnitude, one))
  const angle = code.keep('angle', angleOfRatio(lanes, code, numerator, denominator))
  return withSignOf(lanes, choose(steep, subtractFromPi(lanes, angle, 1 / 2), angle), operand)
}

/** The angle from −π to π of the point (y, x), zeros told apart by their signs as in JavaScript. */
export const atan2: BinaryFormula = (lanes, code, y, x) => {
  const { constant, lt, eq, ne } = lanes
  const zero = constant(0)
  const one = constant(1)
  const infinity = constant(Infinity)
  const up = code.keep('up', y)
  const right = code.keep('right', x)
  const height = code.keep('height', lanes.abs(up))
  const width = code.keep('width', lanes.abs(right))
  const steep = code.keep('steep', lanes.gt(height, width))
  const larger = code.keep('larger', lanes.pmax(height, width))
  const smaller = lanes.pmin(height, width)
  // So that the sum of both doesn't overflow, and products with subnormal numbers keep their digits.
  const moderate = choose(lanes.lt(larger, constant(2 ** -60)), constant(2 ** 60), one)
  const scale = code.keep('scale', choose(lanes.gt(larger, constant(2 ** 100)), constant(0.25), moderate))
  const numerator = code.keep('numerator', lanes.mul(smaller, scale))
  const denominator = code.keep('denominator', lanes.mul(larger, scale))
  // 0 / 0 means 0 / 1, ∞ / ∞ means 1 / 1.
  const bothInfinite = eq(numerator, infinity)
  const noRatio = code.keep('noRatio', v128.or(bothInfinite, eq(denominator, zero)))
  const ratio = [
    code.keep('numerator', choose(bothInfinite, one, numerator)),
    code.keep('denominator', choose(noRatio, one, denominator)),
  ] as const
  const angle = code.keep('angle', angleOfRatio(lanes, code, ...ratio))
  const quarter = code.keep('quarter', choose(steep, subtractFromPi(lanes, angle, 1 / 2), angle))
  const isLeft = lt(withSignOf(lanes, one, right), zero)
  const result = withSignOf(lanes, choose(isLeft, subtractFromPi(lanes, quarter, 1), quarter), up)
  // A lane of all ones is a NaN.
  return v128.or(result, v128.or(ne(up, up), ne(right, right)))
}

/** arcsin x; beyond ½, π/2 − 2 arcsin √((1 − x) / 2) */
export const asin: UnaryFormula = (lanes, code, x) => {
  const operand = code.keep('operand', x)
  const { angle, isHalved } = halvedArcsine(lanes, code, operand)
  const kept = code.keep('angle', angle)
  const whole = subtractFromPi(lanes, lanes.add(kept, kept), 1 / 2)
  return withSignOf(lanes, choose(isHalved, whole, kept), operand)
}

/** π/2 − arcsin x; beyond ½, 2 arcsin √((1 − x) / 2), and that of −x subtracted from π below −½ */
export const acos: UnaryFormula = (lanes, code, x) => {
  const operand = code.keep('operand', x)
  const { angle, isHalved } = halvedArcsine(lanes, code, operand)
  const kept = code.keep('angle', angle)
  const signed = v128.xor(kept, v128.and(operand, signBit(lanes)))
  const whole = code.keep('whole', lanes.add(kept, kept))
  const isNegative = lanes.lt(operand, lanes.constant(0))
  const beyondHalf = choose(isNegative, subtractFromPi(lanes, whole, 1), whole)
  return choose(isHalved, beyondHalf, subtractFromPi(lanes, signed, 1 / 2))
}

/** fraction · π − angle, for a fraction that is a power of two. */
function subtractFromPi(lanes: Lanes, angle: Vector, fraction: number): Vector {
  const rounded = lanes.sub(lanes.constant(fraction * Math.PI), angle)
  return lanes.wide ? rounded : lanes.add(rounded, lanes.constant(fraction * piLost[lanes.fractionBits]))
}

/**
 * arctan(n / d) for 0 ≤ n ≤ d: above tan(π/8), π/4 − arctan((d − n) / (d + n)), so that the series has
 * arguments up to tan(π/8) only.
 */
function angleOfRatio(lanes: Lanes, code: Code, n: Vector, d: Vector): Vector {
  const { add, sub, mul, constant, precision } = lanes
  const isTurned = code.keep('isTurned', lanes.gt(n, mul(d, constant(Math.SQRT2 - 1))))
  const t = code.keep('t', lanes.div(choose(isTurned, sub(n, d), n), choose(isTurned, add(n, d), d)))
  const z = code.keep('z', mul(t, t))
  const tail = mul(mul(t, z), polynomial(lanes, code, z, coefficients.atan[precision]))
  const start = v128.and(isTurned, constant(Math.PI / 4))
  const startLost = v128.and(isTurned, constant(piLost[lanes.fractionBits] / 4))
  return add(start, add(t, lanes.wide ? tail : add(tail, startLost)))
}

interface HalvedArcsine {
  /** Ones where |x| > ½, or NaN lanes where it is above 1. */
  readonly isHalved: Vector
  /** arcsin |x|, or where that is halved, arcsin √((1 − |x|) / 2), so that the series has arguments up to ½ only. */
  readonly angle: Vector
}

function halvedArcsine(lanes: Lanes, code: Code, x: Vector): HalvedArcsine {
  const { add, sub, mul, constant, precision } = lanes
  const magnitude = code.keep('magnitude', lanes.abs(x))
  const isHalved = code.keep('isHalved', lanes.gt(magnitude, constant(0.5)))
  const halfRest = mul(sub(constant(1), magnitude), constant(0.5))
  const z = code.keep('z', choose(isHalved, halfRest, mul(magnitude, magnitude)))
  const t = code.keep('t', choose(isHalved, lanes.sqrt(z), magnitude))
  const series = polynomial(lanes, code, z, coefficients.asin[precision])
  return { isHalved, angle: add(t, mul(mul(t, z), series)) }
}
