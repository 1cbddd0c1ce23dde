import { fc, test } from '@fast-check/jest'
import type { Value, Variable } from '@tapegrad/autograd'
import {
  ArgumentError,
  GradientError,
  Tape,
  Tensor,
  add,
  assertGradient,
  cast,
  differentiable,
  exp,
  grad,
  jvp,
  log1p,
  mul,
  pow,
  sigmoid,
  sub,
  sum,
  take,
  tensor,
} from '@tapegrad/autograd'
import { expectError } from './support/errors.js'

const softplus = differentiable('softplus', {
  forward: (x: Value) => log1p(exp(x)),
  backward: (upstream, { inputs: [x] }) => [mul(upstream, sigmoid(x))],
})

/** x²·y, with its forward-mode rule. */
const scaledSquare = differentiable('scaledSquare', {
  forward: (x: Value, y: Value) => mul(mul(x, x), y),
  backward: (upstream, { inputs: [x, y] }) => [mul(upstream, mul(2, mul(x, y))), mul(upstream, mul(x, x))],
  jvp: ([dx, dy], { inputs: [x, y] }) => add(mul(dx, mul(2, mul(x, y))), mul(dy, mul(x, x))),
})

const finite = fc.double({ min: -3, max: 3, noNaN: true })
const vector = fc
  .array(finite, { minLength: 3, maxLength: 3 })
  .map((elements) => tensor(Float64Array.from(elements)))

describe('a custom function', () => {
  test('works on numbers, tensors and variables', () => {
    expect(softplus(0)).toBe(Math.LN2)
    expect(softplus(tensor([0])).toArray()).toEqual([Math.fround(Math.LN2)])
    expect(softplus(new Tape().variable(0)).item()).toBe(Math.LN2)
    expect(softplus.name).toBe('softplus')
  })

  test('is one entry, and what its forward does is not recorded', () => {
    const tape = new Tape()
    const y = softplus(tape.variable(1))
    expect(tape.entries.map(({ operation }) => operation)).toEqual(['variable', 'softplus'])
    expect(y.index).toBe(1)
  })

  test.prop([vector, vector])('has the derivatives that it says, of first and second order', (x, y) => {
    assertGradient((x: Value) => softplus(x), [x])
    assertGradient((x: Value, y: Value) => scaledSquare(x, y), [x, y])
    assertGradient((x: Variable) => grad((z: Variable) => sum(mul(softplus(z), softplus(z))))(x), [x])
    assertGradient(
      (x: Variable, y: Variable) => grad((a: Variable, b: Variable) => sum(scaledSquare(a, b)), [0, 1])(x, y),
      [x, y],
    )
  })

  test.prop([vector, vector, vector, vector])(
    'has a forward mode, with jvp and by double reverse, that agree',
    (x, y, dx, dy) => {
      const withoutJvp = differentiable('withoutJvp', {
        forward: (x: Value, y: Value) => mul(mul(x, x), y),
        backward: (upstream, { inputs: [x, y] }) => [
          mul(upstream, mul(2, mul(x, y))),
          mul(upstream, mul(x, x)),
        ],
      })
      const push = (f: typeof scaledSquare): Tensor =>
        jvp((x: Variable, y: Variable) => f(x, y), [x, y], [dx, dy]).tangent as Tensor
      const [given, derived] = [push(scaledSquare), push(withoutJvp as typeof scaledSquare)]
      given.data.forEach((element, i) => {
        expect(Math.abs(element - derived.data[i])).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(element)))
      })
    },
  )

  test('in forward mode tells jvp of tangents that are zero, and works under a tape', () => {
    const slope = (x: Value): Value => jvp((z: Variable) => scaledSquare(z, 5), [x], [1]).tangent as Value
    expect(slope(3)).toBe(30)
    expect(grad(slope as (x: Variable) => Value)(3)).toBe(10)
    expect(jvp((z: Variable) => softplus(z), [0], [2]).tangent).toBe(1)
    expect(
      grad(((x: Value) => jvp((z: Variable) => softplus(z), [x], [1]).tangent) as (x: Variable) => Value)(0),
    ).toBe(0.25)
  })

  test('may have inputs without a derivative, and null for them', () => {
    const pick = differentiable('pick', {
      forward: (x: Value, rows: Value) => take(x, rows),
      backward: (upstream, { inputs: [x] }) => [mul(x, sum(upstream)), null],
    })
    const rows = tensor([1], { dtype: 'int32' })
    const tape = new Tape()
    const [x, y] = [tape.variable(tensor([1, 2])), tape.variable(3)]
    expect(tape.gradient(sum(pick(x, rows)), x)).toEqual(tensor([1, 2]))
    const constant = differentiable('constant', { forward: (x: Value) => x, backward: () => [null] })
    expect(tape.gradient(constant(y), y)).toBe(0)
    expect(jvp((z: Variable) => constant(z), [3], [1]).tangent).toBe(0)
  })

  test('may give a number for the derivative of a scalar tensor, which takes its dtype', () => {
    const identity = differentiable('identity', { forward: (x: Value) => x, backward: () => [1] })
    expect(grad((x: Variable) => identity(x))(tensor(5))).toEqual(tensor(1))
    expect(grad((x: Variable) => identity(x))(5)).toBe(1)
  })

  test('may loop over raw data in its forward', () => {
    const cumulative = differentiable('cumulative', {
      forward: (x: Value) => {
        if (!(x instanceof Tensor)) throw new Error('gets tensors as they are')
        let total = 0
        return new Tensor(
          x.data.map((element) => (total += element)),
          x.shape,
          x.dtype,
        )
      },
      backward: (upstream) => [sub(sum(upstream), sub(cumulative(upstream), upstream))],
    }) as (x: Value) => Value
    assertGradient(cumulative, [tensor([1, -2, 3])])
  })

  test('takes several inputs of several kinds', () => {
    const power = differentiable('power', {
      forward: (x: Value, n: Value) => pow(x, n),
      backward: (upstream, { inputs: [x, n], output }) => [
        mul(upstream, mul(n, pow(x, sub(n, 1)))),
        sum(mul(upstream, mul(output, tensor([Math.log(2), Math.log(3)], { dtype: 'float64' })))),
      ],
    })
    const gradient = grad((x: Variable, n: Variable) => sum(power(x, n)), [0, 1])(
      tensor(Float64Array.of(2, 3)),
      2,
    )
    expect(gradient[0]).toEqual(tensor(Float64Array.of(4, 6)))
    expect(gradient[1]).toBeCloseTo(4 * Math.log(2) + 9 * Math.log(3), 12)
  })
})

describe('a derivative that does not fit', () => {
  const x = tensor([1, 2])
  const wrong = (backward: (upstream: Value) => unknown): (() => unknown) => {
    const custom = differentiable('custom', {
      forward: (x: Value, y: Value) => mul(x, y),
      backward: backward as () => [Value, Value],
    })
    return () => grad((x: Variable, y: Variable) => sum(custom(x, y)), [0, 1])(x, 3)
  }

  test.each<[string, (upstream: Value) => unknown]>([
    ['1 derivatives', (upstream) => [upstream]],
    ['3 derivatives', (upstream) => [upstream, 1, 1]],
    ['Tensor float32 [2]', (upstream) => upstream],
    ['undefined', () => undefined],
  ])('in number: %s', (got, backward) => {
    expectError(
      wrong(backward),
      GradientError,
      'DERIVATIVE_COUNT',
      `custom: backward returned ${got} for 2 inputs; wants an array with one for each input, null where it has none`,
    )
  })

  test.each<[string, (upstream: Value) => unknown]>([
    ['float32 []', (upstream) => [sum(upstream), 1]],
    ['float64 [2]', (upstream) => [cast(upstream, 'float64'), 1]],
    ['int32 [2]', (upstream) => [cast(upstream, 'int32'), 1]],
    ['number', () => [1, 1]],
    ['undefined', () => [undefined, 1]],
    ['plain array', () => [[1, 2], 1]],
  ])('in shape or dtype: %s', (got, backward) => {
    expectError(
      wrong(backward),
      GradientError,
      'DERIVATIVE_FORM',
      `custom: the derivative by input 0 is ${got}, the input float32 [2]; wants the same shape and dtype`,
    )
  })

  test('of a number', () => {
    expectError(
      wrong((upstream) => [upstream, upstream]),
      GradientError,
      'DERIVATIVE_FORM',
      'custom: the derivative by input 1 is float32 [2], the input number; wants the same shape and dtype',
    )
  })

  test('goes unnoticed where nobody asked for it', () => {
    const custom = differentiable('custom', {
      forward: (x: Value, y: Value) => mul(x, y),
      backward: (upstream) => [mul(upstream, 3), tensor([9, 9, 9])],
    })
    expect(grad((x: Variable) => sum(custom(x, 3)))(x)).toEqual(tensor([3, 3]))
  })
})

describe('a forward that gives no value', () => {
  test('is an error', () => {
    for (const [result, got] of [
      [undefined, 'undefined'],
      ['1', 'string'],
      [[], 'plain array'],
      [[1, 'x'], 'plain array'],
    ] as const) {
      const custom = differentiable('custom', { forward: (() => result) as never, backward: () => [1] })
      expectError(
        () => (custom as unknown as (x: number) => unknown)(1),
        ArgumentError,
        'RESULT',
        `custom: forward returned ${got}; wants a number or Tensor, or a list of at least one`,
      )
    }
  })

  test('or a variable that it captured is one, too: its derivative would be lost', () => {
    const tape = new Tape()
    const [x, W] = [tape.variable(2), tape.variable(3)]
    const captures = differentiable('captures', {
      forward: (x: Value) => mul(x, W),
      backward: (upstream) => [mul(upstream, W)],
    })
    expectError(
      () => captures(x),
      ArgumentError,
      'CAPTURED_VARIABLE',
      'captures: forward returned a Variable, which it must have captured; wants all variables as inputs, so that backward can give their derivatives',
    )
  })

  test('and arguments that are no values are errors', () => {
    expectError(
      () => softplus([1] as never),
      ArgumentError,
      'WRONG_TYPE',
      'softplus: got plain array, wants a number, Tensor or Variable; wrap arrays with tensor(…)',
    )
  })
})
