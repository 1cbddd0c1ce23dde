/** What a layer is: pure functions from parameters, state and input to output and next state. */
import type { Join, MapLeaves, Rng, Tensor, Value } from '@tapegrad/autograd'

/** Parameters or state of type P with any value at each leaf: tensors as `init` gives them, or variables of them. */
export type Given<P> = MapLeaves<P, Tensor, Value>

/** The union of the types at the leaves of a tree; number, which changes no result's type, where there are none. */
type LeavesOf<T> = [Leaves<T>] extends [never] ? number : Extract<Leaves<T>, Value>
type Leaves<T> = T extends Value ? T : { [K in keyof T]: Leaves<T[K]> }[keyof T]

/** The type of what is computed from `x` and the values in a tree: a Variable where one went in. */
export type Output<X extends Value, Q> = Join<X, LeavesOf<Q>>

export interface ApplyOptions {
  /** Whether the call is part of training; false where it is left out. */
  readonly training?: boolean | undefined
  /** Where a layer that draws random numbers in training gets them from. */
  readonly rng?: Rng | undefined
}

/** What `apply` gives: the output, and the state for the next call. */
export interface Applied<Y, S> {
  readonly output: Y
  readonly state: S
}

/**
 * A layer with parameters of type P and state of type S, both trees of tensors. It holds sizes and settings only:
 * parameters and state are handed in and out, so that its functions can be differentiated and compiled.
 */
export interface Layer<P extends object = object, S extends object = object> {
  /** New parameters. */
  init(rng: Rng): P

  /** The state before the first call; {} where there is none. */
  initState(): S

  /** The output and the next state; the whole truth, where training differs from use or state exists. */
  apply<X extends Value, Q extends Given<P>>(
    params: Q,
    state: Given<S>,
    x: X,
    options?: ApplyOptions,
  ): Applied<Output<X, Q>, Given<S>>

  /** The output of `apply` in use, not training, in the state of `initState()`. */
  forward<X extends Value, Q extends Given<P>>(params: Q, x: X): Output<X, Q>
}

/** Whether a layer that exists in both forms is one entry on a tape, or the operations that it is made of. */
export interface FusedOption {
  /** True by default. */
  readonly fused?: boolean | undefined
}

/** The parameters, and the state, of a layer that has none. */
export type Nothing = Record<never, never>

/** The base of layers without state that do the same in training as in use: `forward` is all there is to them. */
export abstract class StatelessLayer<P extends object> implements Layer<P, Nothing> {
  abstract init(rng: Rng): P
  abstract forward<X extends Value, Q extends Given<P>>(params: Q, x: X): Output<X, Q>

  initState(): Nothing {
    return {}
  }

  apply<X extends Value, Q extends Given<P>>(
    params: Q,
    state: Nothing,
    x: X,
    options?: ApplyOptions,
  ): Applied<Output<X, Q>, Nothing>
  apply(params: Given<P>, state: Nothing, x: Value): Applied<Value, Nothing> {
    return { output: this.forward(params, x), state }
  }
}
