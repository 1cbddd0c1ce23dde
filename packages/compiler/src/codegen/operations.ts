/** What each elementwise operation is in machine arithmetic. */
import type { Expression as Code } from '@tapegrad/kernels/assembler'
import { f64, i32, i64, select } from '@tapegrad/kernels/assembler'
import type { VectorFunctionName } from '../math/index.js'
import type { Floats } from './machine.js'

/** Operands are locals or constants, so that using one twice computes nothing twice. */
type FloatOperation = (floats: Floats, ...operands: Code[]) => Code

const elementary =
  (name: VectorFunctionName): FloatOperation =>
  (floats, ...operands) =>
    floats.math(name, ...operands)

/** On float32 or float64; comparisons give masks. */
export const floatOperations: Readonly<Record<string, FloatOperation>> = {
  neg: ({ neg }, x) => neg(x),
  abs: ({ abs }, x) => abs(x),
  // ±0 and NaN are neither above nor below 0, and stay.
  sign: ({ select, gt, lt, constant }, x) =>
    select(gt(x, constant(0)), constant(1), select(lt(x, constant(0)), constant(-1), x)),
  exp: elementary('exp'),
  expm1: elementary('expm1'),
  log: elementary('log'),
  log1p: elementary('log1p'),
  sqrt: ({ sqrt }, x) => sqrt(x),
  square: ({ mul }, x) => mul(x, x),
  reciprocal: ({ div, constant }, x) => div(constant(1), x),
  sin: elementary('sin'),
  cos: elementary('cos'),
  tan: elementary('tan'),
  asin: elementary('asin'),
  acos: elementary('acos'),
  atan: elementary('atan'),
  sinh: elementary('sinh'),
  cosh: elementary('cosh'),
  tanh: elementary('tanh'),
  erf: elementary('erf'),
  floor: ({ floor }, x) => floor(x),
  ceil: ({ ceil }, x) => ceil(x),
  round: ({ nearest }, x) => nearest(x),
  relu: ({ select, le, constant }, x) => select(le(x, constant(0)), constant(0), x),
  sigmoid: elementary('sigmoid'),
  softplus: elementary('softplus'),
  add: ({ add }, x, y) => add(x, y),
  sub: ({ sub }, x, y) => sub(x, y),
  mul: ({ mul }, x, y) => mul(x, y),
  div: ({ div }, x, y) => div(x, y),
  pow: elementary('pow'),
  maximum: ({ max }, x, y) => max(x, y),
  minimum: ({ min }, x, y) => min(x, y),
  atan2: elementary('atan2'),
  logGamma: elementary('logGamma'),
  digamma: elementary('digamma'),
  polygamma: elementary('polygamma'),
  equal: ({ eq }, x, y) => eq(x, y),
  notEqual: ({ ne }, x, y) => ne(x, y),
  greater: ({ gt }, x, y) => gt(x, y),
  greaterEqual: ({ ge }, x, y) => ge(x, y),
  less: ({ lt }, x, y) => lt(x, y),
  lessEqual: ({ le }, x, y) => le(x, y),
  where: ({ select }, mask, a, b) => select(mask, a, b),
}

/** On masks. */
export const maskOperations: Readonly<Record<string, FloatOperation>> = {
  logicalAnd: ({ and }, x, y) => and(x, y),
  logicalOr: ({ or }, x, y) => or(x, y),
  logicalNot: ({ not }, x) => not(x),
  where: ({ and, or, not }, mask, a, b) => or(and(mask, a), and(not(mask), b)),
}

type IntegerOperation = (...operands: Code<'i32'>[]) => Code<'i32'>

const larger = (x: Code<'i32'>, y: Code<'i32'>): Code<'i32'> => select(x, y, i32.gt_s(x, y))
const smaller = (x: Code<'i32'>, y: Code<'i32'>): Code<'i32'> => select(x, y, i32.lt_s(x, y))
const same: IntegerOperation = (x) => x

/** On int32, and on uint8 and bool, which are computed with as int32. */
export const integerOperations: Readonly<Record<string, IntegerOperation>> = {
  neg: (x) => i32.sub(0, x),
  abs: (x) => select(i32.sub(0, x), x, i32.lt_s(x, 0)),
  sign: (x) => i32.sub(i32.gt_s(x, 0), i32.lt_s(x, 0)),
  square: (x) => i32.mul(x, x),
  floor: same,
  ceil: same,
  round: same,
  relu: (x) => larger(x, i32.const(0)),
  add: (x, y) => i32.add(x, y),
  sub: (x, y) => i32.sub(x, y),
  mul: (x, y) => i32.mul(x, y),
  maximum: larger,
  minimum: smaller,
  equal: (x, y) => i32.eq(x, y),
  notEqual: (x, y) => i32.ne(x, y),
  greater: (x, y) => i32.gt_s(x, y),
  greaterEqual: (x, y) => i32.ge_s(x, y),
  less: (x, y) => i32.lt_s(x, y),
  lessEqual: (x, y) => i32.le_s(x, y),
  logicalAnd: (x, y) => i32.and(x, y),
  logicalOr: (x, y) => i32.or(x, y),
  logicalNot: (x) => i32.eqz(x),
  where: (mask, a, b) => select(a, b, mask),
}

/**
 * A float64, a local, as an int32 the way JavaScript stores it: towards zero, wrapping; NaN and infinities give 0.
 * What is left of it by whole multiples of 2³² is exact, and NaN of an infinity.
 */
export function truncated(x: Code<'f64'>): Code<'i32'> {
  const multiple = f64.mul(f64.trunc(f64.mul(x, 2 ** -32)), 2 ** 32)
  return i32.wrap_i64(i64.trunc_sat_f64_s(f64.sub(x, multiple)))
}
