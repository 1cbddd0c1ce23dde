/**
 * What a gradient costs beside its function's value: valueAndGrad over the value alone, on tensors, in
 * processor time. Theory allows
 * four times (Baur and Strassen; Griewank and Walther, Evaluating Derivatives, ch. 4).
 *
 *     node benchmarks/dist/gradientCost.js [rounds, 20]
 */
import {
  add,
  conv2d,
  div,
  exp,
  logSumExp,
  matmul,
  maxPool2d,
  mean,
  mul,
  normal,
  reshape,
  rng,
  sigmoid,
  slice,
  softmax,
  square,
  sub,
  sum,
  tanh,
  transpose,
  valueAndGrad,
  type Shape,
  type Tensor,
  type Value,
  type Variable,
} from '@tapegrad/autograd'
import { processorTime } from './processorTime.js'
import { argument } from './rounds.js'

const rounds = argument(0, 20)
const source = rng(0)
const draw = (shape: Shape): Tensor => normal(source, shape, { deviation: 0.1 })

interface Program {
  readonly f: (...inputs: Value[]) => Value
  readonly inputs: readonly Tensor[]
}

const programs: Record<string, Program> = {
  'two-layer network': {
    f: (W1, b1, W2, b2) => {
      const logits = add(matmul(sigmoid(add(matmul(images, W1), b1)), W2), b2)
      return mean(sub(logSumExp(logits, { axis: 1 }), sum(mul(logits, labels), { axis: 1 })))
    },
    inputs: [draw([784, 50]), draw([50]), draw([50, 10]), draw([10])],
  },
  'ten layers of tanh': {
    f: (W) => {
      let x: Value = signal
      for (let k = 0; k < 10; k++) x = tanh(matmul(x, W))
      return sum(square(x))
    },
    inputs: [draw([128, 128])],
  },
  attention: {
    f: (q, k, v) => sum(square(matmul(softmax(div(matmul(q, transpose(k)), 8)), v))),
    inputs: [draw([256, 64]), draw([256, 64]), draw([256, 64])],
  },
  convolution: {
    f: (w, v) => {
      const x = maxPool2d(conv2d(pictures, w, { padding: 1 }), { size: 2 })
      return mean(exp(matmul(reshape(x, [8, -1]), v)))
    },
    inputs: [draw([8, 3, 3, 3]), draw([8 * 16 * 16, 10])],
  },
  'Rosenbrock, 100,000': {
    f: (x) => {
      const [here, next] = [slice(x, [0], [-1]), slice(x, [1])]
      return sum(add(square(sub(1, here)), mul(100, square(sub(next, square(here))))))
    },
    inputs: [draw([100_000])],
  },
}

const images = draw([100, 784])
const labels = softmax(draw([100, 10]))
const signal = draw([64, 128])
const pictures = draw([8, 3, 32, 32])

/** Milliseconds of processor time a run. */
function timeOf(run: () => unknown): number {
  const repetitions = 10
  const started = processorTime()
  for (let k = 0; k < repetitions; k++) run()
  return (processorTime() - started) / repetitions
}

let worst = 0
for (const [name, { f, inputs }] of Object.entries(programs)) {
  const all = inputs.map((_, k) => k)
  const both = valueAndGrad(f as (...xs: Variable[]) => Value, all)
  const runs = [() => f(...inputs), () => both(...(inputs as never[]))]
  for (let k = 0; k < 3; k++) for (const run of runs) timeOf(run)
  // In turn, so that what else the machine does falls on both.
  const times = Array.from({ length: rounds }, () => runs.map(timeOf))
  const [value, gradient] = [0, 1].map((k) => Math.min(...times.map((pair) => pair[k])))
  worst = Math.max(worst, gradient / value)
  console.log(
    `${name.padEnd(20)} value ${value.toFixed(3)} ms  value and gradient ${gradient.toFixed(3)} ms  ` +
      `${(gradient / value).toFixed(2)} times`,
  )
}
console.log(`at most ${worst.toFixed(2)} times`)
