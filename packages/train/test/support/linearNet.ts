/** The smallest network that learns to classify: one affine layer and softmax with cross-entropy. */
import type { Tensor, Value } from '@tapegrad/autograd'
import {
  add,
  argmax,
  equal,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  oneHot,
  sum,
  zeros,
} from '@tapegrad/autograd'
import type { Trainable } from '../../src/index.js'

export interface LinearParams<V = Tensor> {
  readonly W: V
  readonly b: V
}

export interface LinearNet extends Trainable<LinearParams> {
  objective(params: LinearParams<Value>, images: Tensor, labels: Tensor): Value
}

export function linearNet(
  inputs: number,
  classes: number,
  dtype: 'float32' | 'float64' = 'float32',
): LinearNet {
  return {
    params: { W: zeros([inputs, classes], { dtype }), b: zeros([classes], { dtype }) },
    objective({ W, b }, images, labels) {
      const logProbabilities = logSoftmax(add(matmul(images, W), b))
      return neg(mean(sum(mul(logProbabilities, oneHot(labels, classes, { dtype })), { axis: 1 })))
    },
    accuracy(images, labels) {
      const { W, b } = this.params
      return mean(equal(argmax(add(matmul(images, W), b), { axis: 1 }), labels)).item()
    },
  }
}
