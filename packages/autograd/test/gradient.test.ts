import { test } from '@fast-check/jest'
import type { Variable } from '@tapegrad/autograd'
import {
  ArgumentError,
  DTypeError,
  ShapeError,
  Tape,
  TapeError,
  add,
  argmax,
  grad,
  mul,
  ones,
  sum,
  tensor,
  zeros,
} from '@tapegrad/autograd'
import { expectError } from './support/errors.js'

describe('sources', () => {
  test('may be one, a list or a tree; the answer has the same structure', () => {
    const tape = new Tape()
    const [W, b] = [tape.variable(tensor([1, 2])), tape.variable(3)]
    const loss = sum(add(mul(W, W), b))
    expect(tape.gradient(loss, W)).toEqual(tensor([2, 4]))
    expect(tape.gradient(loss, [b, W])).toEqual([2, tensor([2, 4])])
    expect(tape.gradient(loss, { layers: [{ W, b }] })).toEqual({ layers: [{ W: tensor([2, 4]), b: 2 }] })
    expect(tape.gradient(loss, [])).toEqual([])
    expect(tape.gradient(loss, {})).toEqual({})
  })

  test('leaves of a tree that are no values pass through', () => {
    const tape = new Tape()
    const x = tape.variable(3)
    const when = new Date(0)
    const tree = { x, name: 'layer', active: true, nothing: null, missing: undefined, when, f: Math.sin }
    expect(tape.gradient(mul(x, x), tree)).toEqual({ ...tree, x: 6 })
  })

  test('may be named twice', () => {
    const tape = new Tape()
    const x = tape.variable(3)
    expect(tape.gradient(mul(x, x), [x, { again: x }, x])).toEqual([6, { again: 6 }, 6])
  })

  test('that the target does not depend on get zeros of their kind, shape and dtype', () => {
    const tape = new Tape()
    const [x, y, z] = [
      tape.variable(1),
      tape.variable(tensor(Float64Array.of(1, 2))),
      tape.variable(tensor([[1]])),
    ]
    const target = mul(x, 2)
    const later = tape.variable(5)
    expect(tape.gradient(target, [y, z, later, mul(y, x)])).toEqual([
      zeros([2], { dtype: 'float64' }),
      zeros([1, 1]),
      0,
      zeros([2], { dtype: 'float64' }),
    ])
  })

  test('may be the target itself, whose derivative is 1 or upstream', () => {
    const tape = new Tape()
    const number = tape.variable(3)
    expect(tape.gradient(number, number)).toBe(1)
    const scalar = sum(tape.variable(tensor([1, 2])))
    expect(tape.gradient(scalar, scalar)).toEqual(ones([]))
    const vector = tape.variable(tensor([1, 2]))
    expect(tape.gradient(vector, vector, { upstream: tensor([3, 4]) })).toEqual(tensor([3, 4]))
  })

  test('of another tape, or that are no variables, are errors that say where in the tree they are', () => {
    const tape = new Tape()
    const x = tape.variable(1)
    const target = mul(x, x)
    const advice =
      'wants a Variable of this tape: make sources with tape.variable(…) and compute the target from them'
    expectError(
      () => tape.gradient(target, { layers: [x, new Tape().variable(1)] }),
      TapeError,
      'NOT_ON_TAPE',
      `tape.gradient: source layers[1] is a Variable of another tape; ${advice}`,
    )
    expectError(
      () => tape.gradient(target, tensor([1, 2])),
      TapeError,
      'NOT_ON_TAPE',
      `tape.gradient: the source is no Variable (Tensor float32 [2]); ${advice}`,
    )
    expectError(
      () => tape.gradient(target, [x, 5]),
      TapeError,
      'NOT_ON_TAPE',
      `tape.gradient: source [1] is no Variable (number 5); ${advice}`,
    )
  })

  test('of integers are an error', () => {
    const tape = new Tape()
    const [x, labels] = [tape.variable(2), tape.variable(tensor([1], { dtype: 'int32' }))]
    expectError(
      () => tape.gradient(sum(mul(x, labels)), { x, labels }),
      DTypeError,
      'INTEGER_GRADIENT',
      "tape.gradient: source labels is Variable int32 [1]; only floats have derivatives: cast to 'float32' or 'float64' first",
    )
  })
})

describe('the target', () => {
  test('must be a Variable of the tape', () => {
    const tape = new Tape()
    const x = tape.variable(1)
    const advice =
      'wants a Variable of this tape: make sources with tape.variable(…) and compute the target from them'
    expectError(
      () => tape.gradient(new Tape().variable(1), x),
      TapeError,
      'NOT_ON_TAPE',
      `tape.gradient: the target is a Variable of another tape; ${advice}`,
    )
    expectError(
      () => tape.gradient(5 as unknown as Variable, x),
      TapeError,
      'NOT_ON_TAPE',
      `tape.gradient: the target is no Variable (number 5); ${advice}`,
    )
  })

  test('must be a scalar without upstream', () => {
    const tape = new Tape()
    const x = tape.variable(tensor([[1, 2]]))
    expectError(
      () => tape.gradient(mul(x, 2), x),
      TapeError,
      'NOT_SCALAR',
      'tape.gradient: the target has shape [1, 2], not []; reduce it with sum() or mean(), or pass { upstream } of its shape',
    )
  })

  test('must hold floats', () => {
    const tape = new Tape()
    const x = tape.variable(tensor([1, 2]))
    expectError(
      () => tape.gradient(argmax(x), x),
      DTypeError,
      'INTEGER_GRADIENT',
      "tape.gradient: the target is Variable int32 []; only floats have derivatives: cast to 'float32' or 'float64' first",
    )
  })
})

describe('upstream', () => {
  test('weighs the elements of the target', () => {
    const tape = new Tape()
    const x = tape.variable(tensor([1, 2]))
    expect(tape.gradient(mul(x, x), x, { upstream: tensor([10, 100]) })).toEqual(tensor([20, 400]))
  })

  test('takes the kind and dtype of the target', () => {
    const tape = new Tape()
    const [x, n] = [tape.variable(tensor([1, 2])), tape.variable(3)]
    expect(tape.gradient(mul(x, 2), x, { upstream: tensor(Float64Array.of(1, 2)) })).toEqual(tensor([2, 4]))
    expect(tape.gradient(sum(x), x, { upstream: 5 })).toEqual(tensor([5, 5]))
    expect(tape.gradient(mul(n, n), n, { upstream: tensor(2) })).toBe(12)
  })

  test('may be a variable of an outer tape, by which the answer can be differentiated', () => {
    const outer = new Tape()
    const u = outer.variable(tensor([1, 1]))
    const tape = new Tape()
    const x = tape.variable(tensor([3, 4]))
    const derivative = tape.gradient(mul(x, x), x, { upstream: u }) as Variable
    expect(outer.gradient(sum(derivative), u)).toEqual(tensor([6, 8]))
  })

  test('must have the shape of the target', () => {
    const tape = new Tape()
    const x = tape.variable(tensor([1, 2]))
    const message = (got: string): string =>
      `tape.gradient: upstream is ${got}, the target float32 [2]; wants the same shape`
    for (const [upstream, got] of [
      [tensor([1]), 'float32 [1]'],
      [tensor([[1, 2]]), 'float32 [1, 2]'],
      [1, 'number'],
    ] as const)
      expectError(() => tape.gradient(mul(x, 2), x, { upstream }), ShapeError, 'UPSTREAM_SHAPE', message(got))
  })

  test('may be on any other tape, which then sees the derivative depend on it', () => {
    const older = new Tape()
    const tape = new Tape()
    const younger = new Tape()
    const x = tape.variable(3)
    for (const other of [older, younger]) {
      const upstream = other.variable(5)
      const derivative = tape.gradient(mul(x, x), x, { upstream })
      expect(other.gradient(derivative as Variable, upstream)).toBe(6)
    }
  })

  test('may be neither integers nor made of variables of this tape', () => {
    const tape = new Tape()
    const x = tape.variable(tensor([1, 2]))
    expectError(
      () => tape.gradient(mul(x, 2), x, { upstream: tensor([1, 2], { dtype: 'int32' }) }),
      DTypeError,
      'INTEGER_GRADIENT',
      "tape.gradient: upstream is Tensor int32 [2]; only floats have derivatives: cast to 'float32' or 'float64' first",
    )
    for (const upstream of [x, new Tape().variable(x)])
      expectError(
        () => tape.gradient(mul(x, 2), x, { upstream }),
        TapeError,
        'UPSTREAM_ON_TAPE',
        'tape.gradient: upstream is made of a Variable of this very tape; wants a number, a Tensor, or a Variable of another tape',
      )
    expectError(
      () => tape.gradient(mul(x, 2), x, { upstream: [1, 2] as never }),
      ArgumentError,
      'WRONG_TYPE',
      'tape.gradient: upstream: got plain array, wants a number, Tensor or Variable; wrap arrays with tensor(…)',
    )
  })

  test('can be different from walk to walk over one recording', () => {
    const tape = new Tape()
    const x = tape.variable(tensor([1, 2]))
    const target = mul(x, x)
    expect(tape.gradient(target, x, { upstream: tensor([1, 0]) })).toEqual(tensor([2, 0]))
    expect(tape.gradient(target, x, { upstream: tensor([0, 1]) })).toEqual(tensor([0, 4]))
  })

  test('is not asked for where grad makes the target', () => {
    expect(grad((x: Variable) => sum(mul(x, x)))(tensor([1, 2]))).toEqual(tensor([2, 4]))
  })
})
