/** Matchers for Jest's `expect`, and for those like it: `expect.extend(gradientMatchers)`. */
import type { CheckGradientOptions, NestedNumbers, Shape, Value } from '../index.js'
import { ArgumentError, checkGradient, concreteOf, isValue, Tensor, tensor } from '../index.js'
import { formatShape, sameShape, stridesOf } from '../shape.js'
import { describeDifference } from '../transforms/checkGradient.js'
import { describe } from '../value.js'

/** What a matcher answers: whether it passes, and the message for where that isn't wanted. */
export interface MatcherResult {
  readonly pass: boolean
  /** What was found: read where it passes negated, or fails. */
  readonly message: () => string
}

export interface Tolerances {
  /** The relative error allowed, 1e-6 by default. */
  readonly rtol?: number | undefined
  /** The absolute error allowed, 1e-8 by default. */
  readonly atol?: number | undefined
}

/**
 * `expect(f).toHaveCorrectGradient(inputs, options?)` passes where `checkGradient(f, inputs, options)` does.
 * Throws, whether it is negated or not, what `checkGradient` throws.
 */
function toHaveCorrectGradient(
  f: unknown,
  inputs: readonly unknown[],
  options: CheckGradientOptions = {},
): MatcherResult {
  if (!isFunction(f))
    throw new ArgumentError('WRONG_TYPE', `toHaveCorrectGradient: got ${describe(f)}; wants a function`)
  const check = checkGradient(f, inputs, options)
  return {
    pass: check.ok,
    message: () =>
      check.ok
        ? `gradient of ${f.name === '' ? 'the function' : f.name} agrees with the numerical one, to ${check.maxAbsoluteError.toExponential(2)}`
        : describeDifference(f.name, inputs, check),
  }
}

function isFunction(f: unknown): f is (...inputs: never[]) => unknown {
  return typeof f === 'function'
}

/**
 * `expect(x).toBeCloseToTensor(expected, { rtol?, atol? })` passes where shapes agree and, element by element,
 * |x − expected| ≤ atol + rtol · |expected|; NaN is close to NaN, an infinity to itself. Dtypes must agree where
 * `expected` has one: nested arrays have none, and a number is one with a tensor of shape [].
 */
function toBeCloseToTensor(
  actual: unknown,
  expected: Value | NestedNumbers,
  { rtol = 1e-6, atol = 1e-8 }: Tolerances = {},
): MatcherResult {
  if (!isValue(actual))
    throw new ArgumentError(
      'WRONG_TYPE',
      `toBeCloseToTensor: got ${describe(actual)}; wants a number, a Tensor or a Variable`,
    )
  const [x, wanted] = [asTensor(actual), asTensor(expected)]
  const result = (pass: boolean, what: string): MatcherResult => ({
    pass,
    message: () => `${what}\n  got:   ${String(x)}\n  wants: ${String(wanted)}`,
  })
  if (!sameShape(x.shape, wanted.shape))
    return result(false, `shape is ${formatShape(x.shape)}, wants ${formatShape(wanted.shape)}`)
  if (isTyped(actual) && isTyped(expected) && x.dtype !== wanted.dtype)
    return result(false, `dtype is ${x.dtype}, wants ${wanted.dtype}`)
  // An element passes where its error, over what is allowed, is at most 1.
  const excess = Array.from(x.data, (element, k) => {
    const error = errorOf(element, wanted.data[k])
    return error === 0 || error === Infinity ? error : error / (atol + rtol * Math.abs(wanted.data[k]))
  })
  const far = excess.filter((each) => !(each <= 1)).length
  if (far === 0) return result(true, 'all elements are close')
  const worst = excess.reduce((worstYet, each, k) => (each > excess[worstYet] ? k : worstYet), 0)
  return result(
    false,
    `${far} of ${x.size} elements differ, the worst ${placeOf(worst, x.shape)}: got ${x.data[worst]}, wants ${wanted.data[worst]}`,
  )
}

function asTensor(x: Value | NestedNumbers): Tensor {
  const concrete = isValue(x) ? concreteOf(x) : x
  return concrete instanceof Tensor ? concrete : tensor(concrete, { dtype: 'float64' })
}

function isTyped(x: Value | NestedNumbers): boolean {
  return isValue(x) && typeof x !== 'number'
}

/** |actual − expected|; 0 between equal infinities and between NaNs, infinite where only one is such. */
function errorOf(actual: number, expected: number): number {
  if (actual === expected || (Number.isNaN(actual) && Number.isNaN(expected))) return 0
  return Number.isFinite(actual) && Number.isFinite(expected) ? Math.abs(actual - expected) : Infinity
}

function placeOf(offset: number, shape: Shape): string {
  if (shape.length === 0) return 'the only one'
  return `at ${formatShape(stridesOf(shape).map((stride, axis) => Math.floor(offset / stride) % shape[axis]))}`
}

/** Matchers to install with `expect.extend(gradientMatchers)`; `@tapegrad/autograd/testing/jest` has their types. */
export const gradientMatchers = { toHaveCorrectGradient, toBeCloseToTensor }
