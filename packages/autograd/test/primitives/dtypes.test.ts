/** The dtype of every operation's result, whatever the dtypes and kinds of what goes in. */
import type { BinaryOperation, DType, Tensor, Value } from '../../src/index.js'
import * as activations from '../../src/composed/activations.js'
import * as shapes from '../../src/composed/shapes.js'
import * as softmaxes from '../../src/composed/softmax.js'
import * as statistics from '../../src/composed/statistics.js'
import * as arithmetic from '../../src/primitives/arithmetic.js'
import * as comparison from '../../src/primitives/comparison.js'
import * as elementwise from '../../src/primitives/elementwise.js'
import * as indexing from '../../src/primitives/indexing.js'
import { matmul } from '../../src/primitives/linearAlgebra.js'
import * as reductions from '../../src/primitives/reductions.js'
import * as primitiveShapes from '../../src/primitives/shape.js'
import { stopGradient } from '../../src/primitives/stopGradient.js'
import { dtypeOf, kindOf } from '../../src/value.js'
import { tensorOf } from '../support/reference.js'

type Row = Readonly<Record<DType, DType>>

/** What becomes of the dtype of the operands. */
const rules = {
  /** It stays. */
  same: { float32: 'float32', float64: 'float64', int32: 'int32', uint8: 'uint8', bool: 'bool' },
  /** It stays, but bools count as int32. */
  arithmetic: { float32: 'float32', float64: 'float64', int32: 'int32', uint8: 'uint8', bool: 'int32' },
  /** Sums of few bytes would overflow one. */
  sum: { float32: 'float32', float64: 'float64', int32: 'int32', uint8: 'int32', bool: 'int32' },
  /** Integers become float32. */
  float: { float32: 'float32', float64: 'float64', int32: 'float32', uint8: 'float32', bool: 'float32' },
  bool: { float32: 'bool', float64: 'bool', int32: 'bool', uint8: 'bool', bool: 'bool' },
  int32: { float32: 'int32', float64: 'int32', int32: 'int32', uint8: 'int32', bool: 'int32' },
} as const satisfies Record<string, Row>

type Rule = keyof typeof rules

/** The dtype of two together. */
const mixtures: Record<DType, Row> = {
  float64: { float64: 'float64', float32: 'float64', int32: 'float64', uint8: 'float64', bool: 'float64' },
  float32: { float64: 'float64', float32: 'float32', int32: 'float32', uint8: 'float32', bool: 'float32' },
  int32: { float64: 'float64', float32: 'float32', int32: 'int32', uint8: 'int32', bool: 'int32' },
  uint8: { float64: 'float64', float32: 'float32', int32: 'int32', uint8: 'uint8', bool: 'uint8' },
  bool: { float64: 'float64', float32: 'float32', int32: 'int32', uint8: 'uint8', bool: 'bool' },
}

/** The dtype of one beside a number. */
const besideNumber: Row = rules.float

const dtypes = Object.keys(mixtures) as DType[]
const pairs = dtypes.flatMap((x) => dtypes.map((y) => [x, y] as const))

/** A matrix, so that all operations take it. */
const ones = (dtype: DType): Tensor => tensorOf([1, 1, 1, 1], [2, 2], dtype)

const elementwiseRules: Record<keyof typeof elementwise, Rule> = {
  ...{ neg: 'arithmetic', abs: 'arithmetic', sign: 'arithmetic', square: 'arithmetic', relu: 'arithmetic' },
  ...{ floor: 'same', ceil: 'same', round: 'same' },
  ...{ exp: 'float', expm1: 'float', log: 'float', log1p: 'float', sqrt: 'float', reciprocal: 'float' },
  ...{ sin: 'float', cos: 'float', tan: 'float', asin: 'float', acos: 'float', atan: 'float' },
  ...{ sinh: 'float', cosh: 'float', tanh: 'float', erf: 'float', sigmoid: 'float', softplus: 'float' },
}

const binaryRules: Record<
  keyof typeof arithmetic | Exclude<keyof typeof comparison, 'where' | 'logicalNot'>,
  Rule
> = {
  ...{ add: 'arithmetic', sub: 'arithmetic', mul: 'arithmetic', pow: 'arithmetic' },
  ...{ div: 'float', atan2: 'float', maximum: 'same', minimum: 'same' },
  ...{
    equal: 'bool',
    notEqual: 'bool',
    greater: 'bool',
    greaterEqual: 'bool',
    less: 'bool',
    lessEqual: 'bool',
  },
  ...{ logicalAnd: 'bool', logicalOr: 'bool' },
}

/** Operations of one value that keep numbers numbers. */
const unaryRules: Record<
  | Exclude<keyof typeof activations, 'clip'>
  | keyof typeof statistics
  | Exclude<keyof typeof reductions, 'cumsum'>,
  Rule
> = {
  ...{ logSigmoid: 'float', gelu: 'float', silu: 'float', leakyRelu: 'float', elu: 'float' },
  ...{ sum: 'sum', prod: 'sum', max: 'same', min: 'same', norm: 'float', argmax: 'int32', argmin: 'int32' },
  ...{ mean: 'float', variance: 'float', standardDeviation: 'float' },
}

/** Operations of one value that take more than it, or make tensors of numbers. */
const otherRules: Record<
  | Exclude<keyof typeof shapes, 'dot' | 'outer' | 'stack'>
  | Exclude<keyof typeof primitiveShapes, 'checkList' | 'concat'>
  | keyof typeof softmaxes
  | Exclude<keyof typeof indexing, 'oneHot' | 'scatterAdd'>
  | 'cumsum'
  | 'stopGradient'
  | 'logicalNot',
  readonly [rule: Rule, apply: (x: Tensor) => Tensor]
> = {
  flatten: ['same', (x) => shapes.flatten(x)],
  expandDims: ['same', (x) => shapes.expandDims(x, 0)],
  squeeze: ['same', (x) => shapes.squeeze(x)],
  split: ['same', (x) => shapes.split(x, 2)[1]],
  tile: ['same', (x) => shapes.tile(x, [2])],
  reshape: ['same', (x) => primitiveShapes.reshape(x, [4])],
  transpose: ['same', (x) => primitiveShapes.transpose(x)],
  broadcastTo: ['same', (x) => primitiveShapes.broadcastTo(x, [3, 2, 2])],
  slice: ['same', (x) => primitiveShapes.slice(x, [1])],
  pad: [
    'same',
    (x) =>
      primitiveShapes.pad(x, [
        [1, 0],
        [0, 1],
      ]),
  ],
  flip: ['same', (x) => primitiveShapes.flip(x)],
  softmax: ['float', (x) => softmaxes.softmax(x)],
  logSoftmax: ['float', (x) => softmaxes.logSoftmax(x)],
  logSumExp: ['float', (x) => softmaxes.logSumExp(x)],
  take: ['same', (x) => indexing.take(x, 0)],
  takeAlongAxis: ['same', (x) => indexing.takeAlongAxis(x, tensorOf([0, 1], [2, 1], 'int32'), 1)],
  cumsum: ['sum', (x) => reductions.cumsum(x, { axis: 0 })],
  stopGradient: ['same', (x) => stopGradient(x)],
  logicalNot: ['bool', (x) => comparison.logicalNot(x)],
}

const oneValue = { ...elementwise, ...activations, ...statistics, ...reductions }
const oneValueRules = Object.entries({ ...elementwiseRules, ...unaryRules }).map(
  ([name, rule]) => [name, rule, oneValue[name as keyof typeof oneValue] as (x: Value) => Value] as const,
)

test.each([
  ...oneValueRules,
  ...Object.entries(otherRules).map(
    ([name, [rule, apply]]) => [name, rule, apply as (x: Value) => Value] as const,
  ),
])('%s: the dtype follows the rule "%s"', (_name, rule, apply) => {
  for (const dtype of dtypes)
    expect([dtype, dtypeOf(apply(ones(dtype)))]).toEqual([dtype, rules[rule][dtype]])
})

test.each(oneValueRules)('%s keeps numbers numbers', (_name, _rule, apply) => {
  expect(typeof apply(0.5)).toBe('number')
})

const twoValues = { ...arithmetic, ...comparison }

describe.each(Object.entries(binaryRules))('%s', (name, rule) => {
  const operation = twoValues[name as keyof typeof twoValues] as BinaryOperation

  test.each(pairs)('of %s and %s', (x, y) => {
    expect(operation(ones(x), ones(y)).dtype).toBe(rules[rule][mixtures[x][y]])
  })

  test.each(dtypes)('of %s and a number, whole or not', (dtype) => {
    for (const number of [2, 0.5]) {
      expect(operation(ones(dtype), number).dtype).toBe(rules[rule][besideNumber[dtype]])
      expect(operation(number, ones(dtype)).dtype).toBe(rules[rule][besideNumber[dtype]])
    }
  })

  test('of numbers is a number', () => {
    expect(typeof operation(2, 0.5)).toBe('number')
  })
})

test.each(pairs)('matmul, dot, where, concat, stack, outer and clip of %s and %s', (x, y) => {
  const [a, b] = [ones(x), ones(y)]
  const mixture = mixtures[x][y]
  expect(matmul(a, b).dtype).toBe(mixture)
  expect(shapes.dot(a, b).dtype).toBe(mixture)
  expect(comparison.where(1, a, b).dtype).toBe(mixture)
  expect(primitiveShapes.concat([a, b]).dtype).toBe(mixture)
  expect(shapes.stack([a, b]).dtype).toBe(mixture)
  expect(shapes.outer(a, b).dtype).toBe(rules.arithmetic[mixture])
  expect(activations.clip(a, b, b).dtype).toBe(mixture)
})

test.each(dtypes)('where, clip and outer of %s and a number', (dtype) => {
  const x = ones(dtype)
  expect(comparison.where(x, x, 0.5).dtype).toBe(besideNumber[dtype])
  expect(comparison.where(x, 0.5, x).dtype).toBe(besideNumber[dtype])
  expect(comparison.where(x, 1, 0).dtype).toBe('float32')
  expect(activations.clip(x, 0, 1).dtype).toBe(besideNumber[dtype])
  // As a matrix a number is no longer one, but float64.
  expect(shapes.outer(x, 2).dtype).toBe('float64')
})

test('a number beside float32 is rounded to it before, beside integers after', () => {
  expect(arithmetic.mul(tensorOf([1], [1], 'float32'), 0.1).data[0]).toBe(Math.fround(0.1))
  expect(arithmetic.mul(tensorOf([3], [1], 'int32'), 0.1).data[0]).toBe(Math.fround(3 * 0.1))
  expect(kindOf(arithmetic.mul(3, 0.1))).toBe('number')
})
