/**
 * Sine, cosine and tangent, in float64 lanes. |x| = n π/2 + r with n whole and |r| ≤ π/4; the quadrant n mod 4 says
 * whether sin r or cos r is the result, and its sign. Of arguments from 2²⁰ on, too large for the parts of π/2 used
 * here, JavaScript's functions take care, lane by lane.
 */
import {
  call,
  f64x2,
  func,
  if_,
  importedFunction,
  set,
  v128,
  type ImportedFunction,
} from '@tapegrad/kernels/assembler'
import { coefficients } from './coefficients.js'
import { choose, signBit, type Lanes, type Vector } from './lanes.js'
import { polynomial } from './polynomial.js'
import type { Code, UnaryFormula, VectorFunction } from './vectorFunction.js'

/** sin x: of sin r and cos r, the latter in odd quadrants; negative in quadrants 2 and 3. */
export const sin: UnaryFormula = (lanes, code, x) => {
  const operand = code.keep('operand', x)
  const { shifted, odd, sine, cosine } = quadrantParts(lanes, code, operand)
  const negated = v128.xor(operand, signOfSecondBit(lanes, shifted))
  const magnitude = choose(odd, cosine, sine)
  const result = v128.xor(magnitude, v128.and(negated, signBit(lanes)))
  return withHugeLanes(lanes, code, operand, result, hugeFunctions.sin)
}

/** cos x: of cos r and sin r, the latter in odd quadrants; negative in quadrants 1 and 2. */
export const cos: UnaryFormula = (lanes, code, x) => {
  const operand = code.keep('operand', x)
  const { shifted, odd, sine, cosine } = quadrantParts(lanes, code, operand)
  const next = lanes.addBits(shifted, lanes.bits(1n))
  const result = v128.xor(choose(odd, sine, cosine), signOfSecondBit(lanes, next))
  return withHugeLanes(lanes, code, operand, result, hugeFunctions.cos)
}

/** tan x: sin r / cos r, or in odd quadrants −cos r / sin r. */
export const tan: UnaryFormula = (lanes, code, x) => {
  const operand = code.keep('operand', x)
  const { odd, sine, cosine } = quadrantParts(lanes, code, operand)
  const quotient = lanes.div(choose(odd, cosine, sine), choose(odd, sine, cosine))
  const result = v128.xor(quotient, v128.and(v128.xor(operand, odd), signBit(lanes)))
  return withHugeLanes(lanes, code, operand, result, hugeFunctions.tan)
}

/** The functions that sin, cos and tan import. */
export const trigonometricImports = {
  sin: importedFunction('math', 'sin', { x: 'f64' }, 'f64'),
  cos: importedFunction('math', 'cos', { x: 'f64' }, 'f64'),
  tan: importedFunction('math', 'tan', { x: 'f64' }, 'f64'),
} as const

const hugeFunctions = {
  sin: inEachLane('sinHuge', trigonometricImports.sin),
  cos: inEachLane('cosHuge', trigonometricImports.cos),
  tan: inEachLane('tanHuge', trigonometricImports.tan),
} as const

function inEachLane(name: string, scalar: ImportedFunction<'f64'>): VectorFunction {
  return func(name, { x: 'v128' }, 'v128', ({ x }) => {
    const first = f64x2.splat(call(scalar, f64x2.extract_lane(x, 0)))
    return [f64x2.replace_lane(first, call(scalar, f64x2.extract_lane(x, 1)), 1)]
  })
}

/** `result` where |x| < 2²⁰, and elsewhere that of `huge`, called only if there is such a lane. */
function withHugeLanes(lanes: Lanes, code: Code, x: Vector, result: Vector, huge: VectorFunction): Vector {
  const kept = code.keep('result', result)
  const isHuge = code.keep('isHuge', lanes.ge(lanes.abs(x), lanes.constant(2 ** 20)))
  code.run(if_(v128.any_true(isHuge), [set(kept, choose(isHuge, call(huge, x), kept))]))
  return kept
}

interface QuadrantParts {
  /** A number whose low bits are n. */
  readonly shifted: Vector
  /** Ones where n is odd. */
  readonly odd: Vector
  /** sin r */
  readonly sine: Vector
  /** cos r */
  readonly cosine: Vector
}

function quadrantParts(lanes: Lanes, code: Code, x: Vector): QuadrantParts {
  const { sub, mul, constant } = lanes
  const magnitude = code.keep('magnitude', lanes.abs(x))
  const rounder = constant(1.5 * 2 ** 52)
  const shifted = code.keep('shifted', lanes.add(mul(magnitude, constant(2 / Math.PI)), rounder))
  const n = code.keep('n', sub(shifted, rounder))
  const halfN = code.keep('halfN', mul(n, constant(0.5)))
  const odd = code.keep('odd', lanes.ne(lanes.trunc(halfN), halfN))
  const { r, lost } = lanes.wide
    ? shortRemainder(lanes, code, magnitude, n)
    : remainder(lanes, code, magnitude, n)
  const square = code.keep('square', mul(r, r))
  return { shifted, odd, ...sineAndCosine(lanes, code, r, lost, square) }
}

/** π/2 in parts: the first three of 33 binary digits, whose products with numbers below 2²⁰ are exact. */
const halfPi = [
  1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32,
] as const

interface Remainder {
  readonly r: Vector
  /** What r lost in rounding; nothing worth mentioning in wide lanes. */
  readonly lost: Vector | undefined
}

/** x − n π/2, which for float32 numbers below 2²⁰ is 2⁻²⁸ or more (all were tried), so that 2⁻⁶⁶ is no error. */
function shortRemainder(lanes: Lanes, code: Code, x: Vector, n: Vector): Remainder {
  const { sub, mul, constant } = lanes
  const coarse = sub(x, mul(n, constant(halfPi[0])))
  return { r: code.keep('r', sub(coarse, mul(n, constant(halfPi[1] + halfPi[2])))), lost: undefined }
}

/**
 * x − n π/2, which for float64 numbers can be as small as 2⁻⁶¹ (Muller, Elementary Functions, chapter on range
 * reduction), so that nothing above 2⁻¹¹⁷ may get lost: each difference is followed by its rounding error.
 */
function remainder(lanes: Lanes, code: Code, x: Vector, n: Vector): Remainder {
  const { add, sub, mul, constant } = lanes
  const [first, second, third, fourth] = halfPi.map(constant)
  const coarse = code.keep('coarse', sub(x, mul(n, first)))
  const finer = exactDifference(lanes, code, coarse, code.keep('product', mul(n, second)))
  const finest = exactDifference(lanes, code, finer.difference, code.keep('product', mul(n, third)))
  const rest = code.keep('rest', sub(add(finer.error, finest.error), mul(n, fourth)))
  const r = code.keep('r', add(finest.difference, rest))
  return { r, lost: code.keep('lost', add(sub(finest.difference, r), rest)) }
}

/** x − y = difference + error, exactly (Knuth, The Art of Computer Programming, volume 2, 4.2.2, theorem B). */
function exactDifference(
  lanes: Lanes,
  code: Code,
  x: Vector,
  y: Vector,
): { difference: Vector; error: Vector } {
  const { add, sub } = lanes
  const difference = code.keep('difference', sub(x, y))
  const subtracted = code.keep('subtracted', sub(difference, x))
  const error = sub(sub(x, sub(difference, subtracted)), add(y, subtracted))
  return { difference, error: code.keep('error', error) }
}

/** sin(r + lost) and cos(r + lost), for |r| ≤ π/4. */
export function sineAndCosine(
  lanes: Lanes,
  code: Code,
  r: Vector,
  lost: Vector | undefined,
  square: Vector,
): { sine: Vector; cosine: Vector } {
  const { add, sub, mul, constant, precision } = lanes
  const one = constant(1)
  const halfSquare = code.keep('halfSquare', mul(square, constant(0.5)))
  const start = code.keep('start', sub(one, halfSquare))
  const sineTail = mul(mul(r, square), polynomial(lanes, code, square, coefficients.sin[precision]))
  const cosineTail = mul(mul(square, square), polynomial(lanes, code, square, coefficients.cos[precision]))
  if (lost === undefined) {
    return { sine: code.keep('sine', add(r, sineTail)), cosine: code.keep('cosine', add(start, cosineTail)) }
  }
  const startError = sub(sub(one, start), halfSquare)
  return {
    sine: code.keep('sine', add(r, add(sineTail, mul(lost, start)))),
    cosine: code.keep('cosine', add(start, add(startError, sub(cosineTail, mul(r, lost))))),
  }
}

/** The second lowest bit, in the place of the sign. */
function signOfSecondBit(lanes: Lanes, x: Vector): Vector {
  return lanes.shiftLeft(v128.and(x, lanes.bits(2n)), 62)
}
