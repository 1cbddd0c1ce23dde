/** Tanh: the hyperbolic tangent as a layer. */
import type { Value } from '@tapegrad/autograd'
import { tanh } from '@tapegrad/autograd'
import { ElementwiseLayer } from './elementwiseLayer.js'

/** tanh x elementwise, x of any shape; integers give float32. No parameters. */
export class Tanh extends ElementwiseLayer {
  protected override activate(x: Value): Value {
    return tanh(x)
  }
}
