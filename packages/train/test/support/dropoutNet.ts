/** A small network that draws random numbers in training: two layers with dropout in between. */
import type { Tensor } from '@tapegrad/autograd'
import { argmax, equal, mean, rng } from '@tapegrad/autograd'
import type { SequentialParams } from '@tapegrad/nn'
import { Affine, Dropout, ReLU, Sequential, SoftmaxWithLoss } from '@tapegrad/nn'
import type { Trainable } from '../../src/index.js'
import { stripeClasses, stripeInputs } from './stripes.js'

function layers(rate: number) {
  return new Sequential({
    affine1: new Affine(stripeInputs, 16, { dtype: 'float64' }),
    relu: new ReLU(),
    dropout: new Dropout(rate),
    affine2: new Affine(16, stripeClasses, { dtype: 'float64' }),
  })
}

type Params = SequentialParams<ReturnType<typeof layers>['layers']>

export function dropoutNet(rate = 0.4): Trainable<Params> {
  const net = layers(rate)
  const loss = new SoftmaxWithLoss()
  return {
    params: net.init(rng(3)),
    objective: (params, images, labels, context) =>
      loss.forward(net.apply(params, net.initState(), images, context).output, labels),
    accuracy(images: Tensor, labels: Tensor) {
      return mean(equal(argmax(net.forward(this.params, images), { axis: 1 }), labels)).item()
    },
  }
}
