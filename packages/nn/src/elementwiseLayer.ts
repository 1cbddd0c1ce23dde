/** The base of activations: layers without parameters that apply one operation element by element. */
import type { Value } from '@tapegrad/autograd'
import type { Nothing, Output } from './layer.js'
import { StatelessLayer } from './layer.js'

export abstract class ElementwiseLayer extends StatelessLayer<Nothing> {
  /** The operation; integers give what it makes of them. */
  protected abstract activate(x: Value): Value

  init(): Nothing {
    return {}
  }

  forward<X extends Value, Q extends Nothing>(params: Q, x: X): Output<X, Q>
  forward(_params: Nothing, x: Value): Value {
    return this.activate(x)
  }
}
