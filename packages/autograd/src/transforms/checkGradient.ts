/** checkGradient and assertGradient: the derivatives of the tape against those of differences. */
import { ArgumentError, GradientError } from '../errors.js'
import { add, mul } from '../primitives/arithmetic.js'
import { cast } from '../primitives/cast.js'
import { sum } from '../primitives/reductions.js'
import { normal, rng } from '../random.js'
import { formatShape, stridesOf } from '../shape.js'
import { leavesOf, mapTree, mapTreeWithPaths } from '../tree.js'
import type { Value } from '../value.js'
import { describe, isDifferentiable, isValue, kindOf, shapeOf } from '../value.js'
import { concreteOf } from '../variable.js'
import { checkNotPromise } from './arguments.js'
import { differentiate } from './grad.js'
import { mapElements } from './numericalGradient.js'

export interface CheckGradientOptions {
  /** The step of the differences, 1e-3 by default: the five-point formula's error is about its fourth power. */
  readonly eps?: number | undefined
  /** The relative error allowed, 1e-6 by default. */
  readonly rtol?: number | undefined
  /** The absolute error allowed, 1e-8 by default. */
  readonly atol?: number | undefined
  /** What the upstream derivative is drawn from, 0 by default. */
  readonly seed?: number | undefined
}

/** One element whose two derivatives were compared. */
export interface ComparedElement {
  /** The position of its argument in `inputs`. */
  readonly input: number
  /** Where in the argument's tree it is: '' for an argument that is a value itself. */
  readonly path: string
  /** Its indices along the axes; none for a number. */
  readonly index: readonly number[]
  /** The derivative that the tape gave. */
  readonly analytic: number
  /** The derivative that differences gave. */
  readonly numerical: number
}

export interface GradientCheck {
  readonly ok: boolean
  readonly maxAbsoluteError: number
  /** |analytic − numerical| over the larger of the two. */
  readonly maxRelativeError: number
  /** The element furthest beyond what is allowed, or undefined where there are no elements. */
  readonly worst: ComparedElement | undefined
}

/**
 * Compares the reverse-mode derivatives of `f` by each float in `inputs` with numerical ones. `inputs` are the
 * arguments, values or trees; floats are taken to float64. `f` may return any value or tree of values; it is
 * weighed with an upstream derivative drawn at random, so that no errors cancel. An element passes where
 * |analytic − numerical| ≤ atol + rtol · max(|analytic|, |numerical|). The numerical derivative is the five-point
 * formula (8 (f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h (Abramowitz and Stegun, 25.3.6): keep inputs further
 * than 2 eps from kinks.
 *
 * Throws ArgumentError where `f` returns no values or there is nothing to differentiate by.
 */
export function checkGradient(
  f: (...inputs: never[]) => unknown,
  inputs: readonly unknown[],
  { eps = 1e-3, rtol = 1e-6, atol = 1e-8, seed = 0 }: CheckGradientOptions = {},
): GradientCheck {
  if (!(eps > 0) || !(rtol >= 0) || !(atol >= 0))
    throw new ArgumentError(
      'TOLERANCE',
      `checkGradient: eps ${eps}, rtol ${rtol}, atol ${atol}; wants positive numbers`,
    )
  const args = inputs.map(inFloat64)
  const floats = args.flatMap(floatsOf)
  if (floats.length === 0)
    throw new ArgumentError(
      'NO_VALUES',
      `checkGradient: got inputs (${inputs.map(describe).join(', ')}); wants an array with at least one float value in it`,
    )
  const weightedSum = weighed(f as (...inputs: unknown[]) => unknown, args, seed)
  const objective = (...values: Value[]): Value => weightedSum(...withFloats(args, values))
  const values = floats.map(({ value }) => value)
  const argnums = floats.map((_, k) => k)
  const analytic = differentiate('checkGradient', objective, argnums, values, false)
    .gradient as readonly Value[]
  const compared = floats.flatMap(({ input, path }, k) =>
    pairElements(input, path, analytic[k], differentiateNumerically(objective, values, k, eps)),
  )
  return verdict(compared, rtol, atol)
}

/** As `checkGradient`, but throws GradientError, naming the worst element, where the derivatives differ. */
export function assertGradient(
  f: (...inputs: never[]) => unknown,
  inputs: readonly unknown[],
  options: CheckGradientOptions = {},
): void {
  const check = checkGradient(f, inputs, options)
  if (!check.ok) throw new GradientError('GRADIENT_DIFFERS', describeDifference(f.name, inputs, check))
}

/** What to say of a failed check: the function, its inputs, the worst element and both derivatives. */
export function describeDifference(name: string, inputs: readonly unknown[], check: GradientCheck): string {
  const { worst, maxAbsoluteError, maxRelativeError } = check
  const where =
    worst === undefined
      ? ''
      : `input ${worst.input}${worst.path === '' ? '' : ` (${worst.path})`}${worst.index.length === 0 ? '' : ` at ${formatShape(worst.index)}`}`
  return [
    `gradient of ${name === '' ? 'the function' : name} differs from the numerical one`,
    `  worst:     ${where}`,
    `  analytic:  ${worst?.analytic}`,
    `  numerical: ${worst?.numerical}`,
    `  largest error: ${maxAbsoluteError.toExponential(2)} absolute, ${maxRelativeError.toExponential(2)} relative`,
    ...inputs.map((input, position) => `  input ${position}: ${formatInput(input)}`),
  ].join('\n')
}

function formatInput(input: unknown): string {
  return isValue(input)
    ? String(concreteOf(input))
    : JSON.stringify(
        mapTree(input, (leaf) => (isValue(leaf) ? concreteOf(leaf) : leaf)),
        (_key, leaf: unknown) => (isValue(leaf) && typeof leaf !== 'number' ? leaf.toArray() : leaf),
      )
}

function inFloat64(argument: unknown): unknown {
  return mapTree(argument, (leaf) => {
    if (!isValue(leaf)) return leaf
    const concrete = concreteOf(leaf)
    return typeof concrete !== 'number' && isDifferentiable(concrete) ? cast(concrete, 'float64') : concrete
  })
}

/** A float among the inputs: a value whose derivatives are compared. */
interface Float {
  readonly value: Value
  readonly input: number
  readonly path: string
}

function isFloatLeaf(leaf: unknown): leaf is Value {
  return isValue(leaf) && isDifferentiable(leaf)
}

function floatsOf(argument: unknown, input: number): Float[] {
  const floats: Float[] = []
  mapTreeWithPaths(argument, (leaf, path) => {
    if (isFloatLeaf(leaf)) floats.push({ value: leaf, input, path })
  })
  return floats
}

/** The arguments with other values in the places of their floats. */
function withFloats(args: readonly unknown[], values: readonly Value[]): unknown[] {
  let next = 0
  return args.map((argument) => mapTree(argument, (leaf) => (isFloatLeaf(leaf) ? values[next++] : leaf)))
}

/** `f` as a scalar function: the sum of its results, each element weighed with a normally distributed number. */
function weighed(
  f: (...inputs: unknown[]) => unknown,
  args: readonly unknown[],
  seed: number,
): (...args: unknown[]) => Value {
  const source = rng(seed)
  const results = valuesOf(f(...args))
  const weights = results.map((result) => {
    const weight = normal(source, shapeOf(result), { dtype: 'float64' })
    return kindOf(result) === 'number' ? weight.item() : weight
  })
  return (...inputs) =>
    valuesOf(f(...inputs))
      .map((result, k): Value => sum(mul(result, weights[k])))
      .reduce((total, term) => add(total, term))
}

function valuesOf(result: unknown): Value[] {
  checkNotPromise('checkGradient', result)
  const values = leavesOf(result).filter(isValue)
  if (values.length === 0)
    throw new ArgumentError(
      'RESULT',
      `checkGradient: the function returned ${describe(result)}; wants a value or a tree of values`,
    )
  return values
}

function differentiateNumerically(
  f: (...values: Value[]) => Value,
  values: readonly Value[],
  position: number,
  eps: number,
): Value {
  const moved = [...values]
  return mapElements(values[position], (replaceValue, element) => {
    const at = (x: number): number => {
      moved[position] = replaceValue(x) as Value
      const result = concreteOf(f(...moved))
      return typeof result === 'number' ? result : result.item()
    }
    const inner = at(element + eps) - at(element - eps)
    const outer = at(element + 2 * eps) - at(element - 2 * eps)
    return (8 * inner - outer) / (12 * eps)
  }) as Value
}

/** The elements of two derivatives by one value, side by side. */
function pairElements(input: number, path: string, analytic: Value, numerical: Value): ComparedElement[] {
  const [a, b] = [concreteOf(analytic), concreteOf(numerical)]
  if (typeof a === 'number' || typeof b === 'number')
    return [{ input, path, index: [], analytic: a as number, numerical: b as number }]
  const strides = stridesOf(a.shape)
  return Array.from(a.data, (element, offset) => ({
    input,
    path,
    index: strides.map((stride, axis) => Math.floor(offset / stride) % a.shape[axis]),
    analytic: element,
    numerical: b.data[offset],
  }))
}

function verdict(compared: readonly ComparedElement[], rtol: number, atol: number): GradientCheck {
  let maxAbsoluteError = 0
  let maxRelativeError = 0
  let worst: ComparedElement | undefined
  let worstExcess = -1
  for (const element of compared) {
    const { analytic, numerical } = element
    const scale = Math.max(Math.abs(analytic), Math.abs(numerical))
    const difference = Math.abs(analytic - numerical)
    // NaN compares false with everything; as an infinite error it can't pass.
    const error = Number.isNaN(difference) ? Infinity : difference
    const excess = error === 0 ? 0 : error / (atol + rtol * (Number.isFinite(scale) ? scale : 0))
    maxAbsoluteError = Math.max(maxAbsoluteError, error)
    maxRelativeError = Math.max(
      maxRelativeError,
      error === 0 ? 0 : error === Infinity ? Infinity : error / scale,
    )
    if (excess > worstExcess) {
      worstExcess = excess
      worst = element
    }
  }
  return { ok: worstExcess <= 1, maxAbsoluteError, maxRelativeError, worst }
}
