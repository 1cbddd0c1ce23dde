/** mean, variance, standardDeviation and prod: against plain loops over any axes, and over nothing. */
import fc from 'fast-check'
import { axesOf, shape, tensor } from '@tapegrad/autograd/testing'
import type { Variable } from '../../src/index.js'
import {
  ArgumentError,
  ShapeError,
  Tape,
  grad,
  mean,
  prod,
  standardDeviation,
  sum,
  variance,
} from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { expectTensor, reduceOf, tensorOf } from '../support/reference.js'

type Line = readonly number[]

const total = (line: Line): number => line.reduce((a, b) => a + b, 0)
const meanOf = (line: Line): number => total(line) / line.length
const varianceOf = (line: Line, correction = 0): number =>
  total(line.map((x) => (x - meanOf(line)) ** 2)) / (line.length - correction)

/** A tensor and options for its reduction. */
function reductionOf(minSize: number) {
  return tensor({ shape: shape({ minSize, maxSize: 3 }) }).chain((x) =>
    fc.record({ x: fc.constant(x), axis: axesOf(x.rank), keepDims: fc.boolean() }),
  )
}

test('mean over any axes is what nested loops give', () => {
  fc.assert(
    fc.property(reductionOf(1), ({ x, axis, keepDims }) => {
      const expected = reduceOf(x, axis, keepDims, meanOf)
      expectTensor(mean(x, { axis, keepDims }), expected.shape, 'float64', expected.elements, 1e-13)
    }),
  )
})

test.each([
  ['variance', variance, varianceOf],
  [
    'standardDeviation',
    standardDeviation,
    (line: Line, correction: number) => Math.sqrt(varianceOf(line, correction)),
  ],
] as const)(
  '%s over any axes is what nested loops give, with and without correction',
  (_name, operation, reference) => {
    fc.assert(
      fc.property(reductionOf(1), fc.constantFrom(0, 1, 0.5), ({ x, axis, keepDims }, correction) => {
        const expected = reduceOf(x, axis, keepDims, (line) => reference(line, correction))
        const result = operation(x, { axis, keepDims, correction })
        expectTensor(result, expected.shape, 'float64', expected.elements, 1e-7)
      }),
    )
  },
)

test('prod over any axes is what nested loops give, 1 over nothing', () => {
  fc.assert(
    fc.property(reductionOf(0), ({ x, axis, keepDims }) => {
      const expected = reduceOf(x, axis, keepDims, (line) => line.reduce((a, b) => a * b, 1))
      expectTensor(prod(x, { axis, keepDims }), expected.shape, 'float64', expected.elements, 1e-13)
    }),
  )
})

test('numbers are their own mean and product, and vary by 0', () => {
  expect([mean(3), prod(3), variance(3), standardDeviation(3)]).toEqual([3, 3, 0, 0])
})

test('means and variances over nothing are NaN', () => {
  const x = tensorOf([], [0, 2])
  for (const operation of [mean, variance, standardDeviation])
    expectTensor(operation(x, { axis: 0 }), [2], 'float64', [NaN, NaN])
  expectTensor(variance(tensorOf([5], [1]), { correction: 1 }), [], 'float64', [NaN])
})

test('the derivative of a product is right where elements are 0', () => {
  const gradient = (elements: Line) => grad((x: Variable) => prod(x))(tensorOf(elements, [elements.length]))
  expectTensor(gradient([2, 0, 5]), [3], 'float64', [0, 10, 0])
  expectTensor(gradient([0, 0, 5]), [3], 'float64', [0, 0, 0])
})

test('the product of a variable without elements is on its tape', () => {
  const tape = new Tape()
  const x = tape.variable(tensorOf([], [0, 2]))
  const product = prod(x, { axis: 0 })
  expect(product.tape).toBe(tape)
  expectTensor(product.value, [2], 'float64', [1, 1])
  expectTensor(tape.gradient(sum(product), x), [0, 2], 'float64', [])
})

test('integers are averaged in float32, beyond what int32 holds', () => {
  const x = tensorOf([2 ** 31 - 1, 2 ** 31 - 1], [2], 'int32')
  expectTensor(mean(x), [], 'float32', [2 ** 31])
  expectTensor(variance(tensorOf([0, 255], [2], 'uint8')), [], 'float32', [127.5 ** 2])
})

test('wrong axes and corrections are named', () => {
  const x = tensorOf([1, 2], [2])
  for (const [name, operation] of Object.entries({ mean, prod, variance, standardDeviation })) {
    expectError(
      () => operation(x, { axis: 1 }),
      ShapeError,
      'UNKNOWN_AXIS',
      /unknown axis 1 of a value of rank 1; axes go from -1 to 0/,
    )
    expectError(
      () => operation([1] as never),
      ArgumentError,
      'WRONG_TYPE',
      `${name}: got plain array, wants a number, Tensor or Variable; wrap arrays with tensor(…)`,
    )
  }
  expectError(
    () => variance(x, { correction: NaN }),
    ArgumentError,
    'CORRECTION',
    'variance: correction is NaN; wants a finite number, usually 0 or 1',
  )
})
