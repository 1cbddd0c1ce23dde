/** What an optimizer is: a rule that improves parameters by their gradients. */

/**
 * An update rule for trees of parameters (numbers and tensors in plain objects and arrays), free of side effects:
 * what it remembers between updates is its state, a tree that the caller keeps.
 */
export interface Optimizer<State> {
  /** The state before the first update of parameters like `params`. */
  init(params: unknown): State
  /** New parameters and the state for the next update. `gradients` has the structure, shapes and dtypes of `params`. */
  update<P>(params: P, gradients: P, state: State): { readonly params: P; readonly state: State }
}
