/**
 * Exponentials. x = n ln 2 + r with n whole and |r| ≤ ln 2 / 2, so that eˣ = 2ⁿ eʳ. The multiple n ln 2 is subtracted
 * in two parts, the first with so few digits that its product with n is exact (Cody and Waite, Software Manual for
 * the Elementary Functions, 1980).
 */
import { coefficients } from './coefficients.js'
import { choose, withSignOf, type Lanes, type Vector } from './lanes.js'
import { polynomial } from './polynomial.js'
import type { Code, UnaryFormula } from './vectorFunction.js'

/** eˣ */
export const exp: UnaryFormula = (lanes, code, x) => {
  const { shifted, r } = reduce(lanes, code, limit(lanes, x, ...exponentRange(lanes)), powerShift(lanes))
  return scaleByPowerOfTwo(lanes, code, exponentialNearZero(lanes, code, r), shifted)
}

/** eˣ − 1, to the last digits where it is near 0 too. */
export const expm1: UnaryFormula = (lanes, code, x) => {
  const operand = code.keep('operand', x)
  const { lessOne } = exponentialParts(lanes, code, limit(lanes, operand, -50, exponentRange(lanes)[1]))
  // Only −0 gets a sign that it doesn't have.
  return withSignOf(lanes, lessOne, operand)
}

/** 1 / (1 + e⁻ˣ), from e⁻|ˣ| because that can't overflow. */
export const sigmoid: UnaryFormula = (lanes, code, x) => {
  const operand = code.keep('operand', x)
  const one = lanes.constant(1)
  const decay = code.keep('decay', exp(lanes, code, lanes.neg(lanes.abs(operand))))
  const numerator = choose(lanes.lt(operand, lanes.constant(0)), decay, one)
  return lanes.div(numerator, lanes.add(one, decay))
}

/** Arguments beyond which eˣ in the result's type is 0 or infinite. */
function exponentRange({ precision }: Lanes): [low: number, high: number] {
  return precision === 'single' ? [-104, 89] : [-746, 710]
}

/** x confined to [low, high]; NaN stays NaN. */
export function limit(lanes: Lanes, x: Vector, low: number, high: number): Vector {
  return lanes.pmax(lanes.pmin(x, lanes.constant(high)), lanes.constant(low))
}

/** The parts of x = n ln 2 + r. */
interface Reduced {
  readonly n: Vector
  /** A number whose low bits are n + shift. */
  readonly shifted: Vector
  readonly r: Vector
  /** What r lost in rounding; nothing worth mentioning in wide lanes. */
  readonly lost: Vector | undefined
}

/** Adding a number whose last digit is worth 1 rounds x / ln 2 to a whole number, which the low bits then hold. */
function reduce(lanes: Lanes, code: Code, x: Vector, shift: number): Reduced {
  const { add, sub, mul, constant } = lanes
  const operand = code.keep('operand', x)
  const rounder = constant(1.5 * 2 ** lanes.fractionBits + shift)
  const shifted = code.keep('shifted', add(mul(operand, constant(Math.LOG2E)), rounder))
  const n = code.keep('n', sub(shifted, rounder))
  if (lanes.wide) {
    return { n, shifted, r: code.keep('r', sub(operand, mul(n, constant(Math.LN2)))), lost: undefined }
  }
  const { high, low } = ln2[lanes.fractionBits]
  const coarse = code.keep('coarse', sub(operand, mul(n, constant(high))))
  const fine = code.keep('fine', mul(n, constant(low)))
  const r = code.keep('r', sub(coarse, fine))
  return { n, shifted, r, lost: sub(sub(coarse, r), fine) }
}

/** ln 2 in two parts, the first of 15 binary digits for exponents of at most 9, of 42 for exponents of at most 11. */
export const ln2 = {
  23: { high: 0.693145751953125, low: 1.4286068203094173e-6 },
  52: { high: 0.6931471805598903, low: 5.497923018708371e-14 },
} as const

/** eʳ for |r| ≤ ln 2 / 2 */
export function exponentialNearZero(lanes: Lanes, code: Code, r: Vector): Vector {
  const tail = polynomial(lanes, code, r, coefficients.exp[lanes.precision])
  return lanes.add(lanes.constant(1), lanes.add(r, lanes.mul(lanes.mul(r, r), tail)))
}

/**
 * What {@link scaleByPowerOfTwo} wants added to n: the bias of exponents, or twice that for two steps, each of which
 * takes half.
 */
export function powerShift({ wide, exponentBias }: Lanes): number {
  return wide ? exponentBias : 2 * exponentBias
}

/**
 * x · 2ⁿ, rounded once. Near overflow and among the subnormal numbers n can be more than an exponent holds, so there
 * are two steps, of ⌊n/2⌋ and ⌈n/2⌉; wide lanes hold the exponents of all float32 results.
 */
export function scaleByPowerOfTwo(lanes: Lanes, code: Code, x: Vector, shifted: Vector): Vector {
  const { mul, shiftLeft, shiftRight, subBits, fractionBits } = lanes
  if (lanes.wide) return mul(x, shiftLeft(shifted, fractionBits))
  const half = code.keep('half', shiftRight(shifted, 1))
  return mul(mul(x, shiftLeft(half, fractionBits)), shiftLeft(subBits(shifted, half), fractionBits))
}

/** Parts of the exponential that don't overflow before the hyperbolic functions do. */
interface ExponentialParts {
  /** eˣ / 4 */
  readonly quarter: Vector
  /** (eˣ − 1) / 4 */
  readonly quarterLessOne: Vector
  /** eˣ − 1 */
  readonly lessOne: Vector
}

/** Parts of eˣ for x from −50 to 89.5 (float32) or 710.5 (float64). */
export function exponentialParts(lanes: Lanes, code: Code, x: Vector): ExponentialParts {
  const { add, sub, mul, constant } = lanes
  const { n, shifted, r, lost } = reduce(lanes, code, x, lanes.exponentBias - 2)
  const tail = mul(mul(r, r), polynomial(lanes, code, r, coefficients.exp[lanes.precision]))
  const nearZero = code.keep('nearZero', add(r, lost === undefined ? tail : add(tail, lost)))
  const power = code.keep('power', lanes.shiftLeft(shifted, lanes.fractionBits))
  const product = code.keep('product', mul(power, nearZero))
  const quarterLessOne = code.keep('quarterLessOne', add(product, sub(power, constant(0.25))))
  return {
    quarter: add(power, product),
    quarterLessOne,
    // Where n is 0, a quarter of a subnormal number would lose digits.
    lessOne: choose(lanes.eq(n, constant(0)), nearZero, mul(quarterLessOne, constant(4))),
  }
}
