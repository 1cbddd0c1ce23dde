/** Comparisons, logic and where: element by element against plain loops, with NaN, and where dtypes meet. */
import fc from 'fast-check'
import { broadcastableShapes, tensor } from '@tapegrad/autograd/testing'
import type { BinaryOperation, Variable } from '../../src/index.js'
import { ArgumentError, ShapeError, grad, sum } from '../../src/index.js'
import * as comparison from '../../src/primitives/comparison.js'
import { expectError } from '../support/errors.js'
import { at, broadcastOf, elementsOf, expectTensor, tensorOf } from '../support/reference.js'

const { equal, logicalNot, notEqual, less, where } = comparison

const references: Record<
  Exclude<keyof typeof comparison, 'where' | 'logicalNot'>,
  (x: number, y: number) => boolean
> = {
  equal: (x, y) => x === y,
  notEqual: (x, y) => x !== y,
  greater: (x, y) => x > y,
  greaterEqual: (x, y) => x >= y,
  less: (x, y) => x < y,
  lessEqual: (x, y) => x <= y,
  logicalAnd: (x, y) => x !== 0 && y !== 0,
  logicalOr: (x, y) => x !== 0 || y !== 0,
}

const rows = Object.entries(references).map(
  ([name, reference]) =>
    [name, comparison[name as keyof typeof comparison] as BinaryOperation, reference] as const,
)

/** Few different values, so that many are equal. */
const coarse = { min: -1, max: 1, whole: true }

describe('comparisons', () => {
  test.each(rows)('%s broadcasts as nested loops do, and gives bool', (_name, operation, reference) => {
    const operands = broadcastableShapes().chain(([x, y]) =>
      fc.tuple(tensor({ shape: x, ...coarse }), tensor({ shape: y, dtype: 'int32', min: -1, max: 1 })),
    )
    fc.assert(
      fc.property(operands, ([x, y]) => {
        const out = broadcastOf(x.shape, y.shape)
        const elements = elementsOf(out, (index) => Number(reference(at(x, index), at(y, index))))
        expectTensor(operation(x, y), out, 'bool', elements)
      }),
    )
  })

  test.each(rows)('%s of numbers is 1 or 0', (_name, operation, reference) => {
    for (const x of [-1, 0, 2, NaN, Infinity])
      for (const y of [-1, 0, 2, NaN, Infinity]) expect(operation(x, y)).toBe(reference(x, y) ? 1 : 0)
  })

  test.each(rows)('%s treats NaN in tensors as JavaScript does', (_name, operation, reference) => {
    const [x, y] = [tensorOf([NaN, 1, NaN], [3]), tensorOf([1, NaN, NaN], [3])]
    const elements = [reference(NaN, 1), reference(1, NaN), reference(NaN, NaN)].map(Number)
    expectTensor(operation(x, y), [3], 'bool', elements)
  })

  test.each(rows)('%s names itself and both shapes where they do not broadcast', (name, operation) => {
    expectError(
      () => operation(tensorOf([1, 2], [2]), tensorOf([1, 2, 3], [1, 3])),
      ShapeError,
      'SHAPES_DO_NOT_BROADCAST',
      `${name}: shapes [2] and [1, 3] don't broadcast (2 ≠ 3); aligned at the end, sizes must be equal or 1`,
    )
  })

  test('a number is compared with a float32 tensor as float32', () => {
    expectTensor(equal(tensorOf([0.1, 0.2], [2], 'float32'), 0.1), [2], 'bool', [1, 0])
  })

  test('a number is compared with integers exactly, however large', () => {
    const large = tensorOf([16777216, 16777217, 2147483647], [3], 'int32')
    expectTensor(equal(large, 16777217), [3], 'bool', [0, 1, 0])
    expectTensor(less(large, 16777217), [3], 'bool', [1, 0, 0])
    expectTensor(notEqual(2147483646, large), [3], 'bool', [1, 1, 1])
    expectTensor(equal(tensorOf([0, 1], [2], 'uint8'), 0.5), [2], 'bool', [0, 0])
  })

  test('logicalNot is true for 0 only', () => {
    expectTensor(logicalNot(tensorOf([0, -0, 0.5, NaN, -3], [5])), [5], 'bool', [1, 1, 0, 0, 0])
    expect([logicalNot(0), logicalNot(2)]).toEqual([1, 0])
  })
})

describe('where', () => {
  test('picks element by element, all three broadcast', () => {
    const operands = broadcastableShapes({ count: 3 }).chain(([c, a, b]) =>
      fc.tuple(
        tensor({ shape: c, dtype: 'bool' }),
        tensor({ shape: a }),
        fc.oneof(tensor({ shape: b }), fc.constant(7)),
      ),
    )
    fc.assert(
      fc.property(operands, ([condition, a, b]) => {
        const out = broadcastOf(condition.shape, a.shape, typeof b === 'number' ? [] : b.shape)
        const elements = elementsOf(out, (i) => (at(condition, i) === 1 ? at(a, i) : at(b, i)))
        expectTensor(where(condition, a, b), out, 'float64', elements)
      }),
    )
  })

  test('of numbers picks a number', () => {
    expect([where(1, 2, 3), where(0, 2, 3), where(-0.5, 2, 3)]).toEqual([2, 3, 2])
  })

  test('passes the derivative to what was picked only, even past NaN', () => {
    const condition = tensorOf([1, 0], [2], 'bool')
    const [a, b] = [tensorOf([1, NaN], [2]), tensorOf([Infinity, 4], [2])]
    const [da, db] = grad((x: Variable, y: Variable) => sum(where(condition, x, y)), [0, 1])(a, b)
    expectTensor(da, [2], 'float64', [1, 0])
    expectTensor(db, [2], 'float64', [0, 1])
  })

  test('a condition that is a variable has derivative 0', () => {
    expect(grad((x: Variable) => where(x, 5, 6))(2)).toBe(0)
    expect(grad((x: Variable) => where(x, x, 6))(2)).toBe(1)
  })

  test('refuses what is no value or does not broadcast', () => {
    expectError(
      () => where([true] as never, 1, 2),
      ArgumentError,
      'WRONG_TYPE',
      'where: got plain array, wants a number, Tensor or Variable; wrap arrays with tensor(…)',
    )
    expectError(
      () => where(tensorOf([1, 0], [2]), tensorOf([1, 2, 3], [3]), 1),
      ShapeError,
      'SHAPES_DO_NOT_BROADCAST',
      /^where: shapes \[2\] and \[3\] don't broadcast \(2 ≠ 3\)/,
    )
  })
})
