/** What each instruction on numbers means, written in JavaScript with nothing of the assembler's. */

/** Thrown by a reference where the instruction traps. */
export class Trap extends Error {}

type Reference = (...operands: never[]) => unknown

const bit = (condition: boolean) => (condition ? 1 : 0)

/** Integers of 32 or 64 bits as signed bigints, so that both have one meaning. */
function integerReferences(bits: 32 | 64): Record<string, Reference> {
  const size = BigInt(bits)
  const signed = (x: bigint) => BigInt.asIntN(bits, x)
  const unsigned = (x: bigint) => BigInt.asUintN(bits, x)
  const shift = (x: bigint) => unsigned(x) % size
  const digits = (x: bigint) => unsigned(x).toString(2).padStart(bits, '0')
  const nonzero = (x: bigint) => {
    if (x === 0n) throw new Trap()
    return x
  }
  const divide = (x: bigint, y: bigint) => {
    const quotient = x / nonzero(y)
    if (quotient === 1n << (size - 1n)) throw new Trap()
    return quotient
  }
  const rotateLeft = (x: bigint, by: bigint) => (unsigned(x) << by) | (unsigned(x) >> (size - by))
  const references: Record<string, (x: bigint, y: bigint) => bigint | number> = {
    eqz: (x) => bit(x === 0n),
    eq: (x, y) => bit(x === y),
    ne: (x, y) => bit(x !== y),
    lt_s: (x, y) => bit(x < y),
    lt_u: (x, y) => bit(unsigned(x) < unsigned(y)),
    gt_s: (x, y) => bit(x > y),
    gt_u: (x, y) => bit(unsigned(x) > unsigned(y)),
    le_s: (x, y) => bit(x <= y),
    le_u: (x, y) => bit(unsigned(x) <= unsigned(y)),
    ge_s: (x, y) => bit(x >= y),
    ge_u: (x, y) => bit(unsigned(x) >= unsigned(y)),
    clz: (x) => BigInt(`${digits(x)}1`.indexOf('1')),
    ctz: (x) => size - 1n - BigInt(`1${digits(x)}`.lastIndexOf('1') - 1),
    popcnt: (x) => BigInt(digits(x).replaceAll('0', '').length),
    add: (x, y) => x + y,
    sub: (x, y) => x - y,
    mul: (x, y) => x * y,
    div_s: divide,
    div_u: (x, y) => unsigned(x) / unsigned(nonzero(y)),
    rem_s: (x, y) => x % nonzero(y),
    rem_u: (x, y) => unsigned(x) % unsigned(nonzero(y)),
    and: (x, y) => x & y,
    or: (x, y) => x | y,
    xor: (x, y) => x ^ y,
    shl: (x, y) => x << shift(y),
    shr_s: (x, y) => x >> shift(y),
    shr_u: (x, y) => unsigned(x) >> shift(y),
    rotl: (x, y) => rotateLeft(x, shift(y)),
    rotr: (x, y) => rotateLeft(x, size - shift(y)),
    extend8_s: (x) => BigInt.asIntN(8, x),
    extend16_s: (x) => BigInt.asIntN(16, x),
    ...(bits === 64 ? { extend32_s: (x: bigint) => BigInt.asIntN(32, x) } : {}),
  }
  return Object.fromEntries(
    Object.entries(references).map(([name, f]) => [
      `i${bits}.${name}`,
      (x: number | bigint, y: number | bigint = 0) => {
        const result = f(BigInt(x), BigInt(y))
        if (typeof result === 'number') return result
        return bits === 32 ? Number(signed(result)) : signed(result)
      },
    ]),
  )
}

export function roundToEven(x: number): number {
  if (Math.abs(x) >= 2 ** 52 || !Number.isFinite(x)) return x
  const magnitude = Math.abs(x)
  const below = Math.floor(magnitude)
  const rest = magnitude - below
  const up = rest > 0.5 || (rest === 0.5 && below % 2 === 1)
  return sameSign(below + (up ? 1 : 0), x)
}

function sameSign(magnitude: number, x: number): number {
  return x < 0 || Object.is(x, -0) ? -magnitude : magnitude
}

/** Functions of floats; what rounds is rounded by the caller. */
export const floatReferences = {
  abs: (x: number) => Math.abs(x),
  neg: (x: number) => -x,
  ceil: (x: number) => Math.ceil(x),
  floor: (x: number) => Math.floor(x),
  trunc: (x: number) => Math.trunc(x),
  nearest: roundToEven,
  sqrt: (x: number) => Math.sqrt(x),
  add: (x: number, y: number) => x + y,
  sub: (x: number, y: number) => x - y,
  mul: (x: number, y: number) => x * y,
  div: (x: number, y: number) => x / y,
  min: (x: number, y: number) => Math.min(x, y),
  max: (x: number, y: number) => Math.max(x, y),
}

export const floatComparisons = {
  eq: (x: number, y: number) => x === y,
  ne: (x: number, y: number) => x !== y,
  lt: (x: number, y: number) => x < y,
  gt: (x: number, y: number) => x > y,
  le: (x: number, y: number) => x <= y,
  ge: (x: number, y: number) => x >= y,
}

function scalarFloatReferences(type: 'f32' | 'f64'): Record<string, Reference> {
  const round = type === 'f32' ? Math.fround : (x: number) => x
  const entries: [string, Reference][] = [
    ...Object.entries(floatReferences).map(([name, f]): [string, Reference] => [
      name,
      (x: number, y: number) => round((f as (x: number, y: number) => number)(x, y)),
    ]),
    ...Object.entries(floatComparisons).map(([name, f]): [string, Reference] => [
      name,
      (x: number, y: number) => bit(f(x, y)),
    ]),
    ['copysign', (x: number, y: number) => sameSign(Math.abs(x), Number.isNaN(y) ? 1 : y)],
  ]
  return Object.fromEntries(entries.map(([name, f]) => [`${type}.${name}`, f]))
}

/** Float to integer of `bits` bits; out of range, saturated or a trap. */
export function truncate(x: number, bits: 32 | 64, signed: boolean, saturate: boolean): bigint {
  const low = signed ? -(2n ** BigInt(bits - 1)) : 0n
  const high = 2n ** BigInt(signed ? bits - 1 : bits) - 1n
  if (Number.isNaN(x) || !Number.isFinite(x)) {
    if (!saturate) throw new Trap()
    return Number.isNaN(x) ? 0n : x > 0 ? high : low
  }
  const whole = BigInt(Math.trunc(x))
  if (whole >= low && whole <= high) return whole
  if (!saturate) throw new Trap()
  return whole > high ? high : low
}

function truncations(): Record<string, Reference> {
  const references: Record<string, Reference> = {}
  for (const bits of [32, 64] as const) {
    for (const source of ['f32', 'f64']) {
      for (const sign of ['s', 'u']) {
        for (const mode of ['trunc', 'trunc_sat']) {
          references[`i${bits}.${mode}_${source}_${sign}`] = (x: number) => {
            const whole = truncate(x, bits, sign === 's', mode === 'trunc_sat')
            return bits === 32 ? Number(BigInt.asIntN(32, whole)) : BigInt.asIntN(64, whole)
          }
        }
      }
    }
  }
  return references
}

/** To float32 by one rounding: bits that can't matter are first folded into one that breaks ties. */
function float32Of(x: bigint): number {
  const magnitude = x < 0n ? -x : x
  if (magnitude < 2n ** 53n) return Math.fround(Number(x))
  const sticky = (magnitude & 0x7ffn) === 0n ? 0n : 0x800n
  return sameSign(Math.fround(Number(((magnitude >> 11n) << 11n) | sticky)), x < 0n ? -1 : 1)
}

const bits = new DataView(new ArrayBuffer(8))

function reinterpreted<From, To>(write: (value: From) => void, read: () => To): (value: From) => To {
  return (value) => {
    write(value)
    return read()
  }
}

export const scalarReferences: Record<string, Reference> = {
  ...integerReferences(32),
  ...integerReferences(64),
  ...scalarFloatReferences('f32'),
  ...scalarFloatReferences('f64'),
  ...truncations(),
  'i32.wrap_i64': (x: bigint) => Number(BigInt.asIntN(32, x)),
  'i64.extend_i32_s': (x: number) => BigInt(x),
  'i64.extend_i32_u': (x: number) => BigInt(x >>> 0),
  'f32.convert_i32_s': (x: number) => Math.fround(x),
  'f32.convert_i32_u': (x: number) => Math.fround(x >>> 0),
  'f32.convert_i64_s': (x: bigint) => float32Of(x),
  'f32.convert_i64_u': (x: bigint) => float32Of(BigInt.asUintN(64, x)),
  'f64.convert_i32_s': (x: number) => x,
  'f64.convert_i32_u': (x: number) => x >>> 0,
  'f64.convert_i64_s': (x: bigint) => Number(x),
  'f64.convert_i64_u': (x: bigint) => Number(BigInt.asUintN(64, x)),
  'f32.demote_f64': (x: number) => Math.fround(x),
  'f64.promote_f32': (x: number) => x,
  'i32.reinterpret_f32': reinterpreted(
    (x: number) => bits.setFloat32(0, x),
    () => bits.getInt32(0),
  ),
  'i64.reinterpret_f64': reinterpreted(
    (x: number) => bits.setFloat64(0, x),
    () => bits.getBigInt64(0),
  ),
  'f32.reinterpret_i32': reinterpreted(
    (x: number) => bits.setInt32(0, x),
    () => bits.getFloat32(0),
  ),
  'f64.reinterpret_i64': reinterpreted(
    (x: bigint) => bits.setBigInt64(0, x),
    () => bits.getFloat64(0),
  ),
}
