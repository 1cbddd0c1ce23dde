import { test } from '@fast-check/jest'
import { ArgumentError, Tape, dtypeOf, isValue, kindOf, shapeOf, specOf, tensor } from '@tapegrad/autograd'
import { checkValue, describe as describeValue, formatSpec, isDifferentiable } from '../src/value.js'
import { expectError } from './support/errors.js'

const matrix = tensor([[1, 2]])

describe('what values say of themselves', () => {
  test('numbers are float64 scalars of a kind of their own', () => {
    expect([kindOf(5), shapeOf(5), dtypeOf(5)]).toEqual(['number', [], 'float64'])
    expect(specOf(5)).toEqual({ kind: 'number', shape: [], dtype: 'float64' })
  })

  test.each([
    ['tensor', matrix],
    ['variable', new Tape().variable(matrix)],
  ])('a %s has the kind, shape and dtype of its data', (_what, x) => {
    expect([kindOf(x), shapeOf(x), dtypeOf(x)]).toEqual(['tensor', [1, 2], 'float32'])
    expect(formatSpec(specOf(x))).toBe('float32 [1, 2]')
  })

  test('a variable of a number is a number', () => {
    const x = new Tape().variable(5)
    expect([kindOf(x), shapeOf(x), dtypeOf(x), formatSpec(specOf(x))]).toEqual([
      'number',
      [],
      'float64',
      'number',
    ])
  })

  test('floats can carry derivatives, integers and booleans not', () => {
    expect([5, matrix, tensor([1], { dtype: 'float64' })].map(isDifferentiable)).toEqual([true, true, true])
    for (const dtype of ['int32', 'uint8', 'bool'] as const)
      expect(isDifferentiable(tensor([1], { dtype }))).toBe(false)
  })
})

describe('what is a value', () => {
  const others: [unknown, string][] = [
    [[1], 'plain array'],
    ['1', 'string'],
    [true, 'boolean'],
    [null, 'null'],
    [undefined, 'undefined'],
    [1n, 'bigint'],
    [{}, 'Object'],
    [Object.create(null), 'object'],
    [new Date(0), 'Date'],
    [Math.sin, 'function'],
    [Float32Array.of(1), 'Float32Array'],
  ]

  test('numbers, tensors and variables are', () => {
    for (const x of [5, NaN, matrix, new Tape().variable(1)]) {
      expect(isValue(x)).toBe(true)
      expect(() => checkValue('f', x)).not.toThrow()
    }
  })

  test.each(others.map(([x, name]) => [name, x] as const))('a %s is not', (name, x) => {
    expect(isValue(x)).toBe(false)
    expect(describeValue(x)).toBe(name)
    const advice = name.endsWith('rray') ? '; wrap arrays with tensor(…)' : ''
    expectError(
      () => checkValue('f', x),
      ArgumentError,
      'WRONG_TYPE',
      `f: got ${name}, wants a number, Tensor or Variable${advice}`,
    )
  })

  test('messages tell values by kind, dtype and shape', () => {
    expect(describeValue(5)).toBe('number 5')
    expect(describeValue(matrix)).toBe('Tensor float32 [1, 2]')
    expect(describeValue(new Tape().variable(matrix))).toBe('Variable float32 [1, 2]')
  })
})
