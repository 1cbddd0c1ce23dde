/** Gradient check: the tape's gradients of the two-layer network against numerical ones, on 3 MNIST images. */
import { abs, cast, div, mean, slice, sub } from '@tapegrad/autograd'
import { TwoLayerNet } from '@tapegrad/nn'
import { loadMnist } from '@tapegrad/train/node'

const { train } = await loadMnist()
const images = div(cast(slice(train.images, [0], [3]), 'float64'), 255)
const labels = slice(train.labels, [0], [3])

const net = new TwoLayerNet({ inputs: 784, hidden: 50, outputs: 10, dtype: 'float64', seed: 0 })
const backpropagated = net.gradient(images, labels)
console.log('Moving each of the 39,760 parameters both ways takes some seconds …')
const numerical = net.numericalGradient(images, labels)

for (const name of ['W1', 'b1', 'W2', 'b2'] as const) {
  const difference = mean(abs(sub(backpropagated[name], numerical[name])))
  console.log(`${name}: mean absolute difference ${difference.item().toExponential(2)}`)
}
