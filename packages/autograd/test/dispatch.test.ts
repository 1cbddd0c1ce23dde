import { test } from '@fast-check/jest'
import type { TypedFunction } from '@tapegrad/autograd'
import { ArgumentError, Tape, add, cast, exp, matmul, mul, sum, tensor, typed } from '@tapegrad/autograd'
import { expectError } from './support/errors.js'

const value = 'number | Variable | Tensor'
const untyped = <F>(operation: F): ((...args: unknown[]) => unknown) =>
  operation as (...args: unknown[]) => unknown

describe('a mismatch', () => {
  test.each<[string, unknown[], string]>([
    ['text', ['1', 2], 'string, number 2'],
    ['nothing', [], 'no arguments'],
    ['too few', [1], 'number 1'],
    ['too many', [1, 2, 3], 'number 1, number 2, number 3'],
    ['null', [null, undefined], 'null, undefined'],
    ['booleans', [true, 1], 'boolean, number 1'],
    ['objects', [{}, new Map()], 'Object, Map'],
    ['a tensor and text', [tensor([1, 2]), 'x'], 'Tensor float32 [2], string'],
    ['a variable and text', [new Tape().variable(3), 'x'], 'Variable number, string'],
  ])('of %s names what came and what is wanted', (_what, args, got) => {
    expectError(
      () => untyped(add)(...args),
      ArgumentError,
      'WRONG_TYPE',
      `add: got ${got}; wants (${value}, ${value})`,
    )
  })

  test('of arrays, plain or typed, says how to make tensors of them', () => {
    expectError(
      () => untyped(add)([1, 2], 3),
      ArgumentError,
      'WRONG_TYPE',
      `add: got plain array, number 3; wants (${value}, ${value}); wrap arrays with tensor(…)`,
    )
    expectError(
      () => untyped(exp)(Float32Array.of(1)),
      ArgumentError,
      'WRONG_TYPE',
      `exp: got Float32Array; wants (${value}); wrap arrays with tensor(…)`,
    )
  })

  test('says the same for operations that are told more than values', () => {
    for (const [name, call] of Object.entries({
      sum: () => untyped(sum)([1, 2]),
      matmul: () => untyped(matmul)([1, 2], tensor([1])),
      cast: () => untyped(cast)([1, 2], 'float64'),
    }))
      expectError(
        call,
        ArgumentError,
        'WRONG_TYPE',
        new RegExp(`^${name}.*got plain array.*; wrap arrays with tensor\\(…\\)$`),
      )
  })
})

describe('extending an operation', () => {
  class Celsius {
    constructor(readonly degrees: number) {}
  }

  const operation = untyped(mul) as TypedFunction
  const before = { ...operation.signatures }
  typed.addTypes([{ name: 'Celsius', test: (x) => x instanceof Celsius }])
  const extended = typed(
    'mul',
    operation,
    typed('mul', { 'Celsius, number': (x: Celsius, factor: number) => new Celsius(x.degrees * factor) }),
  )

  test('gives a function that knows the new class, and all it knew before', () => {
    expect(extended(new Celsius(20), 2)).toEqual(new Celsius(40))
    expect(extended(3, 4)).toBe(12)
    expect(extended(tensor([1, 2]), 2)).toEqual(tensor([2, 4]))
    const tape = new Tape()
    const x = tape.variable(3)
    expect(extended(x, 2)).toMatchObject({ tape })
  })

  test('leaves the original as it was', () => {
    expect(operation.signatures).toEqual(before)
    expectError(
      () => untyped(mul)(new Celsius(20), 2),
      ArgumentError,
      'WRONG_TYPE',
      `mul: got Celsius, number 2; wants (${value}, ${value})`,
    )
    // The rules that differentiate still use the original.
    const tape = new Tape()
    const x = tape.variable(3)
    expect(tape.gradient(mul(x, x), x)).toBe(6)
  })

  test('names the new class where an argument fits neither', () => {
    expectError(
      () => extended('x', 2),
      ArgumentError,
      'WRONG_TYPE',
      /^mul: got string, number 2; wants \(.*Celsius.*\)$/,
    )
  })
})
