/** Powers. xʸ = 2 to the y log₂ |x|, negative where x is and y is odd. */
import { v128 } from '@tapegrad/kernels/assembler'
import { coefficients } from './coefficients.js'
import { exp, exponentialNearZero, limit, powerShift, scaleByPowerOfTwo } from './exp.js'
import { choose, float64Lanes, signBit, type Lanes, type Vector } from './lanes.js'
import { log, splitExponent } from './log.js'
import { polynomial } from './polynomial.js'
import type { BinaryFormula, Code } from './vectorFunction.js'

/** xʸ as in JavaScript: x⁰ is 1 whatever x, and (±1) to an infinite power NaN. */
export const pow: BinaryFormula = (lanes, code, x, y) => {
  const { constant, trunc, eq, ne } = lanes
  const zero = constant(0)
  const base = code.keep('base', x)
  const exponent = code.keep('exponent', y)
  const magnitude = code.keep('magnitude', lanes.abs(base))
  const power = lanes.wide
    ? widePower(lanes, code, magnitude, exponent)
    : longPower(lanes, code, magnitude, exponent)
  const half = code.keep('half', lanes.mul(exponent, constant(0.5)))
  const isWhole = eq(trunc(exponent), exponent)
  const isOdd = v128.and(ne(trunc(half), half), isWhole)
  const sign = v128.and(v128.and(base, isOdd), signBit(lanes))
  const isFiniteNegative = v128.and(lanes.lt(base, zero), lanes.gt(base, constant(-Infinity)))
  // A lane of all ones is a NaN.
  const signed = v128.or(v128.xor(power, sign), v128.andnot(isFiniteNegative, isWhole))
  return choose(eq(exponent, zero), constant(1), signed)
}

/**
 * xʸ for x ≥ 0 as exp(y log x). Unless it overflows, y log x is at most 104, so that its error of 2⁻⁵² of itself is
 * nothing to a float32 result; a logarithm to float32's digits would not do.
 */
function widePower(lanes: Lanes, code: Code, x: Vector, y: Vector): Vector {
  const logarithm = log(float64Lanes, code, x)
  return exp(lanes, code, lanes.mul(y, logarithm))
}

/** The 26 highest digits of a number: products of two such are exact. */
function highDigits(lanes: Lanes, x: Vector): Vector {
  return v128.and(x, lanes.bits(0xffff_ffff_f800_0000n))
}

/**
 * xʸ for x ≥ 0 as 2 to the y log₂ x. That can be 1000, and its error is the relative one of the result, so the
 * logarithm is computed to 64 digits, as a sum of two numbers.
 */
function longPower(lanes: Lanes, code: Code, x: Vector, y: Vector): Vector {
  const { add, sub, mul, eq, gt, constant } = lanes
  const zero = constant(0)
  const infinity = constant(Infinity)
  const logarithm = longLogarithm(lanes, code, x)
  // Any x but 1 overflows or underflows to the power of 2⁶⁴, which the products below take.
  const limited = code.keep('limited', limit(lanes, y, -(2 ** 64), 2 ** 64))
  const yHigh = code.keep('yHigh', highDigits(lanes, limited))
  const product = code.keep('product', mul(yHigh, logarithm.high))
  const rest = code.keep('rest', add(mul(sub(limited, yHigh), logarithm.high), mul(limited, logarithm.low)))
  const rounder = constant(1.5 * 2 ** lanes.fractionBits + powerShift(lanes))
  const shifted = code.keep('shifted', add(limit(lanes, add(product, rest), -1100, 1100), rounder))
  const n = sub(shifted, rounder)
  const fraction = limit(lanes, add(sub(product, n), rest), -1, 1)
  const r = code.keep('r', mul(fraction, constant(Math.LN2)))
  const power = scaleByPowerOfTwo(lanes, code, exponentialNearZero(lanes, code, r), shifted)

  const isInfinite = code.keep('isInfinite', eq(x, infinity))
  const isExtreme = v128.or(isInfinite, eq(x, zero))
  const grows = v128.not(v128.xor(isInfinite, gt(y, zero)))
  const isUndecided = v128.and(eq(x, constant(1)), eq(lanes.abs(y), infinity))
  // A lane of all ones is a NaN.
  const isNaN = v128.or(isUndecided, v128.or(lanes.ne(x, x), lanes.ne(y, y)))
  return v128.or(choose(isExtreme, v128.and(grows, infinity), power), isNaN)
}

/** A number as a sum of two, the first of at most 26 digits. */
interface LongNumber {
  readonly high: Vector
  readonly low: Vector
}

/** 2 / (3 ln 2) */
const twoThirdsOfLog2E = {
  whole: 0.9617966939259756,
  high: 0.9617966860532761,
  low: 7.872699542894897e-9,
} as const

/**
 * log₂ x = k + 2 / (3 ln 2) · s (3 + z + z² P(z)), where x = 2ᵏ m, s = (m − 1) / (m + 1) and z = s². Each of s, the
 * bracket, and the results of multiplying is a sum of two, as in Sun's fdlibm.
 */
function longLogarithm(lanes: Lanes, code: Code, x: Vector): LongNumber {
  const { add, sub, mul, constant } = lanes
  const one = constant(1)
  const { exponent, significand } = splitExponent(lanes, code, x)
  const m = code.keep('m', significand)
  const sum = code.keep('sum', add(m, one))
  const difference = code.keep('difference', sub(m, one))
  const s = code.keep('s', lanes.div(difference, sum))
  const sHigh = code.keep('sHigh', highDigits(lanes, s))
  const sumHigh = code.keep('sumHigh', highDigits(lanes, sum))
  const sumLow = sub(m, sub(sumHigh, one))
  const remainder = sub(sub(difference, mul(sHigh, sumHigh)), mul(sHigh, sumLow))
  const sLow = code.keep('sLow', lanes.div(remainder, sum))

  const z = code.keep('z', mul(s, s))
  const zHigh = code.keep('zHigh', mul(sHigh, sHigh))
  const zLow = mul(sLow, add(sHigh, s))
  const tail = add(zLow, mul(mul(z, z), polynomial(lanes, code, z, coefficients.pow.double)))
  const bracketTail = code.keep('bracketTail', tail)
  const bracketStart = code.keep('bracketStart', add(constant(3), zHigh))
  const bracketHigh = code.keep('bracketHigh', highDigits(lanes, add(bracketStart, bracketTail)))
  const startLost = sub(zHigh, sub(bracketStart, constant(3)))
  const bracketLow = add(sub(bracketStart, bracketHigh), add(startLost, bracketTail))

  const main = code.keep('main', mul(sHigh, bracketHigh))
  const side = code.keep('side', add(mul(sLow, bracketHigh), mul(s, bracketLow)))
  const productHigh = code.keep('productHigh', highDigits(lanes, add(main, side)))
  const productLow = add(sub(main, productHigh), side)
  const scaledHigh = code.keep('scaledHigh', mul(productHigh, constant(twoThirdsOfLog2E.high)))
  const scaledLow = code.keep(
    'scaledLow',
    add(mul(productHigh, constant(twoThirdsOfLog2E.low)), mul(productLow, constant(twoThirdsOfLog2E.whole))),
  )
  const high = code.keep('high', highDigits(lanes, add(exponent, add(scaledHigh, scaledLow))))
  return { high, low: code.keep('low', add(sub(scaledHigh, sub(high, exponent)), scaledLow)) }
}
