/**
 * Rosenbrock's function of 10,001 float64 variables, Σ (1 − xᵢ)² + 100 (xᵢ₊₁ − xᵢ²)², and its gradient together:
 * milliseconds a call, compiled and eager. (CoDiPack, in C++, records and reverses the scalar tape in 1.0 ms on a
 * core of Zen 4.)
 *
 *     node benchmarks/dist/rosenbrock.js [rounds, 30]
 */
import { add, mul, normal, rng, slice, square, sub, sum, valueAndGrad, type Value } from '@tapegrad/autograd'
import { compile } from '@tapegrad/compiler'
import { argument, timeRounds } from './rounds.js'

const rounds = argument(0, 30)
const callsPerRound = 100

function rosenbrock(x: Value): Value {
  const here = slice(x, [0], [-1])
  const next = slice(x, [1])
  return sum(add(square(sub(1, here)), mul(100, square(sub(next, square(here))))))
}

const x = normal(rng(0), [10_001], { dtype: 'float64' })
const eager = valueAndGrad(rosenbrock)
const contestants = [
  { name: 'eager', call: eager },
  { name: 'compiled, 1 thread', call: compile(eager, { threads: 1 }) },
  { name: 'compiled, 2 threads', call: compile(eager, { threads: 2 }) },
]
for (const { name, call } of contestants) {
  timeRounds(() => call(x), 5, callsPerRound)
  const { min, median } = timeRounds(() => call(x), rounds, callsPerRound)
  console.log(`${name.padEnd(20)} min ${min.toFixed(4)} ms  median ${median.toFixed(4)} ms`)
}
