/** Properties for fc.assert: that a function's derivatives are right wherever its inputs are drawn. */
import fc from 'fast-check'
import type { CheckGradientOptions, MapLeaves, Tensor, Variable } from '../index.js'
import { assertGradient } from '../index.js'
import type { ForwardModeOptions } from './derivatives.js'
import { assertForwardMode, assertSecondOrder } from './derivatives.js'

/** What the checked function is called with where a T is drawn: with variables in the places of its values, too. */
export type Watched<T> = MapLeaves<MapLeaves<T, Tensor, Tensor | Variable>, number, number | Variable>

/** The function to check, given what is drawn for its arguments. It returns a value or a tree of values. */
export type CheckedFunction<Inputs extends readonly unknown[]> = (
  ...inputs: { [K in keyof Inputs]: Watched<Inputs[K]> }
) => unknown

/** One arbitrary for each argument. */
export type Arbitraries<Inputs extends readonly unknown[]> = { [K in keyof Inputs]: fc.Arbitrary<Inputs[K]> }

/** A property of a function's arguments, and the same with options after the arbitraries. */
export interface PropertyOf<Options> {
  <Inputs extends [unknown, ...unknown[]]>(
    f: CheckedFunction<Inputs>,
    ...arbitraries: Arbitraries<Inputs>
  ): fc.IPropertyWithHooks<Inputs>
  <Inputs extends [unknown, ...unknown[]]>(
    f: CheckedFunction<Inputs>,
    ...arbitrariesAndOptions: [...Arbitraries<Inputs>, Options]
  ): fc.IPropertyWithHooks<Inputs>
}

/**
 * The property that the derivatives of `f` by each float in its arguments are those of differences: for
 * `fc.assert(gradientProperty(f, tensor()))`. Arguments may be values or trees; options for `checkGradient` may come
 * last. Draw away from kinks, with `avoid`.
 *
 * Where it fails, fast-check reports the seed, the path and the smallest failing arguments it found; the cause, a
 * GradientError, names the function, the worst element, and both derivatives.
 */
export const gradientProperty = propertyOf<CheckGradientOptions>(assertGradient)

/** As `gradientProperty`, of the second derivatives: the gradient of `f` is what is differentiated. */
export const secondOrderProperty = propertyOf<CheckGradientOptions>(assertSecondOrder)

/**
 * The property that forward mode gives the derivatives that reverse mode gives, to `rtol` and `atol`. It needs no
 * differences, so that it is quick; together with `gradientProperty` it checks the `jvp` of a custom function.
 */
export const forwardModeProperty = propertyOf<ForwardModeOptions>(assertForwardMode)

function propertyOf<Options>(
  check: (f: (...inputs: never[]) => unknown, inputs: readonly unknown[], options?: Options) => void,
): PropertyOf<Options> {
  return (f: (...inputs: never[]) => unknown, ...rest: unknown[]) => {
    const last = rest.at(-1)
    const [arbitraries, options] =
      last instanceof fc.Arbitrary ? [rest, undefined] : [rest.slice(0, -1), last as Options]
    const property = fc.property as (...args: unknown[]) => never
    return property(...arbitraries, (...inputs: unknown[]) => {
      check(f, inputs, options)
    })
  }
}
