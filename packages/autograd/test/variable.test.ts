import { inspect } from 'node:util'
import { test } from '@fast-check/jest'
import {
  ArgumentError,
  ShapeError,
  Tape,
  Tensor,
  Variable,
  add,
  isValue,
  mul,
  tensor,
} from '@tapegrad/autograd'
import { concreteOf } from '../src/variable.js'
import { expectError } from './support/errors.js'

describe('Variable', () => {
  test('reads as the number that it is', () => {
    const x = new Tape().variable(3, 'apple')
    expect([x.value, x.kind, x.shape, x.dtype, x.size, x.rank]).toEqual([3, 'number', [], 'float64', 1, 0])
    expect([x.item(), x.toArray(), x.data, x.name]).toEqual([3, 3, Float64Array.of(3), 'apple'])
  })

  test('reads as the tensor that it is', () => {
    const value = tensor([[1, 2]])
    const x = new Tape().variable(value)
    expect([x.value, x.kind, x.shape, x.dtype, x.size, x.rank]).toEqual([
      value,
      'tensor',
      [1, 2],
      'float32',
      2,
      2,
    ])
    expect(x.data).toBe(value.data)
    expect(x.toArray()).toEqual([[1, 2]])
    expect(x.name).toBeUndefined()
    expectError(
      () => x.item(),
      ShapeError,
      'NOT_ONE_ELEMENT',
      /^item: a tensor of shape \[1, 2\] has 2 elements/,
    )
  })

  test('knows its tape and its position on it', () => {
    const tape = new Tape()
    const [x, y] = [tape.variable(1), tape.variable(2)]
    const z = mul(x, y)
    expect([x.index, y.index, z.index]).toEqual([0, 1, 2])
    expect(z.tape).toBe(tape)
  })

  test('of nested tapes shows one level, and reads data through all', () => {
    const outer = new Tape()
    const inner = new Tape()
    const x = outer.variable(tensor([5]))
    const y = inner.variable(x)
    expect(y.value).toBe(x)
    expect([y.shape, y.dtype, y.kind, y.size]).toEqual([[1], 'float32', 'tensor', 1])
    expect([y.item(), y.toArray()]).toEqual([5, [5]])
    expect(concreteOf(add(y, 1))).toEqual(tensor([6]))
  })

  test('is neither a Tensor nor made of one', () => {
    const x: unknown = new Tape().variable(tensor([1]))
    expect(x).toBeInstanceOf(Variable)
    expect(x).not.toBeInstanceOf(Tensor)
    expect(isValue(x)).toBe(true)
  })

  test('reads as text in templates, in String and when inspected', () => {
    const x = new Tape().variable(3, 'apple')
    for (const text of [`${x}`, String(x), inspect(x)]) expect(text).toBe('Variable apple: 3')
    expect(String(new Tape().variable(tensor([1, 2])))).toBe('Variable: Tensor float32 [2]\n[1, 2]')
  })

  test("refuses JavaScript's operators, which would give NaN, and names what to write", () => {
    const x = new Tape().variable(3) as unknown as number
    const message =
      "variable: JavaScript's operators (*, +, <, …) don't work on a variable; write mul(x, 2) or x.mul(2), add, less, …"
    for (const use of [() => x * 2, () => 2 - x, () => x + 1, () => x < 3, () => -x, () => +x])
      expectError(use, ArgumentError, 'OPERATOR', message)
  })
})
