/**
 * What compiling costs: the time to compile the two-layer network's training step and run it once, what a call of a
 * compiled function adds to its work, and what memory is left over after many steps.
 *
 *     node --expose-gc benchmarks/dist/compileTime.js [steps, 100000]
 */
import { add, grad, integers, ones, rng, tensor, uniform, type Tensor } from '@tapegrad/autograd'
import { compile, compileStep } from '@tapegrad/compiler'
import { TwoLayerNet } from '@tapegrad/nn'
import { sgd } from '@tapegrad/train'
import { argument, timeRounds, timingOf } from './rounds.js'

const steps = argument(0, 100_000)
const { objective, params } = new TwoLayerNet({ inputs: 784, hidden: 50, outputs: 10 })
type Params = typeof params
const optimizer = sgd({ rate: 0.1 })
const images = uniform(rng(0), [100, 784])
const labels = integers(rng(1), [100], { max: 10 })

function compileTwoLayer() {
  return compileStep(
    (state: Params, x: Tensor, t: Tensor) => {
      const gradient = grad((p: Params) => objective(p, x, t))(state) as Params
      const updated = optimizer.update(state, gradient, {}).params
      return { state: updated, outputs: objective(updated, x, t) }
    },
    params,
    { threads: 1 },
  )
}

function timed(run: () => unknown): number {
  const started = performance.now()
  run()
  return performance.now() - started
}

const firstSteps = Array.from({ length: 20 }, () => timed(() => compileTwoLayer().step(images, labels)))
const { min, median } = timingOf(firstSteps.slice(1))
console.log(
  `compile the two-layer step and run it once: ${firstSteps[0].toFixed(1)} ms the first time, ` +
    `then min ${min.toFixed(1)} ms, median ${median.toFixed(1)} ms`,
)

const tiny = compile((x: Tensor, y: Tensor) => add(x, y), { threads: 1 })
const [x, y] = [tensor([1, 2, 3, 4]), ones([4])]
console.log(`first call of add on 4 elements: ${timed(() => tiny(x, y)).toFixed(1)} ms`)
timeRounds(() => tiny(x, y), 5, 10_000)
timeRounds(() => add(x, y), 5, 10_000)
const call = timeRounds(() => tiny(x, y), 20, 10_000)
const eager = timeRounds(() => add(x, y), 20, 10_000)
console.log(
  `a call of it: min ${(1000 * call.min).toFixed(2)} µs, median ${(1000 * call.median).toFixed(2)} µs; ` +
    `eager min ${(1000 * eager.min).toFixed(2)} µs, median ${(1000 * eager.median).toFixed(2)} µs`,
)

/** Bytes held, after a collection where node was started with --expose-gc, and once what it found is given back. */
async function bytesHeld(): Promise<{ readonly heap: number; readonly resident: number }> {
  globalThis.gc?.()
  await new Promise((resolve) => setTimeout(resolve, 100))
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}

const counter = compileStep(
  (state: Tensor, by: Tensor) => ({ state: add(state, by), outputs: add(state, 1) }),
  ones([1000]),
  { threads: 1 },
)
const by = ones([1000])
for (let step = 0; step < 1000; step++) counter.step(by)
const before = await bytesHeld()
for (let step = 0; step < steps; step++) counter.step(by)
const after = await bytesHeld()
const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`
console.log(
  `after ${steps} steps more: heap ${kilobytes(after.heap - before.heap)}, resident ${kilobytes(after.resident - before.resident)} more than before`,
)
