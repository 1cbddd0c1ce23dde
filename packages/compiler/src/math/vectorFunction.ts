/** Functions on vectors, built from formulas in which intermediate values have names. */
import {
  f32x4,
  f64x2,
  func,
  i8x16,
  if_,
  local,
  set,
  type Body,
  type DefinedFunction,
  type Expression,
  type Local,
  type Parameters,
  type Statement,
} from '@tapegrad/kernels/assembler'
import { wideFloat32Lanes, type Lanes, type Vector } from './lanes.js'

/** Where a formula's statements collect, in order. */
export interface Code {
  /** Computes a value now, once, for all its uses: an expression used twice would be computed twice. */
  keep(name: string, value: Vector): Local<'v128'>
  /** Adds a statement. */
  run(...statements: (Statement | Body)[]): void
  /** Adds what `add` adds, to be run only where the condition holds. */
  when(condition: Expression<'i32'>, add: (code: Code) => void): void
}

/** What a function computes in vectors of the given kind: adds statements to `code`, returns the result. */
export type Formula<Operands extends readonly Vector[]> = (
  lanes: Lanes,
  code: Code,
  ...operands: Operands
) => Vector

export type UnaryFormula = Formula<[x: Vector]>
export type BinaryFormula = Formula<[x: Vector, y: Vector]>

export type VectorFunction = DefinedFunction<'v128'>

/** The function x ↦ formula(x). */
export function unaryFunction(name: string, lanes: Lanes, formula: UnaryFormula): VectorFunction {
  return vectorFunction(name, { x: 'v128' }, ({ x }, code) => formula(lanes, code, x))
}

/** The function (x, y) ↦ formula(x, y). */
export function binaryFunction(name: string, lanes: Lanes, formula: BinaryFormula): VectorFunction {
  return vectorFunction(name, { x: 'v128', y: 'v128' }, ({ x, y }, code) => formula(lanes, code, x, y))
}

function vectorFunction<P extends Parameters>(
  name: string,
  parameters: P,
  formula: (parameters: { readonly [Name in keyof P]: Local<P[Name]> }, code: Code) => Vector,
): VectorFunction {
  return func(name, parameters, 'v128', (locals) => {
    const statements: (Statement | Body)[] = []
    const result = formula(locals, collectInto(statements))
    return [...statements, result]
  })
}

function collectInto(statements: (Statement | Body)[]): Code {
  return {
    keep(name, value) {
      const variable = local('v128', name)
      statements.push(set(variable, value))
      return variable
    },
    run(...added) {
      statements.push(...added)
    },
    when(condition, add) {
      const body: (Statement | Body)[] = []
      add(collectInto(body))
      statements.push(if_(condition, body))
    },
  }
}

/**
 * A formula for float32 lanes that computes in float64, two lanes at a time, with polynomials as short as float32 results
 * allow: for functions whose intermediate values need more digits than float32 has.
 */
export function widened(formula: UnaryFormula): UnaryFormula {
  return (_lanes, code, x) => {
    const operand = code.keep('operand', x)
    const half = (take: (x: Vector) => Vector) =>
      code.keep(
        'half',
        f32x4.demote_f64x2_zero(formula(wideFloat32Lanes, code, code.keep('wide', take(operand)))),
      )
    return joinHalves(half(lowHalf), half(highHalf))
  }
}

/** {@link widened} for formulas of two operands. */
export function widenedBinary(formula: BinaryFormula): BinaryFormula {
  return (_lanes, code, x, y) => {
    const left = code.keep('left', x)
    const right = code.keep('right', y)
    const half = (take: (x: Vector) => Vector) => {
      const wide = formula(
        wideFloat32Lanes,
        code,
        code.keep('wide', take(left)),
        code.keep('wide', take(right)),
      )
      return code.keep('half', f32x4.demote_f64x2_zero(wide))
    }
    return joinHalves(half(lowHalf), half(highHalf))
  }
}

function lowHalf(x: Vector): Vector {
  return f64x2.promote_low_f32x4(x)
}

function highHalf(x: Vector): Vector {
  return f64x2.promote_low_f32x4(
    i8x16.shuffle(x, x, [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]),
  )
}

/** The two float32 numbers at the start of each. */
function joinHalves(low: Vector, high: Vector): Vector {
  return i8x16.shuffle(low, high, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23])
}
