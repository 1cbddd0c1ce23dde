/** Elementwise functions of one value: against JavaScript's own, at kinks, and where naive formulas overflow. */
import fc from 'fast-check'
import { element, tensor } from '@tapegrad/autograd/testing'
import type { UnaryOperation, Variable } from '../../src/index.js'
import { ArgumentError, grad, sum } from '../../src/index.js'
import * as elementwise from '../../src/primitives/elementwise.js'
import { expectError } from '../support/errors.js'
import { expectClose, expectTensor, tensorOf } from '../support/reference.js'

const { abs, expm1, log1p, relu, round, sigmoid, sign, softplus, sqrt, square } = elementwise

/** ∫₀ˣ exp(−t²) dt · 2/√π by its Maclaurin series, good for |x| ≤ 2. */
function erfBySeries(x: number): number {
  let total = 0
  let power = x
  for (let n = 0; n < 60; n++) {
    total += power / (2 * n + 1)
    power *= (-x * x) / (n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * total
}

const references: Record<keyof typeof elementwise, (x: number) => number> = {
  neg: (x) => 0 - x,
  abs: (x) => (x < 0 ? -x : x),
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  exp: (x) => Math.E ** x,
  expm1: (x) => Math.exp(x) - 1,
  log: (x) => Math.log(x),
  log1p: (x) => Math.log(1 + x),
  sqrt: (x) => x ** 0.5,
  square: (x) => x ** 2,
  reciprocal: (x) => x ** -1,
  sin: (x) => Math.cos(x - Math.PI / 2),
  cos: (x) => Math.sin(x + Math.PI / 2),
  tan: (x) => Math.sin(x) / Math.cos(x),
  asin: (x) => Math.atan2(x, Math.sqrt((1 - x) * (1 + x))),
  acos: (x) => Math.atan2(Math.sqrt((1 - x) * (1 + x)), x),
  atan: (x) => Math.atan2(x, 1),
  sinh: (x) => (Math.exp(x) - Math.exp(-x)) / 2,
  cosh: (x) => (Math.exp(x) + Math.exp(-x)) / 2,
  tanh: (x) => 1 - 2 / (Math.exp(2 * x) + 1),
  erf: erfBySeries,
  floor: (x) => x - (((x % 1) + 1) % 1),
  ceil: (x) => x + (((-x % 1) + 1) % 1),
  round: (x) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5),
  relu: (x) => (x > 0 ? x : 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.log(1 + Math.exp(x)),
}

/** Where a function isn't defined everywhere, or its reference isn't exact at halves. */
const domains: Partial<Record<keyof typeof elementwise, Parameters<typeof element>[0]>> = {
  log: { min: 0.0625, max: 4 },
  log1p: { min: -0.875, max: 4 },
  sqrt: { min: 0, max: 4 },
  reciprocal: { avoid: [0] },
  asin: { min: -1, max: 1 },
  acos: { min: -1, max: 1 },
  round: { avoid: [-1.5, -0.5, 0.5, 1.5] },
}

const rows = Object.keys(references).map((name) => {
  const key = name as keyof typeof elementwise
  return [name, elementwise[key], references[key], domains[key] ?? {}] as const
})

describe('elementwise functions', () => {
  test.each(rows)(
    '%s is what mathematics says, of numbers and of tensors',
    (_name, operation, reference, domain) => {
      fc.assert(
        fc.property(tensor(domain), element(domain), (x, y) => {
          expectTensor(operation(x), x.shape, 'float64', Array.from(x.data, reference), 1e-13)
          expectClose(operation(y), reference(y), 1e-13)
        }),
      )
    },
  )

  test.each(rows)('%s of NaN is NaN', (_name, operation) => {
    expect(operation(NaN)).toBeNaN()
    expectTensor(operation(tensorOf([NaN, NaN], [2], 'float32')), [2], 'float32', [NaN, NaN])
  })

  test.each(rows)('%s refuses what is no value, and says how to make one', (name, operation) => {
    const loose = operation as (...args: unknown[]) => unknown
    const wants = 'wants (number | Variable | Tensor)'
    expectError(
      () => loose([1, 2]),
      ArgumentError,
      'WRONG_TYPE',
      `${name}: got plain array; ${wants}; wrap arrays with tensor(…)`,
    )
    expectError(() => loose(), ArgumentError, 'WRONG_TYPE', `${name}: got no arguments; ${wants}`)
    expectError(() => loose(null), ArgumentError, 'WRONG_TYPE', `${name}: got null; ${wants}`)
    expectError(() => loose(1, 2), ArgumentError, 'WRONG_TYPE', `${name}: got number 1, number 2; ${wants}`)
  })
})

test('round takes halves to the even neighbour', () => {
  const x = tensorOf([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 0.49999999999999994, 2 ** 52 + 1], [9])
  expectTensor(round(x), [9], 'float64', [-2, -2, -0, 0, 2, 2, 4, 0, 2 ** 52 + 1])
})

test('squares of int32 wrap around exactly', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (x) => {
      const wrapped = Number(BigInt.asIntN(32, BigInt(x) * BigInt(x)))
      expectTensor(square(tensorOf([x], [1], 'int32')), [1], 'int32', [wrapped])
    }),
  )
})

test('relu, abs and sign have derivative 0 at 0', () => {
  const derivative = (operation: UnaryOperation, x: number): number => grad((v: Variable) => operation(v))(x)
  expect([derivative(relu, 0), derivative(relu, -0), derivative(abs, 0), derivative(sign, 0)]).toEqual([
    0, 0, 0, 0,
  ])
  expect([derivative(relu, 1e-300), derivative(abs, -1e-300)]).toEqual([1, -1])
  const x = tensorOf([-1, 0, 1], [3])
  expectTensor(grad((v: Variable) => sum(relu(v)))(x), [3], 'float64', [0, 0, 1])
  expectTensor(grad((v: Variable) => sum(abs(v)))(x), [3], 'float64', [-1, 0, 1])
})

test('the derivative of sqrt at 0 is infinite', () => {
  expect(grad((v: Variable) => sqrt(v))(0)).toBe(Infinity)
})

describe('finite values and derivatives of finite input', () => {
  const extremes = {
    float64: [-1e300, -1e3, -745.2, -709.8, -1, 0, 1, 709.8, 745.2, 1e3, 1e300],
    float32: [-3e38, -1e3, -104, -88.8, -1, 0, 1, 88.8, 104, 1e3, 3e38],
  } as const
  const stable = { sigmoid, softplus, tanh: elementwise.tanh, erf: elementwise.erf, atan: elementwise.atan }

  test.each(Object.entries(stable))('%s', (_name, operation) => {
    for (const dtype of ['float32', 'float64'] as const) {
      const x = tensorOf(extremes[dtype], [extremes[dtype].length], dtype)
      const derivative = grad((v: Variable) => sum(operation(v)))(x)
      for (const result of [operation(x), derivative])
        expect(Array.from(result.data).filter((y) => !Number.isFinite(y))).toEqual([])
    }
  })

  test('sigmoid and softplus are accurate far from 0', () => {
    expectClose(sigmoid(-700) / Math.exp(-700), 1, 1e-14)
    expect(sigmoid(1e300)).toBe(1)
    expectClose(softplus(-700) / Math.exp(-700), 1, 1e-14)
    expect(softplus(1e300)).toBe(1e300)
    expect(softplus(0)).toBeCloseTo(Math.LN2, 15)
  })
})

test('expm1 and log1p are accurate near 0', () => {
  // x + x²/2 + x³/6 and x − x²/2 + x³/3: the next terms are below 1e-20 of the whole for these x.
  for (const x of [1e-5, -1e-5, 1e-8, 1e-12]) {
    expectClose(expm1(x) / (x * (1 + x / 2 + (x * x) / 6 + x ** 3 / 24)), 1, 1e-15)
    expectClose(log1p(x) / (x * (1 - x / 2 + (x * x) / 3 - x ** 3 / 4)), 1, 1e-15)
  }
})
