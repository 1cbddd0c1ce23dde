/** The softmax family: against its definition, where the naive formula overflows, and over nothing. */
import fc from 'fast-check'
import { axesOf, axisOf, shape, tensor } from '@tapegrad/autograd/testing'
import type { Tensor, Variable } from '../../src/index.js'
import { ArgumentError, ShapeError, grad, logSoftmax, logSumExp, mul, softmax, sum } from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { at, elementsOf, expectClose, expectTensor, reduceOf, tensorOf } from '../support/reference.js'

test('logSumExp over any axes is what nested loops give', () => {
  const calls = tensor({ shape: shape({ maxSize: 3 }) }).chain((x) =>
    fc.record({ x: fc.constant(x), axis: axesOf(x.rank), keepDims: fc.boolean() }),
  )
  fc.assert(
    fc.property(calls, ({ x, axis, keepDims }) => {
      const expected = reduceOf(x, axis, keepDims, (line) =>
        Math.log(line.reduce((total, each) => total + Math.exp(each), 0)),
      )
      expectTensor(logSumExp(x, { axis, keepDims }), expected.shape, 'float64', expected.elements, 1e-13)
    }),
  )
})

test.each([
  ['softmax', softmax, (x: number) => x],
  ['logSoftmax', logSoftmax, Math.log],
] as const)('%s along any axis is what nested loops give', (_name, operation, of) => {
  const calls = tensor({ shape: shape({ minRank: 1 }) }).chain((x) =>
    fc.tuple(fc.constant(x), fc.option(axisOf(x.rank), { nil: undefined })),
  )
  fc.assert(
    fc.property(calls, ([x, axis]) => {
      const along = axis === undefined || axis < 0 ? (axis ?? -1) + x.rank : axis
      const elements = elementsOf(x.shape, (index) => {
        const line = Array.from({ length: x.shape[along] }, (_, k) => Math.exp(at(x, index.with(along, k))))
        return of(line[index[along]] / line.reduce((total, each) => total + each, 0))
      })
      expectTensor(operation(x, { axis }), x.shape, 'float64', elements, 1e-13)
    }),
  )
})

describe('finite in, finite out', () => {
  // Differences between the elements stay within what the dtype can hold: logSoftmax gives them.
  const lines = {
    float64: [
      [1e300, 1e300],
      [-1e300, 1e300],
      [-8e307, 8e307],
      [-1e300, -1e300],
      [710, -710],
      [0, -745],
    ],
    float32: [
      [3e38, 3e38],
      [-1.5e38, 1.5e38],
      [-3e38, -3e38],
      [89, -89],
      [0, -104],
    ],
  } as const

  test.each(Object.entries({ softmax, logSoftmax, logSumExp }))(
    '%s and its derivatives',
    (_name, operation) => {
      for (const dtype of ['float32', 'float64'] as const)
        for (const line of lines[dtype]) {
          const x = tensorOf(line, [2], dtype)
          const first = (v: Variable) => sum(mul(operation(v), tensorOf([1, -2], [2], dtype)))
          const second = (v: Variable) => sum(mul(grad(first)(v), tensorOf([3, 1], [2], dtype)))
          for (const result of [operation(x), grad(first)(x), grad(second)(x)] as Tensor[])
            expect({ line, finite: Array.from(result.data).every(Number.isFinite) }).toEqual({
              line,
              finite: true,
            })
        }
    },
  )
})

test('large logits give exact results', () => {
  const x = tensorOf([1e300, 1e300 - 1e285, -1e300], [3])
  expectTensor(softmax(x), [3], 'float64', [1, 0, 0])
  expectClose(logSumExp(tensorOf([1000, 1000], [2])).item(), 1000 + Math.LN2, 1e-15)
  expectTensor(logSoftmax(tensorOf([0, -1000], [2])), [2], 'float64', [0, -1000])
  expectTensor(grad((v: Variable) => logSumExp(v))(tensorOf([1e300, 1e300], [2])), [2], 'float64', [0.5, 0.5])
})

test('infinite logits are allowed for: −∞ is never picked', () => {
  expectTensor(softmax(tensorOf([0, -Infinity], [2])), [2], 'float64', [1, 0])
  expectTensor(logSoftmax(tensorOf([0, -Infinity], [2])), [2], 'float64', [0, -Infinity])
  expect(logSumExp(tensorOf([-Infinity, -Infinity], [2])).item()).toBe(-Infinity)
  expect(logSumExp(tensorOf([Infinity, 0], [2])).item()).toBe(Infinity)
})

test('NaN spreads over its line only', () => {
  const x = tensorOf([NaN, 1, 2, 2], [2, 2])
  expectTensor(softmax(x), [2, 2], 'float64', [NaN, NaN, 0.5, 0.5])
  expectTensor(logSoftmax(x), [2, 2], 'float64', [NaN, NaN, -Math.LN2, -Math.LN2], 1e-15)
  expectTensor(logSumExp(x, { axis: 1 }), [2], 'float64', [NaN, 2 + Math.LN2], 1e-15)
})

test('the logarithm of a sum over nothing is −∞; nothing along the axis stays nothing', () => {
  expectTensor(logSumExp(tensorOf([], [2, 0]), { axis: 1 }), [2], 'float64', [-Infinity, -Infinity])
  expectTensor(softmax(tensorOf([], [2, 0])), [2, 0], 'float64', [])
  expectTensor(logSoftmax(tensorOf([], [0, 2]), { axis: 0 }), [0, 2], 'float64', [])
  expect(logSumExp(2.5)).toBe(2.5)
})

test.each(Object.entries({ softmax, logSoftmax }))('%s wants an axis, and a value', (name, operation) => {
  expectError(
    () => operation(1),
    ShapeError,
    'UNKNOWN_AXIS',
    `${name}: unknown axis -1 of a value of rank 0; a scalar has no axes`,
  )
  expectError(
    () => operation([1] as never),
    ArgumentError,
    'WRONG_TYPE',
    `${name}: got plain array, wants a number, Tensor or Variable; wrap arrays with tensor(…)`,
  )
})

test('logSumExp names wrong axes', () => {
  expectError(
    () => logSumExp(tensorOf([1], [1]), { axis: 1 }),
    ShapeError,
    'UNKNOWN_AXIS',
    'logSumExp: unknown axis 1 of a value of rank 1; axes go from -1 to 0',
  )
})
