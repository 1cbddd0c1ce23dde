import type { Tensor, Value } from '@tapegrad/autograd'
import {
  add,
  cast,
  div,
  exp,
  greater,
  logSoftmax,
  matmul,
  max,
  min,
  mul,
  oneHot,
  relu,
  shapeOf,
  slice,
  softmax,
  sub,
  sum,
  tensor,
  where,
} from '@tapegrad/autograd'
import { test as property } from '@fast-check/jest'
import fc from 'fast-check'
import { compile } from '../src/compile.js'
import { assemble } from '../src/assemble.js'
import { stageOf } from '../src/codegen/rowSweep.js'
import { lower } from '../src/lowering/lower.js'
import { optimize } from '../src/passes/index.js'
import { withSweeps } from '../src/sweeps.js'
import { traceProgram } from '../src/trace.js'
import { Draw } from './support/draw.js'

/** What can be done to rows `x`, given rows `y` of the same width and a number a row. */
const operations = {
  bias: (x: Value, y: Value) => add(x, slice(y, [0, 0], [1, widthOf(y)])),
  'less the largest': (x: Value) => sub(x, max(x, { axis: 1, keepDims: true })),
  'by the smallest': (x: Value) => mul(x, min(x, { axis: 1, keepDims: true })),
  'over the sum': (x: Value) => div(x, add(sum(mul(x, x), { axis: 1, keepDims: true }), 1)),
  exponential: (x: Value) => exp(mul(relu(x), -1)),
  chosen: (x: Value, y: Value) => where(greater(x, y), x, mul(y, 0.5)),
  softmax: (x: Value) => softmax(x),
  'log of softmax': (x: Value) => logSoftmax(x),
  'with its first columns': (x: Value) => add(x, slice(x, [0, 0], [heightOf(x), 1])),
  widened: (x: Value, y: Value) => cast(add(cast(x, 'float64'), cast(y, 'float64')), 'float32'),
} as const

function widthOf(x: Value): number {
  return shapeOf(x)[1]
}

function heightOf(x: Value): number {
  return shapeOf(x)[0]
}

const cases = fc.record({
  rows: fc.integer({ min: 2, max: 40 }),
  width: fc.integer({ min: 4, max: 18 }),
  names: fc.array(fc.constantFrom(...(Object.keys(operations) as (keyof typeof operations)[])), {
    minLength: 1,
    maxLength: 6,
  }),
  /** How many of the last intermediate values are results, too. */
  results: fc.integer({ min: 1, max: 3 }),
  dtype: fc.constantFrom('float32' as const, 'float64' as const),
  seed: fc.nat(),
})

property.prop([cases], { numRuns: 50 })(
  'rows that go through several loops come out as eager makes them',
  ({ rows, width, names, results, dtype, seed }) => {
    const draw = new Draw(seed)
    const [x, y] = [draw.tensor([rows, width], dtype), draw.tensor([rows, width], dtype)]
    const f = (a: Value, b: Value): Value[] => {
      const values = [a]
      for (const name of names) values.push(operations[name](values[values.length - 1], b))
      return values.slice(-results)
    }
    const wanted = f(x, y) as Tensor[]
    const actual = compile(f as (...inputs: Value[]) => Value[], { threads: 1 })(x, y) as Tensor[]
    wanted.forEach(({ data, shape, dtype: own }, k) => {
      expect(actual[k].shape).toEqual(shape)
      const tolerance = own === 'float32' || names.includes('widened') ? 1e-5 : 1e-12
      data.forEach((value, i) => {
        expect(Math.abs(actual[k].data[i] - value)).toBeLessThanOrEqual(
          tolerance * Math.max(1, Math.abs(value)),
        )
      })
    })
  },
)

property.prop([fc.integer({ min: 4, max: 16 }), fc.nat()])(
  'the largest of a row is NaN where one is, and sums and extremes count each element once',
  (width, seed) => {
    const draw = new Draw(seed)
    const x = draw.tensor([9, width], 'float32')
    x.data.forEach((_, i) => (x.data[i] = Math.round(x.data[i] * 8)))
    x.data[(seed % 9) * width + (seed % width)] = NaN
    const f = (a: Value): Value[] =>
      [max, min, sum].map((reduce) => mul(reduce(add(a, 1), { axis: 1 }), 2)) as Value[]
    expect(compile(f as (...inputs: Value[]) => Value[], { threads: 1 })(x)).toEqual(f(x))
  },
)

test('labels, as one-hot rows, go along', () => {
  const draw = new Draw(3)
  const [x, labels] = [
    draw.tensor([50, 10], 'float32'),
    tensor(Int32Array.from({ length: 50 }, (_, i) => i % 10)),
  ]
  const f = (a: Value, t: Value): Value => sub(softmax(a), oneHot(t, 10))
  const wanted = f(x, labels) as Tensor
  const actual = compile(f as (...inputs: Value[]) => Value, { threads: 1 })(x, labels) as Tensor
  actual.data.forEach((value, i) => {
    expect(Math.abs(value - wanted.data[i])).toBeLessThan(1e-6)
  })
})

test('loops over the same short rows become one sweep, and those after a product another', () => {
  const [x, w] = [
    [200, 10],
    [10, 10],
  ].map((shape) => ({ kind: 'tensor' as const, shape, dtype: 'float32' as const }))
  const sweeps = (f: (a: Value, b: Value) => Value): number[] => {
    const lowered = lower(optimize(traceProgram(([a, b]) => [f(a, b)], [x, w])))
    const { phases } = assemble(lowered, { threads: 1, shared: false, maximumPages: 16 })
    const layout = { addressOf: () => 0, errorAddress: 0, threadScratch: 0, threadScratchBytes: 0 }
    return withSweeps(phases, lowered, layout).map((phase) => phase.length)
  }
  expect(sweeps((a) => logSoftmax(softmax(a)))).toEqual([1])
  expect(sweeps((a, b) => softmax(matmul(softmax(a), b)))).toEqual([3])
})

test('a kernel is a stage where its rows are short, and lie side by side', () => {
  const stages = (shape: readonly number[], f: (x: Value) => Value): boolean[] => {
    const spec = { kind: 'tensor', shape, dtype: 'float32' } as const
    const { kernels } = lower(optimize(traceProgram(([x]) => [f(x)], [spec])))
    return kernels.map((kernel) => stageOf(kernel, shape[0]) !== undefined)
  }
  expect(stages([100, 10], (x) => softmax(x)).every(Boolean)).toBe(true)
  expect(stages([100, 17], (x) => softmax(x)).every(Boolean)).toBe(false)
  expect(stages([100, 3], (x) => exp(x))).toEqual([false])
  expect(stages([100, 10], (x) => sum(x, { axis: 0 }))).toEqual([false])
  expect(stages([100, 10], (x) => max(x, { axis: 1 }))).toEqual([true])
})
