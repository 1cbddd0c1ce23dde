/** The activations beyond relu and sigmoid, and clip: against their formulas, at kinks, and far from 0. */
import fc from 'fast-check'
import { broadcastableShapes, element, tensor } from '@tapegrad/autograd/testing'
import type { Value, Variable } from '../../src/index.js'
import { ArgumentError, clip, elu, gelu, grad, leakyRelu, logSigmoid, silu, sum } from '../../src/index.js'
import { erf } from '../../src/special.js'
import { expectError } from '../support/errors.js'
import { at, broadcastOf, elementsOf, expectClose, expectTensor, tensorOf } from '../support/reference.js'

const operations = {
  logSigmoid,
  gelu,
  silu,
  leakyRelu: (x: Value) => leakyRelu(x, 0.25),
  elu: (x: Value) => elu(x, 1.5),
}

const references: Record<keyof typeof operations, (x: number) => number> = {
  logSigmoid: (x) => Math.log(1 / (1 + Math.exp(-x))),
  gelu: (x) => (x / 2) * (1 + erf(x / Math.sqrt(2))),
  silu: (x) => x / (1 + Math.exp(-x)),
  leakyRelu: (x) => Math.max(x, 0) + 0.25 * Math.min(x, 0),
  elu: (x) => (x > 0 ? x : 1.5 * (Math.exp(x) - 1)),
}

const rows = Object.entries(operations).map(
  ([name, operation]) =>
    [name, operation as (x: Value) => Value, references[name as keyof typeof operations]] as const,
)

test.each(rows)('%s is its formula, of numbers and of tensors', (_name, operation, reference) => {
  fc.assert(
    fc.property(tensor(), element(), (x, y) => {
      expectTensor(operation(x), x.shape, 'float64', Array.from(x.data, reference), 1e-14)
      expectClose(operation(y) as number, reference(y), 1e-14)
    }),
  )
})

test.each(rows)('%s is finite, and its derivative too, however large the input', (_name, operation) => {
  const extremes = {
    float64: [-1e300, -1e3, -745.2, -1, 0, 1, 745.2, 1e3, 1e300],
    float32: [-3e38, -1e3, -104, -1, 0, 1, 104, 1e3, 3e38],
  }
  for (const dtype of ['float32', 'float64'] as const) {
    const x = tensorOf(extremes[dtype], [9], dtype)
    for (const { data } of [operation(x), grad((v: Variable) => sum(operation(v)))(x)] as {
      data: Float64Array
    }[])
      expect(Array.from(data).filter((y) => !Number.isFinite(y))).toEqual([])
  }
})

test.each(rows)('%s of NaN is NaN, and its derivative too', (_name, operation) => {
  expect(operation(NaN)).toBeNaN()
  expectTensor(operation(tensorOf([NaN], [1])), [1], 'float64', [NaN])
})

test.each(Object.entries({ logSigmoid, gelu, silu, leakyRelu, elu }))(
  '%s refuses what is no value',
  (name, operation) => {
    expectError(
      () => (operation as (x: unknown) => unknown)([1]),
      ArgumentError,
      'WRONG_TYPE',
      `${name}: got plain array, wants a number, Tensor or Variable; wrap arrays with tensor(…)`,
    )
  },
)

test('leakyRelu and elu have the derivative of their negative side at 0', () => {
  expect(grad((x: Variable) => leakyRelu(x))(0)).toBe(0.01)
  expect(grad((x: Variable) => leakyRelu(x, 0.25))(0)).toBe(0.25)
  expect(grad((x: Variable) => elu(x))(0)).toBe(1)
  expect(grad((x: Variable) => elu(x, 1.5))(0)).toBe(1.5)
})

describe('clip', () => {
  test('holds values between bounds that broadcast', () => {
    const calls = broadcastableShapes({ count: 3 }).chain(([x, min, max]) =>
      fc.tuple(
        tensor({ shape: x, min: -3, max: 3 }),
        tensor({ shape: min, min: -2, max: 0 }),
        fc.oneof(tensor({ shape: max, min: 0, max: 2 }), element({ min: 0, max: 2 })),
      ),
    )
    fc.assert(
      fc.property(calls, ([x, min, max]) => {
        const out = broadcastOf(x.shape, min.shape, typeof max === 'number' ? [] : max.shape)
        const elements = elementsOf(out, (i) => Math.min(Math.max(at(x, i), at(min, i)), at(max, i)))
        expectTensor(clip(x, min, max), out, 'float64', elements)
      }),
    )
  })

  test('has derivative 1 from bound to bound, both included, and 0 outside', () => {
    const x = tensorOf([-2, -1, 0, 1, 2, NaN], [6])
    const [dx, low, high] = grad(
      (v: Variable, min: Variable, max: Variable) => sum(clip(v, min, max)),
      [0, 1, 2],
    )(x, -1, 1)
    expectTensor(dx, [6], 'float64', [0, 1, 1, 1, 0, 1])
    expect([low, high]).toEqual([1, 1])
    expectTensor(clip(x, -1, 1), [6], 'float64', [-1, -1, 0, 1, 1, NaN])
  })

  test('of numbers is a number', () => {
    expect([clip(-5, 0, 1), clip(0.5, 0, 1), clip(5, 0, 1)]).toEqual([0, 0.5, 1])
  })
})
