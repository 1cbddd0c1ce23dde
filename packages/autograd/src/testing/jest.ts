/**
 * The types of `gradientMatchers` on Jest's `expect`, and nothing else: `import type {} from
 * '@tapegrad/autograd/testing/jest'`. Apart, so that the testing entry needs no types of Jest's.
 */
// What is augmented below must be loaded.
import type {} from 'expect'
import type { CheckGradientOptions, NestedNumbers, Value } from '../index.js'
import type { Tolerances } from './matchers.js'

/** The matchers, as they are called; R is what `expect` gives for each. */
export interface GradientMatchers<R> {
  /** Passes where `checkGradient(f, inputs, options)` does, `f` being the function that is expected to. */
  toHaveCorrectGradient(inputs: readonly unknown[], options?: CheckGradientOptions): R
  /** Passes where shape and dtype agree, and each element to within `atol` + `rtol` · |expected|. */
  toBeCloseToTensor(expected: Value | NestedNumbers, tolerances?: Tolerances): R
}

// Of the global `expect`, as @types/jest declares it; its parameters must have the same names.
declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the types of Jest's globals are one
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type -- see above
    interface Matchers<R, T = {}> extends GradientMatchers<R> {}
  }
}

// Of the `expect` that @jest/globals exports.
declare module 'expect' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type -- see above
  interface Matchers<R extends void | Promise<void>, T = unknown> extends GradientMatchers<R> {}
}
