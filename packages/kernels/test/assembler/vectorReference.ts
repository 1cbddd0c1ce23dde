/**
 * What each instruction on vectors means, written in JavaScript with nothing of the assembler's. Vectors are
 * 16 bytes; a result of floats is a float array (any NaN is a NaN), any other a byte array (each bit counts).
 */
import { floatComparisons, floatReferences, truncate } from './scalarReference.js'

type Vector = Uint8Array<ArrayBuffer>
type Reference = (...operands: never[]) => unknown
type References = Record<string, Reference>

const bytesOf = (lanes: { buffer: ArrayBufferLike }) => new Uint8Array(lanes.buffer)

/** Lanes as numbers or bigints, alike for all integer types. */
const readers = {
  i8x16: { s: (v: Vector) => [...new Int8Array(v.buffer)], u: (v: Vector) => [...new Uint8Array(v.buffer)] },
  i16x8: {
    s: (v: Vector) => [...new Int16Array(v.buffer)],
    u: (v: Vector) => [...new Uint16Array(v.buffer)],
  },
  i32x4: {
    s: (v: Vector) => [...new Int32Array(v.buffer)],
    u: (v: Vector) => [...new Uint32Array(v.buffer)],
  },
  i64x2: {
    s: (v: Vector) => [...new BigInt64Array(v.buffer)],
    u: (v: Vector) => [...new BigUint64Array(v.buffer)],
  },
}
type IntegerShape = keyof typeof readers
const bitsOf = { i8x16: 8, i16x8: 16, i32x4: 32, i64x2: 64 } as const

function read(shape: IntegerShape, sign: 's' | 'u', v: Vector): bigint[] {
  return readers[shape][sign](v).map((lane) => BigInt(lane))
}

/** Lanes to bytes, each wrapped to the shape's width. */
function write(shape: IntegerShape, lanes: bigint[]): Vector {
  const bits = bitsOf[shape]
  const out = new Uint8Array(16)
  lanes.forEach((lane, index) => {
    for (let byte = 0; byte < bits / 8; byte++) {
      out[(index * bits) / 8 + byte] = Number((lane >> BigInt(8 * byte)) & 0xffn)
    }
  })
  return out
}

const ones = (condition: boolean) => (condition ? -1n : 0n)
const absolute = (x: bigint) => (x < 0n ? -x : x)

function clamp(x: bigint, bits: number, sign: 's' | 'u'): bigint {
  const low = sign === 's' ? -(2n ** BigInt(bits - 1)) : 0n
  const high = 2n ** BigInt(sign === 's' ? bits - 1 : bits) - 1n
  return x < low ? low : x > high ? high : x
}

function integerReferences(shape: IntegerShape, has: ReadonlySet<string>): References {
  const bits = bitsOf[shape]
  const zip =
    (sign: 's' | 'u', f: (x: bigint, y: bigint) => bigint): Reference =>
    (x: Vector, y: Vector = x) => {
      const right = read(shape, sign, y)
      return write(
        shape,
        read(shape, sign, x).map((lane, index) => f(lane, right[index])),
      )
    }
  const shift =
    (sign: 's' | 'u', f: (x: bigint, by: bigint) => bigint): Reference =>
    (x: Vector, by: number) =>
      write(
        shape,
        read(shape, sign, x).map((lane) => f(lane, BigInt((by >>> 0) % bits))),
      )
  const scalar = (x: bigint) => (shape === 'i64x2' ? x : Number(x))
  const references: References = {
    splat: (x: number | bigint) => write(shape, Array<bigint>(128 / bits).fill(BigInt(x))),
    extract_lane: (x: Vector, lane: number) => scalar(read(shape, 's', x)[lane]),
    extract_lane_s: (x: Vector, lane: number) => scalar(read(shape, 's', x)[lane]),
    extract_lane_u: (x: Vector, lane: number) => scalar(read(shape, 'u', x)[lane]),
    replace_lane: (x: Vector, value: number | bigint, lane: number) =>
      write(shape, read(shape, 's', x).with(lane, BigInt(value))),
    abs: zip('s', absolute),
    neg: zip('s', (x) => -x),
    popcnt: zip('u', (x) => BigInt(x.toString(2).replaceAll('0', '').length)),
    all_true: (x: Vector) => (read(shape, 's', x).every((lane) => lane !== 0n) ? 1 : 0),
    bitmask: (x: Vector) =>
      read(shape, 's', x).reduce((mask, lane, index) => mask | (lane < 0n ? 1 << index : 0), 0),
    shl: shift('s', (x, by) => x << by),
    shr_s: shift('s', (x, by) => x >> by),
    shr_u: shift('u', (x, by) => x >> by),
    add: zip('s', (x, y) => x + y),
    sub: zip('s', (x, y) => x - y),
    mul: zip('s', (x, y) => x * y),
    avgr_u: zip('u', (x, y) => (x + y + 1n) / 2n),
    q15mulr_sat_s: zip('s', (x, y) => clamp((x * y + 0x4000n) >> 15n, bits, 's')),
  }
  for (const sign of ['s', 'u'] as const) {
    references[`add_sat_${sign}`] = zip(sign, (x, y) => clamp(x + y, bits, sign))
    references[`sub_sat_${sign}`] = zip(sign, (x, y) => clamp(x - y, bits, sign))
    references[`min_${sign}`] = zip(sign, (x, y) => (x < y ? x : y))
    references[`max_${sign}`] = zip(sign, (x, y) => (x > y ? x : y))
    references[`lt_${sign}`] = zip(sign, (x, y) => ones(x < y))
    references[`gt_${sign}`] = zip(sign, (x, y) => ones(x > y))
    references[`le_${sign}`] = zip(sign, (x, y) => ones(x <= y))
    references[`ge_${sign}`] = zip(sign, (x, y) => ones(x >= y))
  }
  references.eq = zip('s', (x, y) => ones(x === y))
  references.ne = zip('s', (x, y) => ones(x !== y))
  return Object.fromEntries(
    Object.entries(references)
      .map(([name, f]): [string, Reference] => [`${shape}.${name}`, f])
      .filter(([name]) => has.has(name)),
  )
}

/** Between integer shapes of neighbouring widths. */
function wideningReferences(wide: IntegerShape, narrow: IntegerShape, has: ReadonlySet<string>): References {
  const references: References = {}
  for (const sign of ['s', 'u'] as const) {
    const half = (v: Vector, which: 'low' | 'high') => {
      const lanes = read(narrow, sign, v)
      return which === 'low' ? lanes.slice(0, lanes.length / 2) : lanes.slice(lanes.length / 2)
    }
    for (const which of ['low', 'high'] as const) {
      references[`${wide}.extend_${which}_${narrow}_${sign}`] = (x: Vector) => write(wide, half(x, which))
      references[`${wide}.extmul_${which}_${narrow}_${sign}`] = (x: Vector, y: Vector) => {
        const right = half(y, which)
        return write(
          wide,
          half(x, which).map((lane, index) => lane * right[index]),
        )
      }
    }
    references[`${wide}.extadd_pairwise_${narrow}_${sign}`] = (x: Vector) =>
      write(wide, pairSums(read(narrow, sign, x)))
    // The sign of narrowing is that of the result; operands are signed.
    references[`${narrow}.narrow_${wide}_${sign}`] = (x: Vector, y: Vector) =>
      write(
        narrow,
        [...read(wide, 's', x), ...read(wide, 's', y)].map((lane) => clamp(lane, bitsOf[narrow], sign)),
      )
  }
  return Object.fromEntries(Object.entries(references).filter(([name]) => has.has(name)))
}

function pairSums(lanes: bigint[]): bigint[] {
  return Array.from({ length: lanes.length / 2 }, (_, index) => lanes[2 * index] + lanes[2 * index + 1])
}

function floatVectorReferences(shape: 'f32x4' | 'f64x2'): References {
  const Lanes = shape === 'f32x4' ? Float32Array : Float64Array
  const Masks = shape === 'f32x4' ? Int32Array : BigInt64Array
  const lanes = (v: Vector) => [...new Lanes(v.buffer)]
  const zip =
    (f: (x: number, y: number, z: number) => number): Reference =>
    (x: Vector, y: Vector = x, z: Vector = x) => {
      const [second, third] = [lanes(y), lanes(z)]
      return Lanes.from(lanes(x).map((lane, index) => f(lane, second[index], third[index])))
    }
  const compare =
    (f: (x: number, y: number) => boolean): Reference =>
    (x: Vector, y: Vector) => {
      const right = lanes(y)
      const masks = lanes(x).map((lane, index) => ones(f(lane, right[index])))
      return bytesOf(Masks === Int32Array ? Int32Array.from(masks, Number) : BigInt64Array.from(masks))
    }
  const references: References = {
    ...Object.fromEntries(
      Object.entries(floatReferences).map(([name, f]) => [name, zip(f as (x: number, y: number) => number)]),
    ),
    ...Object.fromEntries(Object.entries(floatComparisons).map(([name, f]) => [name, compare(f)])),
    pmin: zip((x, y) => (y < x ? y : x)),
    pmax: zip((x, y) => (x < y ? y : x)),
    relaxed_madd: zip((x, y, z) => x * y + z),
    relaxed_nmadd: zip((x, y, z) => -(x * y) + z),
    splat: (x: number) => new Lanes(16 / Lanes.BYTES_PER_ELEMENT).fill(x),
    extract_lane: (x: Vector, lane: number) => lanes(x)[lane],
    replace_lane: (x: Vector, value: number, lane: number) => Lanes.from(lanes(x).with(lane, value)),
  }
  return Object.fromEntries(Object.entries(references).map(([name, f]) => [`${shape}.${name}`, f]))
}

const bitwise =
  (f: (x: number, y: number, z: number) => number): Reference =>
  (x: Vector, y: Vector = x, z: Vector = x) =>
    x.map((byte, index) => f(byte, y[index], z[index]))

const conversions: References = {
  'i32x4.trunc_sat_f32x4_s': (x: Vector) => saturated([...new Float32Array(x.buffer)], true),
  'i32x4.trunc_sat_f32x4_u': (x: Vector) => saturated([...new Float32Array(x.buffer)], false),
  'i32x4.trunc_sat_f64x2_s_zero': (x: Vector) => saturated([...new Float64Array(x.buffer), 0, 0], true),
  'i32x4.trunc_sat_f64x2_u_zero': (x: Vector) => saturated([...new Float64Array(x.buffer), 0, 0], false),
  'f32x4.convert_i32x4_s': (x: Vector) => Float32Array.from(new Int32Array(x.buffer)),
  'f32x4.convert_i32x4_u': (x: Vector) => Float32Array.from(new Uint32Array(x.buffer)),
  'f64x2.convert_low_i32x4_s': (x: Vector) => Float64Array.from(new Int32Array(x.buffer, 0, 2)),
  'f64x2.convert_low_i32x4_u': (x: Vector) => Float64Array.from(new Uint32Array(x.buffer, 0, 2)),
  'f32x4.demote_f64x2_zero': (x: Vector) => Float32Array.from([...new Float64Array(x.buffer), 0, 0]),
  'f64x2.promote_low_f32x4': (x: Vector) => Float64Array.from(new Float32Array(x.buffer, 0, 2)),
}

function saturated(lanes: number[], signed: boolean): Vector {
  return write(
    'i32x4',
    lanes.map((lane) => truncate(lane, 32, signed, true)),
  )
}

/** References for those of the named instructions that are on vectors in registers. */
export function vectorReferences(names: readonly string[]): References {
  const has = new Set(names)
  return {
    ...integerReferences('i8x16', has),
    ...integerReferences('i16x8', has),
    ...integerReferences('i32x4', has),
    ...integerReferences('i64x2', has),
    ...wideningReferences('i16x8', 'i8x16', has),
    ...wideningReferences('i32x4', 'i16x8', has),
    ...wideningReferences('i64x2', 'i32x4', has),
    ...floatVectorReferences('f32x4'),
    ...floatVectorReferences('f64x2'),
    ...conversions,
    'i32x4.dot_i16x8_s': (x: Vector, y: Vector) => {
      const right = read('i16x8', 's', y)
      return write('i32x4', pairSums(read('i16x8', 's', x).map((lane, index) => lane * right[index])))
    },
    'i8x16.shuffle': (x: Vector, y: Vector, lanes: number[]) =>
      Uint8Array.from(lanes, (lane) => (lane < 16 ? x[lane] : y[lane - 16])),
    'i8x16.swizzle': (x: Vector, y: Vector) => y.map((lane) => (lane < 16 ? x[lane] : 0)),
    'v128.not': bitwise((x) => ~x),
    'v128.and': bitwise((x, y) => x & y),
    'v128.andnot': bitwise((x, y) => x & ~y),
    'v128.or': bitwise((x, y) => x | y),
    'v128.xor': bitwise((x, y) => x ^ y),
    'v128.bitselect': bitwise((x, y, mask) => (x & mask) | (y & ~mask)),
    'v128.any_true': (x: Vector) => (x.some((byte) => byte !== 0) ? 1 : 0),
  }
}
