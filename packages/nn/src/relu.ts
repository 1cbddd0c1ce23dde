/** ReLU: the rectified linear unit as a layer. */
import type { Value } from '@tapegrad/autograd'
import { relu } from '@tapegrad/autograd'
import { ElementwiseLayer } from './elementwiseLayer.js'

/** max(x, 0) elementwise, x of any shape; at 0 the derivative is 0. No parameters. */
export class ReLU extends ElementwiseLayer {
  protected override activate(x: Value): Value {
    return relu(x)
  }
}
