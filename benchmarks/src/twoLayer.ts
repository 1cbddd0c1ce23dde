/**
 * The two-layer network on MNIST, 784–50–10 with ReLU, batch 100, rate 0.1, float32: milliseconds an iteration.
 * An iteration draws a batch, computes the gradient, updates, and computes the loss on the batch again, as every
 * contestant of compare.sh does. MNIST's pixels are mostly zeros, which compiled products skip; the same on images
 * without zeros shows the dense products.
 *
 *     node benchmarks/dist/twoLayer.js [iterations, 5000]
 *
 * The mean is over the whole run, compiling included; the minimum and the median are over rounds of 100 iterations.
 */
import {
  cast,
  div,
  grad,
  integers,
  rng,
  take,
  tensor,
  uniform,
  type Tensor,
  type TypedArray,
} from '@tapegrad/autograd'
import { compileStep } from '@tapegrad/compiler'
import { TwoLayerNet } from '@tapegrad/nn'
import { evaluate, gather, sgd, type Examples } from '@tapegrad/train'
import { loadMnist } from '@tapegrad/train/node'
import { argument, timingOf } from './rounds.js'

const batchSize = 100

/** Row numbers are drawn for so many batches at a time, as `fit` draws them. */
const batchesAtOnce = 40
const count = argument(0, 5000)

/** Eager iterations take longer, so that fewer of them tell as much. */
const eagerCount = Math.ceil(count / 10)

type Params = TwoLayerNet['params']

/** A training under way: an iteration gives the loss after its update. */
interface Contestant {
  readonly name: string
  readonly examples: Examples
  iterate(rows: Tensor): number
  params(): Params
  end(): void
}

const optimizer = sgd({ rate: 0.1 })
const createNet = (): TwoLayerNet => new TwoLayerNet({ inputs: 784, hidden: 50, outputs: 10 })
const { objective, params: initialParams } = createNet()

/** The parameters after an update, and the loss under them. */
function improve(params: Params, images: Tensor, labels: Tensor) {
  const gradient = grad((p: Params) => objective(p, images, labels))(params)
  const updated = optimizer.update(params, gradient as Params, {}).params
  return { state: updated, outputs: objective(updated, images, labels) }
}

function eager(name: string, examples: Examples): Contestant {
  let params = initialParams
  return {
    name,
    examples,
    iterate: (rows) => {
      const { images, labels } = gather(examples, rows.data)
      const { state, outputs } = improve(params, images, labels)
      params = state
      return outputs.item()
    },
    params: () => params,
    end: () => undefined,
  }
}

function compiled(name: string, examples: Examples, threads: number): Contestant {
  const program = compileStep(
    (params: Params, rows: Tensor) => {
      const images = div(cast(take(examples.images, rows), 'float32'), 255)
      return improve(params, images, take(examples.labels, rows))
    },
    initialParams,
    { threads },
  )
  return {
    name: `${name}-${threads}t`,
    examples,
    iterate: (rows) => program.step(rows).item(),
    params: () => program.state,
    end: () => {
      program.dispose()
    },
  }
}

async function measure(
  { name, examples, iterate, params, end }: Contestant,
  iterations: number,
): Promise<void> {
  const source = rng(0)
  const total = examples.images.shape[0]
  let numbers: TypedArray = new Int32Array(0)
  const iterationsPerRound = Math.min(100, iterations)
  const rounds: number[] = []
  const started = performance.now()
  let roundStarted = started
  for (let iteration = 1; iteration <= iterations; iteration++) {
    if ((iteration - 1) % batchesAtOnce === 0)
      numbers = integers(source, [batchesAtOnce * batchSize], { max: total }).data
    const start = ((iteration - 1) % batchesAtOnce) * batchSize
    iterate(tensor(numbers.subarray(start, start + batchSize)))
    if (iteration % iterationsPerRound !== 0) continue
    const now = performance.now()
    rounds.push((now - roundStarted) / iterationsPerRound)
    roundStarted = now
    // Workers that have just started report in this turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const milliseconds = performance.now() - started
  const { min, median } = timingOf(rounds)
  const net = createNet()
  net.params = params()
  end()
  const accuracy = examples === mnist.train ? ` accuracy ${(await evaluate(net, mnist.test)).toFixed(4)}` : ''
  console.log(
    `${name} ${iterations} iterations ${(milliseconds / 1000).toFixed(2)} s ` +
      `${(milliseconds / iterations).toFixed(3)} ms/iteration min ${min.toFixed(3)} median ${median.toFixed(3)}${accuracy}`,
  )
}

const mnist = await loadMnist()

/** MNIST's labels with as many images of noise: no byte is zero. */
const noise: Examples = {
  images: cast(uniform(rng(1), mnist.train.images.shape, { min: 1, max: 256 }), 'uint8'),
  labels: mnist.train.labels,
}

await measure(eager('tapegrad-eager', mnist.train), eagerCount)
for (const threads of [1, 2]) {
  await measure(compiled('tapegrad-compiled', mnist.train, threads), count)
  await measure(compiled('tapegrad-compiled-dense', noise, threads), count)
}
