/**
 * The memory that the gradient of a chain of 100 layers takes, with checkpoints around each so many layers and
 * without: mebibytes held when the walk begins, at most while it goes on, and what it costs in processor time.
 *
 *     node benchmarks/dist/checkpoint.js
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  Tape,
  add,
  checkpoint,
  differentiable,
  matmul,
  normal,
  rng,
  sum,
  tanh,
  type Value,
  type Variable,
} from '@tapegrad/autograd'
import { processorTime } from './processorTime.js'

const layerCount = 100
const [batch, width] = [512, 128]

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heldBytes(): number {
  // The buffers that one collection finds are only let go by the next ones.
  for (let k = 0; k < 3; k++) collectGarbage()
  return process.memoryUsage().arrayBuffers
}

let most = 0
/** x itself; notes what is held whenever it is computed or differentiated. */
const watch = differentiable('watch', {
  forward: (x: Value) => x,
  backward: (upstream) => {
    most = Math.max(most, heldBytes())
    return [upstream]
  },
})

type Layer = (x: Variable, W: Variable, b: Variable) => Variable
const plain: Layer = (x, W, b) => tanh(add(matmul(x, W), b))
const watched: Layer = (x, W, b) => watch(plain(x, W, b))

const x = normal(rng(0), [batch, width])
const source = rng(1)
const layers = Array.from({ length: layerCount }, () => ({
  W: normal(source, [width, width], { deviation: width ** -0.5 }),
  b: normal(source, [width], { deviation: 0.1 }),
}))

interface Measurement {
  readonly held: number
  readonly milliseconds: number
  /** What is the same whether or not there are checkpoints. */
  readonly checksum: number
}

/** Differentiates the chain, each so many layers checkpointed as one; 0 for no checkpoints. */
function measure(layer: Layer, segment: number): Measurement {
  const before = heldBytes()
  const started = processorTime()
  const tape = new Tape()
  const params = layers.map(({ W, b }) => ({ W: tape.variable(W), b: tape.variable(b) }))
  const runOf = (z: Variable, part: typeof params): Variable =>
    part.reduce((input, { W, b }) => layer(input, W, b), z)
  let y: Variable = tape.constant(x)
  if (segment === 0) y = runOf(y, params)
  else for (let k = 0; k < layerCount; k += segment) y = checkpoint(runOf)(y, params.slice(k, k + segment))
  const total = sum(y)
  const recorded = processorTime() - started
  const held = heldBytes() - before
  most = 0
  const restarted = processorTime()
  const gradients = tape.gradient(
    total,
    params.map(({ W }) => W as Variable),
  )
  const milliseconds = recorded + processorTime() - restarted
  most -= before
  return { held, checksum: Number((sum(gradients[0]) as { item(): number }).item()), milliseconds }
}

const expected = measure(plain, 0).checksum
console.log(
  `${layerCount} layers tanh(x · W + b), x [${batch}, ${width}] float32: ${(batch * width * 4) / 2 ** 10} KiB a value`,
)
for (const segment of [0, 1, 10, 25]) {
  const { held, checksum } = measure(watched, segment)
  const peak = most
  const times = Array.from({ length: 3 }, () => measure(plain, segment).milliseconds)
  if (checksum !== expected)
    throw new Error(`checkpoints change the gradient: ${checksum}, without them ${expected}`)
  const name =
    segment === 0 ? 'no checkpoints' : `around each ${segment === 1 ? 'layer' : `${segment} layers`}`
  console.log(
    `${name.padEnd(24)} held ${mebibytes(held)}  at most ${mebibytes(peak)}  ${Math.min(...times)
      .toFixed(0)
      .padStart(5)} ms`,
  )
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1).padStart(6)} MiB`
}
