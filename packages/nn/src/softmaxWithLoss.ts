/** Softmax with cross-entropy loss: the book's last layer, one fused node or composed of primitives. */
import type { Join, JoinTensor, Value } from '@tapegrad/autograd'
import {
  DTypeError,
  ShapeError,
  Tensor,
  Variable,
  cast,
  differentiable,
  div,
  dtypeOf,
  full,
  isValue,
  logSoftmax,
  mul,
  neg,
  shapeOf,
  softmax,
  sub,
  sum,
} from '@tapegrad/autograd'
import { areDistributions, checkClasses, checkLabels, distributions } from './labels.js'
import type { FusedOption } from './layer.js'
import { describe } from './messages.js'

/** The type of a loss: a Variable where logits or labels are one. */
export type Loss<X extends Value, T extends Value> = JoinTensor<Join<X, T>>

/**
 * −Σ t · log softmax(x) over the classes, averaged over the examples, as one node whose derivative by the logits is
 * (y − t) / batch: y is softmax(x), t the labels as distributions, batch the number of examples.
 *
 * Logits x are floats of shape [..., classes]. Labels are integers (int32, uint8) of shape [...] or distributions
 * of the shape of the logits, one-hot or soft, of any dtype; the derivative by labels that are variables is there
 * too. The loss is a scalar tensor of the dtype of the logits. Finite logits, however large, give a finite loss;
 * a logit of −∞ rules its class out.
 *
 * Throws ShapeError where shapes don't fit or there are no examples, whose mean would be NaN; DTypeError for
 * logits or labels of the wrong dtype; IndexError for a label that is no class.
 */
export function softmaxWithLoss<X extends Value, T extends Value>(logits: X, labels: T): Loss<X, T>
export function softmaxWithLoss(logits: Value, labels: Value): Value {
  checkArguments('softmaxWithLoss', logits, labels)
  const learnsLabels = labels instanceof Variable && isFloat(labels)
  return learnsLabels ? fusedByBoth(logits, labels) : fusedByLogits(logits, labels)
}

/** As `softmaxWithLoss`, but each operation in it is an entry of its own, and the chain rule finds the derivative. */
export function composedSoftmaxWithLoss<X extends Value, T extends Value>(logits: X, labels: T): Loss<X, T>
export function composedSoftmaxWithLoss(logits: Value, labels: Value): Value {
  checkArguments('composedSoftmaxWithLoss', logits, labels)
  if (labels instanceof Tensor) checkClasses('composedSoftmaxWithLoss', shapeOf(logits), labels)
  return composed(logits, labels)
}

/** The loss as a layer without parameters; with `{ fused: false }` the composed one. */
export class SoftmaxWithLoss {
  readonly fused: boolean

  constructor({ fused = true }: FusedOption = {}) {
    this.fused = fused
  }

  forward<X extends Value, T extends Value>(logits: X, labels: T): Loss<X, T> {
    return this.fused ? softmaxWithLoss(logits, labels) : composedSoftmaxWithLoss(logits, labels)
  }
}

function checkArguments(caller: string, logits: Value, labels: Value): void {
  if (!isValue(logits) || shapeOf(logits).length === 0)
    throw new ShapeError(
      'LOGITS_SHAPE',
      `${caller}: logits are ${describe(logits)}; wants shape [..., classes]`,
    )
  if (!isFloat(logits))
    throw new DTypeError(
      'LOGITS_DTYPE',
      `${caller}: logits are ${describe(logits)}; wants float32 or float64`,
    )
  checkLabels(caller, shapeOf(logits), labels)
}

function isFloat(x: Value): boolean {
  return dtypeOf(x) === 'float32' || dtypeOf(x) === 'float64'
}

/** The number of examples. */
function batchOf(logits: Value): number {
  return shapeOf(logits)
    .slice(0, -1)
    .reduce((count, size) => count * size, 1)
}

function composed(logits: Value, labels: Value): Value {
  const logProbabilities = logSoftmax(logits)
  return div(neg(sum(mul(distributions(logits, labels), logProbabilities))), batchOf(logits))
}

/** What both fused nodes compute. Traced for compiling, they are given variables, which have no elements to loop over. */
function forward(logits: Value, labels: Value): Value {
  return logits instanceof Tensor && labels instanceof Tensor
    ? loopOver(logits, labels)
    : composed(logits, labels)
}

/** Most gradients are by the logits alone; the walk need not compute the derivative by the labels for them. */
const fusedByLogits = differentiable('softmaxWithLoss', {
  forward,
  backward: (upstream, { inputs: [logits, labels] }) => [byLogits(upstream, logits, labels), null],
})

const fusedByBoth = differentiable('softmaxWithLoss', {
  forward,
  backward: (upstream, { inputs: [logits, labels] }) => [
    byLogits(upstream, logits, labels),
    byLabels(upstream, logits, labels),
  ],
})

/** (y − t) / batch, which is what (y · Σt − t) / batch comes to where the labels of an example add up to 1. */
function byLogits(upstream: Value, logits: Value, labels: Value): Value {
  const t = distributions(logits, labels)
  const y = softmax(logits)
  const weighed = areDistributions(shapeOf(logits), labels) ? mul(y, sum(t, { axis: -1, keepDims: true })) : y
  return mul(div(upstream, batchOf(logits)), sub(weighed, t))
}

/** −log y / batch. */
function byLabels(upstream: Value, logits: Value, labels: Value): Value {
  return cast(mul(div(upstream, batchOf(logits)), neg(logSoftmax(logits))), dtypeOf(labels))
}

/** The loss of plain tensors, example by example, computed in float64. */
function loopOver(logits: Tensor, labels: Tensor): Tensor {
  checkClasses('softmaxWithLoss', logits.shape, labels)
  const classes = logits.shape[logits.rank - 1]
  const batch = batchOf(logits)
  const x = logits.data
  const t = labels.data
  const isDistribution = areDistributions(logits.shape, labels)
  let total = 0
  for (let example = 0; example < batch; example++) {
    const start = example * classes
    // Exponentials of differences to the largest logit can't overflow.
    let largest = x[start]
    for (let k = start + 1; k < start + classes; k++) largest = Math.max(largest, x[k])
    let powers = 0
    for (let k = start; k < start + classes; k++) powers += Math.exp(x[k] - largest)
    const logPowers = Math.log(powers)
    if (!isDistribution) total += logPowers - (x[start + t[example]] - largest)
    else
      for (let k = start; k < start + classes; k++)
        // Zeros are left out so that a class that can't be, of logit −∞, adds 0 and not NaN.
        if (t[k] !== 0) total += t[k] * (logPowers - (x[k] - largest))
  }
  return full([], total / batch, { dtype: logits.dtype })
}
