/** Checks of second derivatives and of forward mode, made of checkGradient's own way to weigh results. */
import type { CheckGradientOptions, Value } from '../index.js'
import {
  add,
  ArgumentError,
  assertGradient,
  concreteOf,
  grad,
  GradientError,
  isValue,
  jvp,
  leavesOf,
  mapTree,
  mul,
  normal,
  rng,
  specOf,
  sum,
} from '../index.js'
import { isDifferentiable } from '../value.js'

/** A function as checks take it: of values or trees of them, giving a value or a tree. */
export type Checked = (...inputs: never[]) => unknown

/**
 * Throws GradientError where the second derivatives of `f` differ from the numerical ones: those of the gradient of
 * its results, weighed at random. Otherwise as `assertGradient`.
 */
export function assertSecondOrder(
  f: Checked,
  inputs: readonly unknown[],
  options: CheckGradientOptions = {},
): void {
  assertGradient(gradientOf(f, options.seed), inputs, options)
}

/** The gradient, by every float in its inputs, of what `f` gives, weighed with numbers drawn at random. */
export function gradientOf(f: Checked, seed = 0): (...inputs: unknown[]) => Value[] {
  const gradient = (...inputs: unknown[]): Value[] => {
    const floats = floatsOf(inputs)
    const objective = (...values: Value[]): Value => {
      const results = resultsOf(f, withFloats(inputs, values))
      return inner(results, randomLike(results, seed))
    }
    return grad(
      objective,
      floats.map((_, k) => k),
    )(...floats)
  }
  return Object.defineProperty(gradient, 'name', { value: `the gradient of ${nameOf(f)}` })
}

/**
 * Throws GradientError where forward and reverse mode disagree on `f`: ⟨weights, J · directions⟩, from forward mode,
 * and ⟨Jᵀ · weights, directions⟩, from reverse mode, are one number. It is what checks a derivative's `jvp`.
 */
export function assertForwardMode(
  f: Checked,
  inputs: readonly unknown[],
  { rtol = 1e-8, atol = 1e-8, seed = 0 }: ForwardModeOptions = {},
): void {
  const floats = floatsOf(inputs)
  const directions = randomLike(floats, seed + 1)
  const results = resultsOf(f, inputs)
  const { tangent } = jvp(
    (...values: Value[]) => resultsOf(f, withFloats(inputs, values)),
    floats,
    directions,
  )
  const forwards = numberOf(inner(tangent, randomLike(results, seed)))
  const backwards = numberOf(inner(gradientOf(f, seed)(...inputs), directions))
  const error = Math.abs(forwards - backwards)
  if (!(error <= atol + rtol * Math.max(Math.abs(forwards), Math.abs(backwards))))
    throw new GradientError(
      'MODES_DIFFER',
      [
        `forward and reverse mode disagree on ${nameOf(f)}, along one random direction`,
        `  forward: ${forwards}`,
        `  reverse: ${backwards}`,
      ].join('\n'),
    )
}

export interface ForwardModeOptions {
  /** The relative error allowed, 1e-8 by default. */
  readonly rtol?: number | undefined
  /** The absolute error allowed, 1e-8 by default. */
  readonly atol?: number | undefined
  /** What directions and weights are drawn from, 0 by default. */
  readonly seed?: number | undefined
}

function nameOf(f: Checked): string {
  return f.name === '' ? 'the function' : f.name
}

function isFloatLeaf(leaf: unknown): leaf is Value {
  return isValue(leaf) && isDifferentiable(leaf)
}

function floatsOf(tree: unknown): Value[] {
  return leavesOf(tree).filter(isFloatLeaf)
}

/** The inputs with other values in the places of their floats. */
function withFloats(inputs: readonly unknown[], values: readonly Value[]): readonly unknown[] {
  let next = 0
  return inputs.map((input) => mapTree(input, (leaf) => (isFloatLeaf(leaf) ? values[next++] : leaf)))
}

/** The values that `f` gives, in one list. Throws ArgumentError where there are none. */
function resultsOf(f: Checked, inputs: readonly unknown[]): Value[] {
  const results = leavesOf((f as (...inputs: unknown[]) => unknown)(...inputs)).filter(isValue)
  if (results.length === 0)
    throw new ArgumentError(
      'RESULT',
      `${nameOf(f)}: returned nothing to differentiate; wants a value or a tree of values`,
    )
  return results
}

/** Normally distributed values of the kinds and shapes of others, in float64. */
export function randomLike(values: readonly Value[], seed: number): Value[] {
  const source = rng(seed)
  return values.map((x) => {
    const { kind, shape } = specOf(x)
    const random = normal(source, shape, { dtype: 'float64' })
    return kind === 'number' ? random.item() : random
  })
}

/** Σ ⟨values, weights⟩. */
function inner(values: readonly Value[], weights: readonly Value[]): Value {
  return values.map((x, k): Value => sum(mul(x, weights[k]))).reduce((total, term): Value => add(total, term))
}

function numberOf(x: Value): number {
  const concrete = concreteOf(x)
  return typeof concrete === 'number' ? concrete : concrete.item()
}
