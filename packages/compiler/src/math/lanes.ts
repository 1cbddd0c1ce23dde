/** The vector instructions of one floating-point type under common names, so that a function is written once for both. */
import {
  f32x4,
  f64x2,
  global,
  i32x4,
  i64x2,
  v128,
  type Expression,
  type Global,
} from '@tapegrad/kernels/assembler'

export type Vector = Expression<'v128'>

type Unary = (x: Vector) => Vector
type Binary = (x: Vector, y: Vector) => Vector

/** How exact results must be, which decides the lengths of polynomials: to float32 or to float64. */
export type Precision = 'single' | 'double'

/** A vector of floating-point lanes of one type: its instructions, and what its format is made of. */
export interface Lanes {
  readonly precision: Precision
  /** Whether lanes have more digits than results need: float64 lanes for float32 results. */
  readonly wide: boolean
  /** Bits of the significand behind the point, which is where the exponent starts. */
  readonly fractionBits: 23 | 52
  readonly exponentBias: 127 | 1023
  /** Every lane the same number, rounded to the type. */
  constant(value: number): Vector
  /** Every lane the same pattern of bits. */
  bits(pattern: bigint): Vector
  readonly add: Binary
  readonly sub: Binary
  readonly mul: Binary
  readonly div: Binary
  readonly sqrt: Unary
  readonly abs: Unary
  readonly neg: Unary
  readonly trunc: Unary
  /** To the nearest whole number, halves to the even one. */
  readonly nearest: Unary
  /** y < x ? y : x, so that a NaN in x stays. */
  readonly pmin: Binary
  /** x < y ? y : x, so that a NaN in x stays. */
  readonly pmax: Binary
  readonly eq: Binary
  readonly ne: Binary
  readonly lt: Binary
  readonly gt: Binary
  readonly ge: Binary
  /** On the lanes' bits as integers. */
  readonly addBits: Binary
  readonly subBits: Binary
  shiftLeft(x: Vector, by: number): Vector
  shiftRight(x: Vector, by: number): Vector
}

export const float32Lanes: Lanes = {
  precision: 'single',
  wide: false,
  fractionBits: 23,
  exponentBias: 127,
  constant: (value) => constant(new Float32Array(4).fill(value)),
  bits: (pattern) => constant(new Uint32Array(4).fill(Number(pattern))),
  ...f32x4,
  addBits: i32x4.add,
  subBits: i32x4.sub,
  shiftLeft: i32x4.shl,
  shiftRight: i32x4.shr_u,
}

export const float64Lanes: Lanes = {
  precision: 'double',
  wide: false,
  fractionBits: 52,
  exponentBias: 1023,
  constant: (value) => constant(new Float64Array(2).fill(value)),
  bits: (pattern) => constant(new BigUint64Array(2).fill(pattern)),
  ...f64x2,
  addBits: i64x2.add,
  subBits: i64x2.sub,
  shiftLeft: i64x2.shl,
  shiftRight: i64x2.shr_u,
}

/** float64 lanes whose results will be rounded to float32: double arithmetic, short polynomials. */
export const wideFloat32Lanes: Lanes = { ...float64Lanes, precision: 'single', wide: true }

const constants = new Map<string, Global<'v128'>>()

/**
 * Constants are globals, one for each pattern of bits. An engine reads a global with one instruction;
 * V8 builds a constant in code from four, each time.
 */
function constant(lanes: Float32Array | Float64Array | Uint32Array | BigUint64Array): Global<'v128'> {
  const bytes = new Uint8Array(lanes.buffer)
  const key = String(bytes)
  const known = constants.get(key)
  if (known !== undefined) return known
  const made = global('v128', `constant ${lanes[0]}`, v128.const(bytes))
  constants.set(key, made)
  return made
}

/** condition ? whenTrue : whenFalse in each lane, where the condition's lanes are all ones or all zeros. */
export function choose(condition: Vector, whenTrue: Vector, whenFalse: Vector): Vector {
  return v128.bitselect(whenTrue, whenFalse, condition)
}

/** The bit that holds a number's sign, in every lane. */
export function signBit(lanes: Lanes): Vector {
  return lanes.constant(-0)
}

/** x, whose sign is + or already that of `sign`, with the sign of `sign`. */
export function withSignOf(lanes: Lanes, x: Vector, sign: Vector): Vector {
  return v128.or(x, v128.and(sign, signBit(lanes)))
}
