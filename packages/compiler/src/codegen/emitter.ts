/** Writes an expression as code: one element at a time, or a vector of them along the innermost loop. */
import type { Body, Expression as Code, Local, ValueType } from '@tapegrad/kernels/assembler'
import {
  f32,
  f32x4,
  f64,
  f64x2,
  i16x8,
  i32,
  i32x4,
  i64,
  i64x2,
  if_,
  increase,
  local,
  select,
  set,
  v128,
} from '@tapegrad/kernels/assembler'
import type { Apply, Convert, Expression, Gather, Index, Load, Place } from '../lowering/expression.js'
import { isUniform } from '../lowering/expression.js'
import type { Linear } from '../lowering/linear.js'
import type { Layout } from './layout.js'
import { elementBytes, scalars, scalarType, vectors } from './machine.js'
import { floatOperations, integerOperations, maskOperations, truncated } from './operations.js'

/** The kinds of vectors that an innermost loop may be computed in. */
export type VectorDType = 'float32' | 'float64'

export const lanesOf: Readonly<Record<VectorDType, number>> = { float32: 4, float64: 2 }

/** Values that have been computed, each once. */
type Known = Map<Expression, Code>

/**
 * Emits expressions for one iteration of the innermost loop, which is the last of their forms. What doesn't change
 * with it collects in `prelude`, to be run before that loop, once an iteration of the loops around it.
 */
export class Emitter {
  readonly prelude: Body[] = []
  private readonly pointers = new Map<string, Local<'i32'>>()
  private readonly uniforms: Known = new Map()
  private readonly splats: Known = new Map()

  constructor(
    private readonly layout: Layout,
    /** The indices of the loops, the innermost last. */
    private readonly indices: readonly Local<'i32'>[],
  ) {}

  /** Says that code gives a value that doesn't change with the innermost loop. */
  know(expression: Load, code: Code): void {
    this.uniforms.set(expression, code)
  }

  /** The element at the innermost index. */
  scalar(expression: Expression, body: Body[], known: Known = new Map()): Code {
    if (expression.kind === 'constant') return scalarConstant(expression.dtype, expression.value)
    if (!isUniform(expression)) return this.scalarInto(expression, body, known)
    const done = this.uniforms.get(expression)
    return done ?? this.scalarInto(expression, this.prelude, this.uniforms)
  }

  private scalarInto(
    expression: Exclude<Expression, { kind: 'constant' }>,
    body: Body[],
    known: Known,
  ): Code {
    const done = known.get(expression)
    if (done !== undefined) return done
    const code = this.scalarCode(expression, body, known)
    const kept = keep(code, scalarType(expression.dtype), body)
    known.set(expression, kept)
    return kept
  }

  private scalarCode(e: Exclude<Expression, { kind: 'constant' }>, body: Body[], known: Known): Code {
    switch (e.kind) {
      case 'load':
        return loadScalar(e.dtype, this.address(e.buffer, e.dtype, e.position))
      case 'gather':
        return loadScalar(e.dtype, this.gatherAddress(e, body, known))
      case 'place':
        return this.placeCode(e, body, known)
      case 'index':
        return this.indexCode(e)
      case 'apply':
        return applyScalar(
          e,
          e.operands.map((operand) => this.scalar(operand, body, known)),
        )
      case 'convert':
        return convertScalar(e.operand.dtype, e.dtype, this.scalar(e.operand, body, known))
    }
  }

  /** As many elements as a vector has, from the innermost index on. `expression` passes `canVectorize`. */
  vector(expression: Expression, dtype: VectorDType, body: Body[], known: Known = new Map()): Code {
    if (isUniform(expression)) return this.splat(expression, dtype)
    const done = known.get(expression)
    if (done !== undefined) return done
    const kept = keep(this.vectorCode(expression, dtype, body, known), 'v128', body)
    known.set(expression, kept)
    return kept
  }

  /** The same in every lane; a bool as a mask. */
  private splat(expression: Expression, dtype: VectorDType): Code {
    const done = this.splats.get(expression)
    if (done !== undefined) return done
    const scalar = this.scalar(expression, this.prelude, this.uniforms)
    const code =
      expression.dtype === 'bool'
        ? splatMask(dtype, scalar as Code<'i32'>)
        : splatNumber(expression.dtype, scalar)
    const kept = keep(code, 'v128', this.prelude)
    this.splats.set(expression, kept)
    return kept
  }

  private vectorCode(e: Expression, dtype: VectorDType, body: Body[], known: Known): Code {
    switch (e.kind) {
      case 'load':
        return this.loadVector(e, body)
      case 'gather':
        return v128.load(this.gatherAddress(e, body, known))
      case 'index':
        return i32x4.add(i32x4.splat(this.indexCode(e)), consecutive(innermost(e.position)))
      case 'convert':
        return this.convertVector(e, dtype, body, known)
      case 'apply': {
        const operands = e.operands.map((operand) => this.vector(operand, dtype, body, known))
        if (e.operandDType === 'int32') return compareIntegers(e.operation, operands as Code<'v128'>[])
        const table = e.operandDType === 'bool' ? maskOperations : floatOperations
        return table[e.operation](vectors[dtype], ...operands)
      }
      case 'place':
      case 'constant':
        throw new Error(`internal: a ${e.kind} can't be computed in vectors`)
    }
  }

  private loadVector({ buffer, dtype, position }: Load, body: Body[]): Code {
    const step = innermost(position)
    const address = this.address(buffer, dtype, position)
    if (step === 1) return v128.load(address)
    // Elements apart are loaded one by one, each into its lane.
    const first = local('i32', 'first')
    body.push([set(first, address)])
    const next = (lane: number): Code<'i32'> => i32.add(first, lane * step * elementBytes[dtype])
    if (dtype === 'float64') return v128.load64_lane(next(1), v128.load64_splat(first), 1)
    return [1, 2, 3].reduce<Code<'v128'>>(
      (vector, lane) => v128.load32_lane(next(lane), vector, lane),
      v128.load32_splat(first),
    )
  }

  private convertVector({ operand, dtype }: Convert, wanted: VectorDType, body: Body[], known: Known): Code {
    if (operand.kind === 'apply') {
      // A mask becomes 1 and 0.
      const one = vectors[wanted].constant(1) as Code<'v128'>
      return v128.and(this.vector(operand, wanted, body, known) as Code<'v128'>, one)
    }
    const address =
      operand.kind === 'gather'
        ? this.gatherAddress(operand, body, known)
        : this.address((operand as Load).buffer, operand.dtype, (operand as Load).position)
    return loadConverted(operand.dtype, dtype as VectorDType, address)
  }

  /** The address of an element: that of the innermost loop's start, kept in a local, and the way from there. */
  address(buffer: number, dtype: Expression['dtype'], position: Linear): Code<'i32'> {
    const bytes = elementBytes[dtype]
    const step = innermost(position)
    const pointer = this.pointer(this.layout.addressOf(buffer), bytes, position)
    const index = this.indices[this.indices.length - 1]
    return step === 0 ? pointer : i32.add(pointer, i32.mul(index, step * bytes))
  }

  private pointer(base: number, bytes: number, { offset, steps }: Linear): Local<'i32'> {
    const outer = steps.slice(0, -1)
    const key = `${base} ${bytes} ${offset} ${outer.join()}`
    const done = this.pointers.get(key)
    if (done !== undefined) return done
    const pointer = local('i32', 'pointer')
    const start = base + offset * bytes
    this.prelude.push([
      set(pointer, start),
      outer.map((step, loop) =>
        step === 0 ? [] : increase(pointer, i32.mul(this.indices[loop], step * bytes)),
      ),
    ])
    this.pointers.set(key, pointer)
    return pointer
  }

  /** The address of an element that is loaded. */
  addressOfLeaf(leaf: Load | Gather, body: Body[]): Code<'i32'> {
    return leaf.kind === 'load'
      ? this.address(leaf.buffer, leaf.dtype, leaf.position)
      : this.gatherAddress(leaf, body, new Map())
  }

  private gatherAddress(e: Gather, body: Body[], known: Known): Code<'i32'> {
    const place = this.scalar(e.place, body, known) as Code<'i32'>
    const start = this.address(e.buffer, e.dtype, e.position)
    return i32.add(start, i32.mul(place, e.stride * elementBytes[e.dtype]))
  }

  private placeCode({ operand, extent, countsFromEnd }: Place, body: Body[], known: Known): Code<'i32'> {
    const index = this.scalar(operand, body, known) as Code<'i32'>
    const place = local('i32', 'place')
    body.push([
      set(place, countsFromEnd ? select(i32.add(index, extent), index, i32.lt_s(index, 0)) : index),
      if_(i32.ge_u(place, extent), [i32.store(i32.const(this.layout.errorAddress), 1), set(place, 0)]),
    ])
    return place
  }

  private indexCode({ position: { offset, steps } }: Index): Code<'i32'> {
    return steps.reduce<Code<'i32'>>(
      (sum, step, loop) => (step === 0 ? sum : i32.add(sum, i32.mul(this.indices[loop], step))),
      i32.const(offset),
    )
  }
}

function innermost({ steps }: Linear): number {
  return steps[steps.length - 1]
}

/** Whether `vector` can emit the expression. */
export function canVectorize(expression: Expression, dtype: VectorDType): boolean {
  if (isUniform(expression)) return expression.dtype === dtype || expression.dtype === 'bool'
  switch (expression.kind) {
    case 'load':
      return expression.dtype === dtype
    case 'gather':
      return expression.dtype === dtype && isUniform(expression.place) && innermost(expression.position) === 1
    case 'convert':
      return canConvertVector(expression, dtype)
    case 'apply':
      return canApplyVector(expression, dtype)
    case 'place':
    case 'index':
    case 'constant':
      return false
  }
}

function canConvertVector({ operand, dtype }: Convert, wanted: VectorDType): boolean {
  if (dtype !== wanted) return false
  if (operand.kind === 'apply') return operand.dtype === 'bool' && canVectorize(operand, wanted)
  const isContiguous =
    (operand.kind === 'load' || (operand.kind === 'gather' && isUniform(operand.place))) &&
    innermost(operand.position) === 1
  return (
    isContiguous &&
    (wanted === 'float32'
      ? isByte(operand.dtype) || operand.dtype === 'int32'
      : operand.dtype === 'float32' || operand.dtype === 'int32')
  )
}

function isByte(dtype: Expression['dtype']): boolean {
  return dtype === 'uint8' || dtype === 'bool'
}

function canApplyVector({ operation, operandDType, dtype, operands }: Apply, wanted: VectorDType): boolean {
  if (operandDType === 'int32')
    return wanted === 'float32' && operation in integerComparisons && operands.every(isIntegerVector)
  if (operandDType === 'bool')
    return operation in maskOperations && operands.every((operand) => isMask(operand, wanted))
  if (operandDType !== wanted || (dtype !== wanted && dtype !== 'bool')) return false
  return operation in floatOperations && operands.every((operand) => canVectorize(operand, wanted))
}

/** A bool that is computed, not loaded: only those are masks. */
function isMask(expression: Expression, dtype: VectorDType): boolean {
  return expression.kind !== 'load' && canVectorize(expression, dtype)
}

function isIntegerVector(expression: Expression): boolean {
  if (isUniform(expression)) return expression.dtype === 'int32'
  return expression.kind === 'index' || (expression.kind === 'load' && expression.dtype === 'int32')
}

const integerComparisons: Readonly<Record<string, (x: Code<'v128'>, y: Code<'v128'>) => Code<'v128'>>> = {
  equal: i32x4.eq,
  notEqual: i32x4.ne,
  greater: i32x4.gt_s,
  greaterEqual: i32x4.ge_s,
  less: i32x4.lt_s,
  lessEqual: i32x4.le_s,
}

function compareIntegers(operation: string, [x, y]: readonly Code<'v128'>[]): Code {
  return integerComparisons[operation](x, y)
}

/** 0, step, 2 · step and 3 · step. */
function consecutive(step: number): Code<'v128'> {
  return v128.const(new Uint8Array(Int32Array.of(0, step, 2 * step, 3 * step).buffer))
}

/** A value computed now and held for all its uses. */
function keep(code: Code, type: ValueType, body: Body[]): Code {
  if (code.kind === 'local') return code
  const kept = local(type, 'value')
  body.push([set(kept as Local<'i32'>, code as Code<'i32'>)])
  return kept
}

function scalarConstant(dtype: Expression['dtype'], value: number): Code {
  switch (scalarType(dtype)) {
    case 'f32':
      return f32.const(value)
    case 'f64':
      return f64.const(value)
    case 'i32':
      return i32.const(value)
  }
}

export function loadScalar(dtype: Expression['dtype'], address: Code<'i32'>): Code {
  switch (dtype) {
    case 'float32':
      return f32.load(address)
    case 'float64':
      return f64.load(address)
    case 'int32':
      return i32.load(address)
    default:
      return i32.load8_u(address)
  }
}

/** Stores an element in a dtype's width; uint8 wraps. */
export function storeScalar(dtype: Expression['dtype'], address: Code<'i32'>, value: Code): Body {
  switch (dtype) {
    case 'float32':
      return [f32.store(address, value as Code<'f32'>)]
    case 'float64':
      return [f64.store(address, value as Code<'f64'>)]
    case 'int32':
      return [i32.store(address, value as Code<'i32'>)]
    default:
      return [i32.store8(address, value as Code<'i32'>)]
  }
}

function applyScalar({ operation, operandDType, dtype }: Apply, operands: readonly Code[]): Code {
  if (operandDType === 'float32' || operandDType === 'float64')
    return floatOperations[operation](scalars[operandDType], ...operands)
  const result = integerOperations[operation](...(operands as Code<'i32'>[]))
  return dtype === 'uint8' ? i32.and(result, 255) : result
}

/** A scalar of one dtype as another, as JavaScript's typed arrays convert; to bool by whether it is 0. */
export function convertScalar(from: Expression['dtype'], to: Expression['dtype'], value: Code): Code {
  const [source, target] = [scalarType(from), scalarType(to)]
  if (to === 'bool') return isNotZero(source, value)
  if (target === 'i32') {
    if (source === 'i32') return to === 'uint8' ? i32.and(value as Code<'i32'>, 255) : value
    const whole = truncated(source === 'f32' ? f64.promote_f32(value as Code<'f32'>) : (value as Code<'f64'>))
    return to === 'uint8' ? i32.and(whole, 255) : whole
  }
  if (target === 'f32')
    return source === 'i32' ? f32.convert_i32_s(value as Code<'i32'>) : f32.demote_f64(value as Code<'f64'>)
  return source === 'i32' ? f64.convert_i32_s(value as Code<'i32'>) : f64.promote_f32(value as Code<'f32'>)
}

function isNotZero(type: 'f32' | 'f64' | 'i32', value: Code): Code {
  switch (type) {
    case 'f32':
      return f32.ne(value as Code<'f32'>, 0)
    case 'f64':
      return f64.ne(value as Code<'f64'>, 0)
    case 'i32':
      return i32.ne(value as Code<'i32'>, 0)
  }
}

function splatMask(dtype: VectorDType, bit: Code<'i32'>): Code {
  return dtype === 'float32' ? i32x4.splat(i32.sub(0, bit)) : i64x2.splat(i64.sub(0, i64.extend_i32_u(bit)))
}

function splatNumber(dtype: Expression['dtype'], value: Code): Code {
  switch (scalarType(dtype)) {
    case 'f32':
      return f32x4.splat(value as Code<'f32'>)
    case 'f64':
      return f64x2.splat(value as Code<'f64'>)
    case 'i32':
      return i32x4.splat(value as Code<'i32'>)
  }
}

/** Neighbouring elements of one dtype as a vector of another. */
function loadConverted(from: Expression['dtype'], to: VectorDType, address: Code<'i32'>): Code {
  if (to === 'float64') {
    const pair = v128.load64_zero(address)
    return from === 'float32' ? f64x2.promote_low_f32x4(pair) : f64x2.convert_low_i32x4_s(pair)
  }
  if (from === 'int32') return f32x4.convert_i32x4_s(v128.load(address))
  const bytes = v128.load32_zero(address)
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)))
}
