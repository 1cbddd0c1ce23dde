import { fc, test } from '@fast-check/jest'
import type { Tensor, Value, Variable } from '@tapegrad/autograd'
import {
  ArgumentError,
  DTypeError,
  Tape,
  TapeError,
  Variable as VariableClass,
  add,
  argmax,
  exp,
  grad,
  mul,
  relu,
  sin,
  sub,
  sum,
  tensor,
  valueAndGrad,
  zeros,
} from '@tapegrad/autograd'
import { program, programInputs, run } from '../support/arbitraries.js'
import { expectError } from '../support/errors.js'
import { plain } from '../support/plain.js'

/** The function of one argument, which it ignores. */
const constantly =
  <X = Variable>(value: Value): ((x: X) => Value) =>
  () =>
    value
const square = (x: Variable): Variable => mul(x, x)

describe('grad', () => {
  test.prop([program, programInputs])('is the gradient of a tape', (steps, inputs) => {
    const argnums = inputs.map((_, k) => k)
    const f = (...xs: Value[]): Value => run(steps, xs)
    const tape = new Tape()
    const variables = inputs.map((input) => tape.variable(input))
    const expected = tape.gradient(f(...variables) as Variable, variables)
    const all = grad(f as (...xs: Variable[]) => Value, argnums)(...(inputs as never[]))
    expect(plain(all)).toEqual(plain(expected))
    argnums.forEach((argnum) => {
      const one = grad(f as (...xs: Variable[]) => Value, argnum)(...(inputs as never[]))
      expect(plain(one)).toEqual(plain(expected[argnum]))
    })
  })

  test('of the first argument, unless argnums says otherwise', () => {
    const f = (x: Variable, y: Variable): Variable => mul(mul(x, x), y)
    expect(grad(f)(3, 5)).toBe(30)
    expect(grad(f, 1)(3, 5)).toBe(9)
    expect(grad(f, [0, 1])(3, 5)).toEqual([30, 9])
    expect(grad(f, [1])(3, 5)).toEqual([9])
    expect(grad(f, [1, 1])(3, 5)).toEqual([9, 9])
  })

  test('has the structure of its argument, with leaves that are no values as they were', () => {
    const f = (params: { layers: { W: Variable; b: Variable }[]; name: string }): Variable =>
      sum(add(mul(params.layers[0].W, 3), params.layers[0].b))
    expect(grad(f)({ layers: [{ W: tensor([1, 2]), b: 5 }], name: 'net' })).toEqual({
      layers: [{ W: tensor([3, 3]), b: 2 }],
      name: 'net',
    })
  })

  test('leaves other arguments alone, whatever they are', () => {
    const labels = tensor([0, 1], { dtype: 'int32' })
    const seen: unknown[] = []
    const f = (x: Variable, labels: Tensor, reduction: string, options: undefined): Variable => {
      seen.push(labels, reduction, options)
      return square(x)
    }
    expect(grad(f)(3, labels, 'mean', undefined)).toBe(6)
    expect(seen).toEqual([labels, 'mean', undefined])
    expect(seen[0]).toBe(labels)
  })

  test('of a result that does not depend on the argument is zeros', () => {
    expect(grad(constantly(7))(tensor([1, 2]))).toEqual(zeros([2]))
    expect(grad(constantly(tensor(7)))(5)).toBe(0)
    const outer = new Tape().variable(3)
    expect(grad(constantly<{ x: Variable }>(square(outer)))({ x: tensor(Float64Array.of(1)) })).toEqual({
      x: zeros([1], { dtype: 'float64' }),
    })
    expect(grad((_x: Variable, y: Variable) => square(y))(tensor([1]), 2)).toEqual(zeros([1]))
  })

  test('takes tensors and variables of one element without axes for results', () => {
    expect(grad((x: Variable) => sum(relu(x)))(tensor([1, -1]))).toEqual(tensor([1, 0]))
    expect(grad((x: Variable) => x)(tensor(3))).toEqual(tensor(1))
  })

  test('of a captured variable is seen by that variable’s tape', () => {
    const tape = new Tape()
    const y = tape.variable(3)
    const slope = grad((x: Variable) => mul(mul(x, x), y))(5)
    expect(slope).toBeInstanceOf(VariableClass)
    expect(tape.gradient(slope as unknown as Variable, y)).toBe(10)
  })

  test('works with branches and loops of the program', () => {
    const power = (x: Variable, n: number): Variable => {
      let result = x
      for (let k = 1; k < n; k++) result = mul(result, x)
      return result.item() > 100 ? sub(result, x) : result
    }
    expect(grad(power)(2, 3)).toBe(12)
    expect(grad(power)(10, 3)).toBe(299)
  })
})

describe('valueAndGrad', () => {
  test.prop([program, programInputs])('gives the value beside what grad gives', (steps, inputs) => {
    const f = (...xs: Value[]): Value => run(steps, xs)
    const argnums = inputs.map((_, k) => k)
    const { value, gradient } = valueAndGrad(
      f as (...xs: Variable[]) => Value,
      argnums,
    )(...(inputs as never[]))
    expect(plain(value)).toEqual(plain(f(...inputs)))
    expect(plain(gradient)).toEqual(
      plain(grad(f as (...xs: Variable[]) => Value, argnums)(...(inputs as never[]))),
    )
  })

  test('calls the function once', () => {
    const f = jest.fn((x: Variable) => square(x))
    expect(valueAndGrad(f)(3)).toEqual({ value: 9, gradient: 6 })
    expect(f).toHaveBeenCalledTimes(1)
  })

  test('gives aux beside them, off the tape', () => {
    const f = (x: Variable): [Variable, { logits: Variable[]; name: string; seen: Tensor }] => [
      square(x),
      { logits: [exp(x), x], name: 'aux', seen: tensor([1]) },
    ]
    expect(valueAndGrad(f, 0, { aux: true })(0)).toEqual({
      value: 0,
      gradient: 0,
      aux: { logits: [1, 0], name: 'aux', seen: tensor([1]) },
    })
  })

  test('peels only its own variables off', () => {
    const y = new Tape().variable(2)
    const { value, aux } = valueAndGrad((x: Variable): [Variable, Variable] => [mul(x, y), y], 0, {
      aux: true,
    })(3)
    expect(value).toBeInstanceOf(VariableClass)
    expect((value as Variable).item()).toBe(6)
    expect(aux).toBe(y)
  })

  test('wants a pair where aux is asked for', () => {
    for (const [result, got] of [
      [3, 'number 3'],
      [[1, 2, 3], 'plain array'],
    ] as const)
      expectError(
        () => valueAndGrad((() => result) as never, 0, { aux: true })(1 as never),
        ArgumentError,
        'AUX',
        `valueAndGrad: with { aux: true } the function returns [scalar, aux]; got ${got}`,
      )
  })
})

describe.each([
  ['grad', grad],
  ['valueAndGrad', valueAndGrad],
])('%s refuses', (name, transform) => {
  const call = (f: (...xs: never[]) => unknown, argnums: number | number[], ...args: unknown[]): unknown =>
    (transform as (...xs: unknown[]) => (...xs: unknown[]) => unknown)(f, argnums)(...args)

  test('a result with axes', () => {
    expectError(
      () => call((x: Variable) => mul(x, 2), 0, tensor([1, 2])),
      TapeError,
      'NOT_SCALAR',
      `${name}: the function returned Variable float32 [2]; wants a scalar: reduce it with sum() or mean(), or use vjp or jacobian for a result with axes`,
    )
  })

  test('a result that is no value', () => {
    for (const [result, got] of [
      [undefined, 'undefined'],
      [[1], 'plain array'],
      ['1', 'string'],
    ] as const)
      expectError(
        () => call(() => result, 0, 1),
        ArgumentError,
        'RESULT',
        `${name}: the function returned ${got}; wants a number, a Tensor or a Variable of shape []`,
      )
  })

  test('a result of integers', () => {
    expectError(
      () => call((x: Variable) => argmax(x), 0, tensor([1, 2])),
      DTypeError,
      'INTEGER_GRADIENT',
      `${name}: the function returned Variable int32 []; only floats have derivatives: cast to 'float32' or 'float64' first`,
    )
  })

  test('a Promise, whose failure on the closed tape goes no further', async () => {
    const unhandled = jest.fn()
    process.on('unhandledRejection', unhandled)
    let failure: unknown
    const slow = async (x: Variable): Promise<Variable> => {
      await Promise.resolve()
      try {
        return square(x)
      } catch (error) {
        failure = error
        throw error
      }
    }
    expectError(
      () => call(slow, 0, 1),
      ArgumentError,
      'PROMISE',
      `${name}: the function returned a Promise; wants an ordinary function: await what it needs before, and pass it in`,
    )
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(failure).toMatchObject({ code: 'TAPE_CLOSED' })
    expect(unhandled).not.toHaveBeenCalled()
  })

  test.each([
    [2, [1, 2], '2 arguments; wants 0 to 1'],
    [-1, [1], '1 argument; wants 0'],
    [0.5, [1], '1 argument; wants 0'],
    [0, [], '0 arguments'],
  ])('argnums %d for the arguments %j', (argnum, args, got) => {
    for (const argnums of [argnum, [argnum]])
      expectError(
        () => call(square, argnums, ...args),
        ArgumentError,
        'ARGNUM',
        `${name}: argnums names argument ${argnum}, but the function was called with ${got}`,
      )
  })

  test('arguments of integers, saying where they are', () => {
    const labels = tensor([1], { dtype: 'int32' })
    expectError(
      () => call(square, 0, labels),
      DTypeError,
      'INTEGER_GRADIENT',
      `${name}: argument 0 is Tensor int32 [1]; only floats have derivatives: cast to 'float32' or 'float64', or leave it out of argnums`,
    )
    expectError(
      () => call(square, 1, 1, { data: [tensor([1]), labels] }),
      DTypeError,
      'INTEGER_GRADIENT',
      `${name}: argument 1 (data[1]) is Tensor int32 [1]; only floats have derivatives: cast to 'float32' or 'float64', or leave it out of argnums`,
    )
  })

  test.each<[unknown, string]>([
    ['text', 'string'],
    [{}, 'Object'],
    [Float32Array.of(1), 'Float32Array'],
    [undefined, 'undefined'],
  ])('arguments without values: %p', (argument, got) => {
    expectError(
      () => call(() => 1, 0, argument),
      ArgumentError,
      'NO_VALUES',
      `${name}: argument 0 is ${got}, with nothing in it to differentiate by; wants a number, a Tensor, or a tree of them; wrap arrays of numbers with tensor(…)`,
    )
  })

  test('nothing that the function throws itself', () => {
    const error = new Error('mine')
    expect(() =>
      call(
        () => {
          throw error
        },
        0,
        1,
      ),
    ).toThrow(error)
  })
})

describe('trees of numbers', () => {
  test.prop([fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 6 })])(
    'are differentiated number by number',
    (numbers) => {
      const f = (xs: Variable[]): Value => xs.map((x): Value => mul(x, x)).reduce((total, x) => add(total, x))
      expect(plain(grad(f)(numbers))).toEqual(plain(numbers.map((x) => 2 * x)))
    },
  )

  test('sin of each', () => {
    expect(grad((p: { a: Variable; b: Variable }) => add(sin(p.a), sin(p.b)))({ a: 0, b: Math.PI })).toEqual({
      a: 1,
      b: -1,
    })
  })
})
