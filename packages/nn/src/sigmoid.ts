/** Sigmoid: the logistic function as a layer, one fused node or composed of the book's four. */
import type { Join, Value } from '@tapegrad/autograd'
import { add, div, dtypeOf, exp, maximum, neg, sigmoid } from '@tapegrad/autograd'
import { ElementwiseLayer } from './elementwiseLayer.js'
import type { FusedOption } from './layer.js'

/** Just above the logarithm of the smallest normal float: below it, e⁻ˣ would come to overflow. */
const lowest = (x: Value): number => (dtypeOf(x) === 'float64' ? -708 : -87)

/**
 * 1 / (1 + e⁻ˣ) elementwise as a graph of primitives, for which the chain rule finds the derivative y (1 − y) step
 * by step. As autograd's `sigmoid`, which is this in one node, but for x below −708 (in float32 −87): there it keeps
 * the value at that point, 10⁻³⁰⁸ (10⁻³⁸), and has derivative 0.
 */
export function composedSigmoid<X extends Value>(x: X): Join<X>
export function composedSigmoid(x: Value): Value {
  // An infinite e⁻ˣ would do in the value, but make 0 · ∞ in the derivative.
  const power = exp(neg(maximum(x, lowest(x))))
  return div(1, add(1, power))
}

/**
 * 1 / (1 + e⁻ˣ) elementwise, x of any shape; integers give float32. No parameters. Fused it is autograd's `sigmoid`,
 * whose derivative y (1 − y) needs the output alone; with `{ fused: false }` it is `composedSigmoid`.
 */
export class Sigmoid extends ElementwiseLayer {
  readonly fused: boolean

  constructor({ fused = true }: FusedOption = {}) {
    super()
    this.fused = fused
  }

  protected override activate(x: Value): Value {
    return this.fused ? sigmoid(x) : composedSigmoid(x)
  }
}
