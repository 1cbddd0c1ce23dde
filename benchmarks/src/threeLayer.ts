/**
 * Training 784–1024–1024–10 with ReLU, batch 256, float32, 2 threads, where matrix products take nearly all the
 * time: billions of floating-point operations a second, as a fraction of what a program of the same products alone
 * reaches.
 *
 *     node benchmarks/dist/threeLayer.js [threads, 2] [rounds, 20]
 */
import {
  grad,
  integers,
  matmul,
  normal,
  rng,
  slice,
  uniform,
  type Tensor,
  type Value,
} from '@tapegrad/autograd'
import { compileStep } from '@tapegrad/compiler'
import { Affine, ReLU, Sequential, SoftmaxWithLoss } from '@tapegrad/nn'
import { sgd } from '@tapegrad/train'
import { argument, timeRounds } from './rounds.js'

const threads = argument(0, 2)
const rounds = argument(1, 20)
const batch = 256
const sizes = [784, 1024, 1024, 10]
const iterationsPerRound = 5

const source = rng(0)
const net = new Sequential({
  affine1: new Affine(sizes[0], sizes[1]),
  relu1: new ReLU(),
  affine2: new Affine(sizes[1], sizes[2]),
  relu2: new ReLU(),
  affine3: new Affine(sizes[2], sizes[3]),
})
const loss = new SoftmaxWithLoss()
const optimizer = sgd({ rate: 0.01 })
const params = net.init(source)
type Params = typeof params

const training = compileStep(
  (state: Params, images: Tensor, labels: Tensor) => {
    const objective = (p: Params): Value => loss.forward(net.forward(p, images), labels)
    const gradient = grad(objective)(state) as Params
    return { state: optimizer.update(state, gradient, {}).params, outputs: [] }
  },
  params,
  { threads },
)

/** The products of one layer: its output, its weights' derivative and, but for the first, its inputs' derivative. */
interface Layer {
  readonly x: Tensor
  readonly W: Tensor
  readonly upstream: Tensor
}

const layers = sizes.slice(1).map((outputs, k): Layer => {
  const inputs = sizes[k]
  return {
    x: normal(source, [batch, inputs]),
    W: normal(source, [inputs, outputs]),
    upstream: normal(source, [batch, outputs]),
  }
})

// The operands are a state that stays as it is: in the program's memory, as those of training are.
const products = compileStep(
  (state: readonly Layer[]) => ({
    state,
    outputs: state.flatMap(({ x, W, upstream }, k) => [
      corner(matmul(x, W)),
      corner(matmul(x, upstream, { transposeA: true })),
      ...(k === 0 ? [] : [corner(matmul(upstream, W, { transposeB: true }))]),
    ]),
  }),
  layers,
  { threads },
)

/** One element: enough of a product for it to be computed. */
function corner(product: Tensor): Tensor {
  return slice(product, [0, 0], [1, 1])
}

/** Two for each multiply-add; the first layer's inputs need no derivative. */
const operations = layers.reduce((total, { W }, k) => total + (k === 0 ? 2 : 3) * 2 * batch * W.size, 0)

const images = uniform(source, [batch, sizes[0]])
const labels = integers(source, [batch], { max: 10 })
const contestants = [
  { name: 'products alone', iterate: () => products.step() },
  { name: 'training', iterate: () => training.step(images, labels) },
]
const best = contestants.map(({ name, iterate }) => {
  for (let iteration = 0; iteration < iterationsPerRound; iteration++) iterate()
  const { min, median } = timeRounds(iterate, rounds, iterationsPerRound)
  const [fastest, usual] = [min, median].map((milliseconds) => operations / milliseconds / 1e6)
  console.log(
    `${name.padEnd(15)} ${threads} threads  min ${min.toFixed(2)} ms ${fastest.toFixed(1)} GFLOP/s` +
      `  median ${median.toFixed(2)} ms ${usual.toFixed(1)} GFLOP/s`,
  )
  return min
})
console.log(`training at ${((100 * best[0]) / best[1]).toFixed(0)} % of the rate of its products alone`)
products.dispose()
training.dispose()
