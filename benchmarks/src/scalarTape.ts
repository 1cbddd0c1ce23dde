/**
 * A chain of scalar operations recorded and reversed: nanoseconds of processor time and bytes an operation, at three lengths, beside
 * plain arithmetic on doubles and beside engines of objects with closures, in JavaScript and, where there is a
 * python3, in Python. Twelve operations, a term of Rosenbrock's function plus sin times exp, are repeated.
 *
 *     node benchmarks/dist/scalarTape.js [rounds, 15]
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Tape, add, exp, mul, sin, sub, type Variable } from '@tapegrad/autograd'
import { processorTime } from './processorTime.js'
import { argument, timingOf } from './rounds.js'
import { Scalar } from './scalarObjects.js'

const rounds = argument(0, 15)
const lengths = [12_000, 120_000, 1_200_000]
const [x0, y0] = [0.5, 0.25]

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function doubles(operations: number): number {
  let [x, y] = [x0, y0]
  for (let k = 0; k < operations; k += 12) {
    const a = 1 - x
    const b = y - x * x
    const next = (a * a + b * b * 100 + Math.sin(x) * Math.exp(y)) * 0.004
    y = x
    x = next
  }
  return x
}

function record(operations: number): { tape: Tape; x: Variable; last: Variable } {
  const tape = new Tape()
  const first: Variable = tape.variable(x0)
  let x = first
  let y: Variable = tape.variable(y0)
  for (let k = 0; k < operations; k += 12) {
    const a = sub(1, x)
    const b = sub(y, mul(x, x))
    const rosenbrock = add(mul(a, a), mul(mul(b, b), 100))
    const next = mul(add(rosenbrock, mul(sin(x), exp(y))), 0.004)
    y = x
    x = next
  }
  return { tape, x: first, last: x }
}

function recordAndReverse(operations: number): number {
  const { tape, x, last } = record(operations)
  return tape.gradient(last, x) as number
}

function objects(operations: number): number {
  const first = new Scalar(x0)
  let x = first
  let y = new Scalar(y0)
  for (let k = 0; k < operations; k += 12) {
    const a = new Scalar(1).sub(x)
    const b = y.sub(x.mul(x))
    const rosenbrock = a.mul(a).add(b.mul(b).mul(new Scalar(100)))
    const next = rosenbrock.add(x.sin().mul(y.exp())).mul(new Scalar(0.004))
    y = x
    x = next
  }
  x.backward()
  return first.derivative
}

/** Nanoseconds of processor time an operation: of the shortest round, and of the one in the middle. */
function nanoseconds(
  run: (operations: number) => number,
  operations: number,
): { min: number; median: number } {
  // Short chains are repeated within a round, so that each round takes about as long.
  const repetitions = Math.max(1, Math.round(lengths[1] / operations))
  const milliseconds = Array.from({ length: rounds }, () => {
    const started = processorTime()
    for (let k = 0; k < repetitions; k++) run(operations)
    return (processorTime() - started) / repetitions
  })
  const { min, median } = timingOf(milliseconds)
  return { min: (min * 1e6) / operations, median: (median * 1e6) / operations }
}

/** Bytes that a tape holds for each of its operations, room for more entries included. */
function bytesAnOperation(operations: number): number {
  const used = (): number => {
    // The buffers that one collection finds are only let go by the next.
    collectGarbage()
    collectGarbage()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    return arrayBuffers + heapUsed
  }
  // As many tapes as hold the longest chain, so that a heap's ups and downs don't count.
  const count = lengths[2] / operations
  const before = used()
  const tapes = Array.from({ length: count }, () => record(operations).tape)
  const bytes = (used() - before) / operations / count
  // Looked at after measuring, so that the tapes are alive while they are measured.
  if (tapes.some(({ length }) => length < operations)) throw new Error('a tape has lost entries')
  return bytes
}

/** What the Python engine prints, or undefined where there is no python3. */
function python(operations: number): { nanoseconds: number; derivative: number } | undefined {
  const script = fileURLToPath(new URL('../peers/scalarObjects.py', import.meta.url))
  try {
    const [time, derivative] = execFileSync('python3', [script, String(operations)], { encoding: 'utf8' })
      .trim()
      .split(' ')
    return { nanoseconds: Number(time), derivative: Number(derivative) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const contestants = { doubles, tapegrad: recordAndReverse, objects }
for (const run of Object.values(contestants)) for (let k = 0; k < 5; k++) run(lengths[0])

for (const operations of lengths) {
  console.log(`\n${operations.toLocaleString('en')} operations`)
  const times = Object.entries(contestants).map(([name, run]) => ({ name, ...nanoseconds(run, operations) }))
  const ours = times[1]
  for (const { name, min, median } of times)
    console.log(
      `${name.padEnd(12)} min ${min.toFixed(1)} ns  median ${median.toFixed(1)} ns an operation  ` +
        `${(min / ours.min).toPrecision(2)} times tapegrad`,
    )
  const peer = operations <= lengths[1] ? python(operations) : undefined
  if (peer !== undefined) {
    const expected = recordAndReverse(operations)
    if (Math.abs(peer.derivative - expected) > 1e-12 * Math.abs(expected))
      throw new Error(`Python gets ${peer.derivative}, tapegrad ${expected}`)
    console.log(
      `python       min ${peer.nanoseconds.toFixed(1)} ns an operation  ${(peer.nanoseconds / ours.min).toPrecision(2)} times tapegrad`,
    )
  }
  console.log(`tapegrad     ${bytesAnOperation(operations).toFixed(1)} bytes an operation`)
}
if (recordAndReverse(lengths[0]) !== objects(lengths[0])) throw new Error('the engines disagree')
