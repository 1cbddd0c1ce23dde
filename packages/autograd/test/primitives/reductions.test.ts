/** Reductions over axes: against plain loops over any axes, at ties, at 0 and over nothing. */
import fc from 'fast-check'
import { axesOf, axisOf, shape, tensor } from '@tapegrad/autograd/testing'
import type { Tensor, Variable } from '../../src/index.js'
import {
  ArgumentError,
  ShapeError,
  argmax,
  argmin,
  cumsum,
  grad,
  max,
  min,
  norm,
  sum,
} from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { at, elementsOf, expectClose, expectTensor, reduceOf, tensorOf } from '../support/reference.js'

/** Whole numbers, few of them different: sums are exact and extremes are reached several times. */
const coarse = { min: -3, max: 3, whole: true }

const operations = { sum, max, min, norm }

const references: Record<keyof typeof operations, (line: readonly number[]) => number> = {
  sum: (line) => line.reduce((a, b) => a + b, 0),
  max: (line) => line.reduce((a, b) => (a > b ? a : b)),
  min: (line) => line.reduce((a, b) => (a < b ? a : b)),
  norm: (line) => Math.sqrt(line.reduce((a, b) => a + b * b, 0)),
}

const rows = Object.entries(operations).map(
  ([name, operation]) => [name, operation, references[name as keyof typeof operations]] as const,
)

/** A tensor and options for its reduction. */
function reductionOf(minSize: number) {
  return tensor({ shape: shape({ minSize, maxRank: 4, maxSize: 3 }), ...coarse }).chain((x) =>
    fc.record({ x: fc.constant(x), axis: axesOf(x.rank), keepDims: fc.boolean() }),
  )
}

describe('reductions', () => {
  test.each(rows)('%s over any axes is what nested loops give', (name, operation, reference) => {
    const mayBeEmpty = name === 'sum' || name === 'norm'
    fc.assert(
      fc.property(reductionOf(mayBeEmpty ? 0 : 1), ({ x, axis, keepDims }) => {
        const expected = reduceOf(x, axis, keepDims, reference)
        expectTensor(operation(x, { axis, keepDims }), expected.shape, 'float64', expected.elements, 1e-14)
      }),
    )
  })

  test.each(rows)('%s of a number is that of one element', (name, operation, reference) => {
    expect(operation(-2.5)).toBe(reference([-2.5]))
    expect(operation(-2.5, { axis: [], keepDims: true })).toBe(reference([-2.5]))
    expectError(
      () => operation(1, { axis: 0 }),
      ShapeError,
      'UNKNOWN_AXIS',
      `${name}: unknown axis 0 of a value of rank 0; a scalar has no axes`,
    )
  })

  test.each(rows)('%s is NaN where an element is', (_name, operation) => {
    const x = tensorOf([1, NaN, 2, 3, Infinity, NaN], [3, 2])
    const [first, second, third] = operation(x, { axis: 1 }).data
    expect([first, Number.isNaN(second), third]).toEqual([NaN, false, NaN])
  })

  test.each(rows)('%s names wrong axes', (name, operation) => {
    const x = tensorOf([1, 2, 3, 4], [2, 2])
    expectError(
      () => operation(x, { axis: 2 }),
      ShapeError,
      'UNKNOWN_AXIS',
      `${name}: unknown axis 2 of a value of rank 2; axes go from -2 to 1`,
    )
    expectError(
      () => operation(x, { axis: [0, -2] }),
      ShapeError,
      'REPEATED_AXIS',
      `${name}: axis 0 appears twice in [0, -2]`,
    )
    expectError(() => operation(x, { axis: 0.5 }), ShapeError, 'UNKNOWN_AXIS', /unknown axis 0.5/)
    expectError(
      () => operation([1, 2] as never),
      ArgumentError,
      'WRONG_TYPE',
      `${name}: got plain array, wants a number, Tensor or Variable; wrap arrays with tensor(…)`,
    )
  })
})

test('a sum over nothing is 0, and a result of no elements has none', () => {
  expectTensor(sum(tensorOf([], [0, 3]), { axis: 0 }), [3], 'float64', [0, 0, 0])
  expectTensor(sum(tensorOf([], [0, 3]), { axis: 1 }), [0], 'float64', [])
  expectTensor(max(tensorOf([], [0, 3]), { axis: 1, keepDims: true }), [0, 1], 'float64', [])
  expectTensor(argmax(tensorOf([], [0, 3]), { axis: 1 }), [0], 'int32', [])
})

test('float32 is summed in float64', () => {
  // One after another in float32, 2²⁴ + 1 stays 2²⁴.
  const x = tensorOf([2 ** 24, 1, 1, 1, 1], [5], 'float32')
  expectTensor(sum(x), [], 'float32', [2 ** 24 + 4])
})

test.each([
  ['max', max],
  ['min', min],
  ['argmax', argmax],
  ['argmin', argmin],
] as const)('%s over no elements is an error', (name, operation) => {
  expectError(
    () => operation(tensorOf([], [2, 0])),
    ShapeError,
    'EMPTY_REDUCTION',
    `${name}: nothing to reduce in shape [2, 0] along axes [0, 1]; wants at least one element`,
  )
})

test.each([
  [
    'max',
    max,
    [
      [5, 1, 5, 5],
      [2, 7, 7, 0],
    ],
  ],
  [
    'min',
    min,
    [
      [1, 5, 1, 1],
      [7, 2, 2, 9],
    ],
  ],
] as const)('equal extremes of %s share the derivative equally', (_name, operation, [first, second]) => {
  const x = tensorOf([...first, ...second], [2, 4])
  const byRow = grad((v: Variable) => sum(operation(v, { axis: 1 })))(x)
  expectTensor(byRow, [2, 4], 'float64', [1 / 3, 0, 1 / 3, 1 / 3, 0, 0.5, 0.5, 0])
})

describe('argmax and argmin', () => {
  test.each([
    ['argmax', argmax, (a: number, b: number) => a > b],
    ['argmin', argmin, (a: number, b: number) => a < b],
  ] as const)(
    '%s is the position of the first extreme, along an axis or of all',
    (_name, operation, beats) => {
      const position = (line: readonly number[]): number =>
        line.reduce((best, x, k) => (beats(x, line[best]) ? k : best), 0)
      const calls = tensor({ shape: shape({ minRank: 1, minSize: 1 }), ...coarse }).chain((x) =>
        fc.record({
          x: fc.constant(x),
          axis: fc.oneof(fc.constant(undefined), axisOf(x.rank)),
          keepDims: fc.boolean(),
        }),
      )
      fc.assert(
        fc.property(calls, ({ x, axis, keepDims }) => {
          const expected = reduceOf(x, axis, keepDims, position)
          expectTensor(operation(x, { axis, keepDims }), expected.shape, 'int32', expected.elements)
        }),
      )
    },
  )

  test.each([
    ['argmax', argmax],
    ['argmin', argmin],
  ] as const)(
    '%s takes the first NaN for the extreme, a number for its own, and only one axis',
    (name, operation) => {
      expectTensor(operation(tensorOf([1, NaN, 9, NaN, -9], [5])), [], 'int32', [1])
      expectTensor(operation(tensorOf([NaN, 1], [2])), [], 'int32', [0])
      expect(operation(3)).toBe(0)
      expectError(
        () => operation(tensorOf([1, 2], [1, 2]), { axis: [0, 1] }),
        ArgumentError,
        'ONE_AXIS',
        `${name}: got axes [0, 1]; wants one axis, or none for the flattened value`,
      )
    },
  )
})

describe('norm', () => {
  test('has derivative 0 at 0, of a number and of vectors', () => {
    expect(grad((x: Variable) => norm(x))(0)).toBe(0)
    expectTensor(grad((x: Variable) => norm(x))(tensorOf([0, 0], [2])), [2], 'float64', [0, 0])
    const lines = tensorOf([0, 0, 3, 4], [2, 2])
    const gradient = grad((x: Variable) => sum(norm(x, { axis: 1 })))(lines)
    expectTensor(gradient, [2, 2], 'float64', [0, 0, 0.6, 0.8], 1e-15)
  })

  test.each([
    ['float64', 1e300],
    ['float64', 1e-300],
    ['float64', 2e-310],
    ['float32', 5e37],
    ['float32', 1e-38],
    ['float32', 1e-42],
  ] as const)(
    'neither overflows nor vanishes in %s at a scale of %d, nor does its derivative',
    (dtype, scale) => {
      const x = tensorOf([3 * scale, -4 * scale], [2], dtype)
      // Numbers this small have few digits left.
      const tolerance = dtype === 'float32' ? 2e-3 : 1e-12
      expectClose(norm(x).item() / scale, 5, tolerance)
      const gradient = grad((v: Variable) => norm(v))(x)
      expectTensor(gradient, [2], dtype, [0.6, -0.8], tolerance)
    },
  )
})

describe('cumsum', () => {
  test('is the running sum along any axis', () => {
    const calls = tensor({ shape: shape({ minRank: 1 }), ...coarse }).chain((x) =>
      fc.tuple(fc.constant(x), axisOf(x.rank)),
    )
    fc.assert(
      fc.property(calls, ([x, axis]) => {
        const along = axis < 0 ? axis + x.rank : axis
        const elements = elementsOf(x.shape, (index) => {
          let total = 0
          for (let k = 0; k <= index[along]; k++) total += at(x, index.with(along, k))
          return total
        })
        expectTensor(cumsum(x, { axis }), x.shape, 'float64', elements)
      }),
    )
  })

  test('wants an axis that is there', () => {
    expectError(
      () => (cumsum as (x: Tensor) => unknown)(tensorOf([1], [1])),
      ArgumentError,
      'NO_AXIS',
      'cumsum: wants { axis }, the axis along which to add up',
    )
    expectError(
      () => cumsum(1, { axis: 0 }),
      ShapeError,
      'UNKNOWN_AXIS',
      'cumsum: unknown axis 0 of a value of rank 0; a scalar has no axes',
    )
    expectError(
      () => cumsum(tensorOf([1], [1]), { axis: 1 }),
      ShapeError,
      'UNKNOWN_AXIS',
      'cumsum: unknown axis 1 of a value of rank 1; axes go from -1 to 0',
    )
  })
})
