/**
 * Elementary functions on vectors of four float32 or two float64 numbers, as WebAssembly functions that compiled
 * programs call.
 *
 * Float32 results are within 2 units in the last place of the true ones, float64 results within 4; NaN,
 * infinities, zeros and their signs, and subnormal numbers are as JavaScript's Math has them. The gamma family is as
 * exact as its terms: log |Γ(x)| and its derivatives lose digits where terms cancel, near their zeros. No relaxed
 * instruction is used: all engines give the same results, except for sin, cos and tan of |x| ≥ 2²⁰, which are the
 * engine's own.
 */
import type { ImportedFunction } from '@tapegrad/kernels/assembler'
import { erf } from './erf.js'
import { exp, expm1, sigmoid } from './exp.js'
import { digamma, logGamma, polygamma } from './gamma.js'
import { cosh, sinh, tanh } from './hyperbolic.js'
import { acos, asin, atan, atan2 } from './inverseTrigonometric.js'
import { float32Lanes, float64Lanes, type Lanes } from './lanes.js'
import { log, log1p, softplus } from './log.js'
import { pow } from './power.js'
import { sign } from './sign.js'
import { cos, sin, tan, trigonometricImports } from './trigonometric.js'
import {
  binaryFunction,
  unaryFunction,
  widened,
  widenedBinary,
  type BinaryFormula,
  type UnaryFormula,
  type VectorFunction,
} from './vectorFunction.js'

export type { VectorFunction } from './vectorFunction.js'

/** The formula of a function for each type: float32 results may need float64 lanes on the way. */
interface Formulas<Formula> {
  readonly float32: Formula
  readonly float64: Formula
}

const unaryFormulas = {
  exp: both(exp),
  expm1: both(expm1),
  log: both(log),
  log1p: both(log1p),
  sin: { float32: widened(sin), float64: sin },
  cos: { float32: widened(cos), float64: cos },
  tan: { float32: widened(tan), float64: tan },
  asin: both(asin),
  acos: both(acos),
  atan: both(atan),
  sinh: both(sinh),
  cosh: both(cosh),
  tanh: both(tanh),
  erf: both(erf),
  sigmoid: both(sigmoid),
  softplus: both(softplus),
  sign: both(sign),
  logGamma: { float32: widened(logGamma), float64: logGamma },
  digamma: { float32: widened(digamma), float64: digamma },
} as const satisfies Record<string, Formulas<UnaryFormula>>

const binaryFormulas = {
  pow: { float32: widenedBinary(pow), float64: pow },
  atan2: both(atan2),
  polygamma: { float32: widenedBinary(polygamma), float64: polygamma },
} as const satisfies Record<string, Formulas<BinaryFormula>>

function both<Formula>(formula: Formula): Formulas<Formula> {
  return { float32: formula, float64: formula }
}

export type UnaryName = keyof typeof unaryFormulas
export type BinaryName = keyof typeof binaryFormulas
export type VectorFunctionName = UnaryName | BinaryName

/**
 * The functions by type and name, of one operand or, `pow`, `atan2` and `polygamma`, of two; polygamma's first is the
 * order. A module contains those that are called in it. sin, cos and tan call {@link vectorMathImports}.
 */
export const vectorMath: Readonly<
  Record<'float32' | 'float64', Readonly<Record<VectorFunctionName, VectorFunction>>>
> = { float32: functionsOf('float32', float32Lanes), float64: functionsOf('float64', float64Lanes) }

function functionsOf(dtype: 'float32' | 'float64', lanes: Lanes): Record<VectorFunctionName, VectorFunction> {
  return {
    ...mapValues(unaryFormulas, (name, formulas) =>
      unaryFunction(`${name}_${dtype}`, lanes, formulas[dtype]),
    ),
    ...mapValues(binaryFormulas, (name, formulas) =>
      binaryFunction(`${name}_${dtype}`, lanes, formulas[dtype]),
    ),
  }
}

function mapValues<Key extends string, From, To>(
  from: Readonly<Record<Key, From>>,
  to: (key: Key, value: From) => To,
): Record<Key, To> {
  const entries = Object.entries<From>(from).map(([key, value]) => [key, to(key as Key, value)])
  return Object.fromEntries(entries) as Record<Key, To>
}

/** What modules that call the function import: a scalar function of JavaScript's Math, as `math.sin`, or nothing. */
export function vectorMathImports(name: VectorFunctionName): readonly ImportedFunction[] {
  return name in trigonometricImports ? [trigonometricImports[name as keyof typeof trigonometricImports]] : []
}
