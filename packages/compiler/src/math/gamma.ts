/**
 * The logarithm of the gamma function and its derivatives, in float64 lanes, for results of either type: by
 * asymptotic series far from the origin, whither recurrences lead, and by reflection for negative numbers. References
 * are to the NIST Digital Library of Mathematical Functions, dlmf.nist.gov.
 */
import { bernoulliNumbers, eulerGamma } from '@tapegrad/autograd/tracing'
import { br_if, call, f64x2, for_, i32, local, loop, set, v128 } from '@tapegrad/kernels/assembler'
import { coefficients } from './coefficients.js'
import { choose, float64Lanes, signBit, withSignOf, type Lanes, type Vector } from './lanes.js'
import { log } from './log.js'
import { polynomial } from './polynomial.js'
import { sineAndCosine } from './trigonometric.js'
import { binaryFunction, type BinaryFormula, type Code, type UnaryFormula } from './vectorFunction.js'

/** From here on the asymptotic series of logGamma and digamma hold; that of polygamma from here and its order on. */
const farAway = 10

/** How many terms of the asymptotic series results need. */
const seriesTerms = { single: 3, double: 7 } as const

/** log |Γ(x)|, +∞ at the poles 0, −1, …, NaN at −∞: of negative numbers log |π / sin πx| − log Γ(1 − x) (5.5.3). */
export const logGamma: UnaryFormula = (lanes, code, x) => {
  const { sub, constant } = lanes
  const { operand, isMirrored, positive } = mirrored(lanes, code, x)
  const result = code.keep('result', logGammaOfPositive(lanes, code, positive))
  code.when(v128.any_true(isMirrored), (branch) => {
    const { isPole, sine } = circleParts(lanes, branch, operand)
    const ofSine = sub(constant(Math.log(Math.PI)), log(lanes, branch, sine))
    const reflected = choose(isPole, constant(Infinity), sub(ofSine, result))
    branch.run(set(result, choose(isMirrored, reflected, result)))
  })
  return result
}

/** Near the origin from log Γ(2 + z), |z| ≤ ½, and the factors that lead there; far away by Stirling's series (5.11.1). */
function logGammaOfPositive(lanes: Lanes, code: Code, y: Vector): Vector {
  const { add, sub, mul, constant } = lanes
  const one = constant(1)
  const isFar = code.keep('isFar', lanes.ge(y, constant(farAway)))
  const factors = code.keep('factors', y)
  const nearTwo = code.keep('nearTwo', y)
  const isBelow = code.keep('isBelow', constant(0))
  code.when(v128.any_true(v128.not(isFar)), (branch) => {
    const whole = branch.keep('whole', lanes.nearest(y))
    const z = branch.keep('z', sub(y, whole))
    branch.run(set(isBelow, lanes.lt(whole, constant(2))), set(nearTwo, logGammaNearTwo(lanes, branch, z)))
    // Γ(n + z) is Γ(2 + z) times 2 + z, …, n − 1 + z, or, below, divided by 1 + z, and z where n is 0.
    const above = Array.from({ length: farAway - 2 }, (_, k) =>
      choose(lanes.gt(whole, constant(k + 2)), add(z, constant(k + 2)), one),
    )
    const below = mul(y, choose(lanes.lt(whole, one), add(y, one), one))
    const product = choose(
      isBelow,
      below,
      above.reduce((joined, factor) => mul(joined, factor)),
    )
    branch.run(set(factors, choose(isFar, factors, product)))
  })
  const logarithm = code.keep('logarithm', log(lanes, code, factors))
  const near = add(nearTwo, v128.xor(logarithm, v128.and(isBelow, signBit(lanes))))

  const inverse = code.keep('inverse', lanes.div(one, y))
  const series = asymptoticSeries(lanes, code, mul(inverse, inverse), (k) => 2 * k * (2 * k - 1))
  // (y − ½) log y − y, written so that it is ∞ at ∞.
  const leading = mul(sub(y, constant(0.5)), sub(logarithm, one))
  const far = add(leading, add(constant((Math.log(2 * Math.PI) - 1) / 2), mul(series, inverse)))
  return choose(isFar, far, near)
}

/** log Γ(2 + z) for |z| ≤ ½ */
function logGammaNearTwo(lanes: Lanes, code: Code, z: Vector): Vector {
  const { add, mul, constant } = lanes
  const bend = mul(z, polynomial(lanes, code, z, coefficients.logGamma[lanes.precision]))
  return mul(z, add(constant(1 - eulerGamma), bend))
}

/** ψ(x), NaN at the poles 0, −1, … and at −∞: of negative numbers ψ(1 − x) − π cot πx (5.5.4). */
export const digamma: UnaryFormula = (lanes, code, x) => {
  const { sub, mul, constant } = lanes
  const { operand, isMirrored, positive } = mirrored(lanes, code, x)
  const result = code.keep('result', digammaOfPositive(lanes, code, positive))
  code.when(v128.any_true(isMirrored), (branch) => {
    const { fraction, isPole, sine, cosine } = circleParts(lanes, branch, operand)
    const ofTangent = withSignOf(lanes, lanes.div(mul(constant(Math.PI), cosine), sine), fraction)
    // A lane of all ones is a NaN.
    const reflected = v128.or(sub(result, ofTangent), isPole)
    branch.run(set(result, choose(isMirrored, reflected, result)))
  })
  return result
}

/** By recurrence (5.5.2) to where the series (5.11.2) holds. */
function digammaOfPositive(lanes: Lanes, code: Code, x: Vector): Vector {
  const { add, sub, mul, div, constant } = lanes
  const isNear = code.keep('isNear', lanes.lt(x, constant(farAway)))
  const y = code.keep('y', add(x, v128.and(isNear, constant(farAway))))
  const recurrence = code.keep('recurrence', constant(0))
  code.when(v128.any_true(isNear), (branch) => {
    // Σ 1 / (x + k) as one fraction, for divisions take long.
    const numerator = branch.keep('numerator', constant(1))
    const denominator = branch.keep('denominator', x)
    for (let k = 1; k < farAway; k++) {
      const factor = branch.keep('factor', add(x, constant(k)))
      branch.run(
        set(numerator, add(mul(numerator, factor), denominator)),
        set(denominator, mul(denominator, factor)),
      )
    }
    branch.run(set(recurrence, v128.and(isNear, div(numerator, denominator))))
  })
  const inverse = code.keep('inverse', div(constant(1), y))
  const square = code.keep('square', mul(inverse, inverse))
  const series = mul(
    square,
    asymptoticSeries(lanes, code, square, (k) => 2 * k),
  )
  const corrections = add(add(mul(constant(0.5), inverse), series), recurrence)
  return sub(log(lanes, code, y), corrections)
}

/** Σ B₂ₖ / divisor(k) · wᵏ⁻¹ for k from 1 on, w = 1 / x² */
function asymptoticSeries(lanes: Lanes, code: Code, w: Vector, divisor: (k: number) => number): Vector {
  const terms = bernoulliNumbers.slice(0, seriesTerms[lanes.precision])
  return polynomial(
    lanes,
    code,
    w,
    terms.map((number, k) => number / divisor(k + 1)),
  )
}

/**
 * ψ⁽ⁿ⁾(x), of an order n ≥ 1 that is the same in every lane. At the poles 0, −1, … it is +∞ for odd n and NaN for even n;
 * NaN at −∞. Of negative numbers it is (−1)ⁿ ψ⁽ⁿ⁾(1 − x) less the derivative of order n of π cot πx (5.15.6), which by
 * the same formula is made of ψ⁽ⁿ⁾ at f and 1 − f, where f is the distance to the nearest whole number.
 */
export const polygamma: BinaryFormula = (lanes, code, order, x) => {
  const { add, sub, neg, constant } = lanes
  const n = code.keep('n', order)
  const { operand, isMirrored, positive } = mirrored(lanes, code, x)
  const half = code.keep('half', lanes.mul(n, constant(0.5)))
  const isOdd = code.keep('isOdd', lanes.ne(lanes.trunc(half), half))
  const magnitude = code.keep('magnitude', call(polygammaOfPositive, n, positive))
  const result = code.keep('result', choose(isOdd, magnitude, neg(magnitude)))
  code.when(v128.any_true(isMirrored), (branch) => {
    const { fraction, isPole } = fractionParts(lanes, branch, operand)
    const distance = branch.keep('distance', lanes.abs(fraction))
    const own = branch.keep('own', call(polygammaOfPositive, n, distance))
    const other = branch.keep('other', call(polygammaOfPositive, n, sub(constant(1), distance)))
    const below = lanes.lt(fraction, constant(0))
    const ofEven = choose(below, sub(own, other), sub(other, own))
    const ofCotangent = choose(isOdd, add(own, other), ofEven)
    const atPole = choose(isOdd, constant(Infinity), isPole)
    const reflected = choose(isPole, atPole, sub(ofCotangent, magnitude))
    branch.run(set(result, choose(isMirrored, reflected, result)))
  })
  return result
}

/** |ψ⁽ⁿ⁾(x)| for x ≥ 0, by recurrence (5.15.5) to where the series (5.15.9) holds. All terms have one sign. */
const polygammaOfPositive = binaryFunction('polygammaOfPositive', float64Lanes, (lanes, code, order, x) => {
  const { add, mul, div, constant } = lanes
  const one = constant(1)
  const far = code.keep('far', add(order, constant(farAway)))
  const y = code.keep('y', x)
  const sum = code.keep('sum', constant(0))
  const isNear = code.keep('isNear', lanes.lt(y, far))
  code.when(v128.any_true(isNear), (branch) => {
    const term = call(factorialOverPower, order, div(one, y))
    branch.run(
      loop((again) => [
        set(sum, add(sum, v128.and(isNear, term))),
        set(y, add(y, v128.and(isNear, one))),
        set(isNear, lanes.lt(y, far)),
        br_if(again, v128.any_true(isNear)),
      ]),
    )
  })
  const inverse = code.keep('inverse', div(one, y))
  const square = code.keep('square', mul(inverse, inverse))
  const leading = code.keep('leading', call(factorialOverPower, lanes.sub(order, one), inverse))
  const second = mul(mul(leading, constant(0.5)), mul(order, inverse))
  code.run(set(sum, add(sum, add(leading, second))))
  // The terms are B₂ₖ / (2k)! times (2k + n − 1)! / yⁿ⁺²ᵏ.
  const risen = leading
  let factorial = 1
  bernoulliNumbers.forEach((number, k) => {
    const m = 2 * (k + 1)
    factorial *= m * (m - 1)
    const factors = mul(add(order, constant(m - 1)), add(order, constant(m - 2)))
    code.run(
      set(risen, mul(risen, mul(factors, square))),
      set(sum, add(sum, mul(constant(number / factorial), risen))),
    )
  })
  return sum
})

/** n! / yⁿ⁺¹ of n and 1 / y, factor by factor, so that neither overflows alone. */
const factorialOverPower = binaryFunction('factorialOverPower', float64Lanes, (lanes, code, n, inverse) => {
  const { add, mul, constant } = lanes
  const count = local('i32', 'count')
  const k = local('i32', 'k')
  const factor = code.keep('factor', constant(0))
  const product = code.keep('product', inverse)
  code.run(
    set(count, i32.trunc_sat_f64_s(f64x2.extract_lane(n, 0))),
    for_(k, 0, count, 1, [
      set(factor, add(factor, constant(1))),
      set(product, mul(product, mul(factor, inverse))),
    ]),
  )
  return product
})

interface Mirrored {
  readonly operand: Vector
  /** Ones where it isn't positive. */
  readonly isMirrored: Vector
  /** x, or 1 − x where it is mirrored. */
  readonly positive: Vector
}

function mirrored(lanes: Lanes, code: Code, x: Vector): Mirrored {
  const operand = code.keep('operand', x)
  const isMirrored = code.keep('isMirrored', lanes.ge(lanes.constant(0), operand))
  const reflection = lanes.sub(lanes.constant(1), operand)
  return { operand, isMirrored, positive: code.keep('positive', choose(isMirrored, reflection, operand)) }
}

interface FractionParts {
  /** x less the nearest whole number: sines of π times it are exact for large x. */
  readonly fraction: Vector
  /** Ones where x is whole. */
  readonly isPole: Vector
}

function fractionParts(lanes: Lanes, code: Code, x: Vector): FractionParts {
  const fraction = code.keep('fraction', lanes.sub(x, lanes.nearest(x)))
  return { fraction, isPole: code.keep('isPole', lanes.eq(fraction, lanes.constant(0))) }
}

interface CircleParts extends FractionParts {
  /** |sin πx| */
  readonly sine: Vector
  /** |cos πx| */
  readonly cosine: Vector
}

function circleParts(lanes: Lanes, code: Code, x: Vector): CircleParts {
  const { sub, mul, constant } = lanes
  const parts = fractionParts(lanes, code, x)
  const distance = code.keep('distance', lanes.abs(parts.fraction))
  // Beyond a quarter, by the distance to one half, where the cosine is 0.
  const isOuter = code.keep('isOuter', lanes.gt(distance, constant(0.25)))
  const least = choose(isOuter, sub(constant(0.5), distance), distance)
  const angle = code.keep('angle', mul(constant(Math.PI), least))
  const square = code.keep('square', mul(angle, angle))
  const { sine, cosine } = sineAndCosine(lanes, code, angle, undefined, square)
  return {
    ...parts,
    sine: code.keep('sine', choose(isOuter, cosine, sine)),
    cosine: code.keep('cosine', choose(isOuter, sine, cosine)),
  }
}
