import { fc, test } from '@fast-check/jest'
import type { Value, Variable } from '@tapegrad/autograd'
import {
  ArgumentError,
  DTypeError,
  ShapeError,
  Tape,
  TapeError,
  add,
  argmax,
  differentiable,
  exp,
  grad,
  isValue,
  leavesOf,
  mul,
  square,
  stopGradient,
  sum,
  tensor,
  vjp,
  zeros,
} from '@tapegrad/autograd'
import { program, programInputs, run } from '../support/arbitraries.js'
import { expectError } from '../support/errors.js'
import { plain } from '../support/plain.js'
import { inner, treeOf, wholesLike } from './programs.js'

/** The function of one argument, which it ignores. */
const constantly =
  <R>(result: R): ((x: Variable) => R) =>
  () =>
    result

describe('vjp', () => {
  test.prop([program, programInputs])('with 1 coming in is the gradient', (steps, inputs) => {
    const f = (...xs: Variable[]): Value => run(steps, xs)
    const { value, pullback } = vjp(f, inputs as never)
    expect(plain(value)).toEqual(plain(run(steps, inputs)))
    const one = typeof value === 'number' ? 1 : tensor(Float64Array.of(1), { shape: [] })
    const all = inputs.map((_, k) => k)
    expect(plain(pullback(one))).toEqual(plain(grad(f, all)(...(inputs as never[]))))
  })

  test.prop([program, programInputs, fc.nat(), fc.nat()])(
    'is linear in what comes in, and can be pulled back many times',
    (steps, inputs, seed, otherSeed) => {
      const { value, pullback } = vjp((...xs: Variable[]) => treeOf(steps, xs), inputs as never)
      const [u, v] = [wholesLike(value, seed), wholesLike(value, otherSeed)]
      const both = pullback({
        last: add(mul(2, u.last), v.last),
        before: u.before.map((each, k) => add(mul(2, each), v.before[k])),
      })
      const [ofU, ofV] = [pullback(u), pullback(v)] as Value[][]
      expect(plain(both)).toEqual(plain(ofU.map((each, k): Value => add(mul(2, each), ofV[k]))))
    },
  )

  test.prop([program, programInputs, fc.nat()])(
    'of a tree of results is the sum of what each of them gives',
    (steps, inputs, seed) => {
      const { value, pullback } = vjp((...xs: Variable[]) => treeOf(steps, xs), inputs as never)
      const weights = wholesLike(value, seed)
      const parts = leavesOf(weights)
        .filter(isValue)
        .map((weight, k) =>
          vjp(
            (...xs: Variable[]) => leavesOf(treeOf(steps, xs)).filter(isValue)[k],
            inputs as never,
          ).pullback(weight),
        ) as Value[][]
      const total = inputs.map((_, k) => parts.map((part) => part[k]).reduce((a, b): Value => add(a, b)))
      expect(plain(pullback(weights))).toEqual(plain(total))
    },
  )

  test('takes and gives trees, and leaves what is no value as it was', () => {
    const f = (params: { W: Variable; name: string }, [b]: [Variable]): { y: Variable; note: string } => ({
      y: add(mul(params.W, 3), b),
      note: params.name,
    })
    const { value, pullback } = vjp(f, [{ W: tensor([1, 2]), name: 'net' }, [5]])
    expect(value).toEqual({ y: tensor([8, 11]), note: 'net' })
    expect(pullback({ y: tensor([1, 10]), note: 'net' })).toEqual([{ W: tensor([3, 30]), name: 'net' }, [11]])
  })

  test('matches what comes in by its keys, in whatever order they are', () => {
    const { pullback } = vjp((x: Variable) => ({ a: mul(x, 2), b: mul(x, 3) }), [5])
    expect(pullback({ b: 10, a: 1 })).toEqual([32])
  })

  test('of results that do not depend on the arguments is zeros', () => {
    const { value, pullback } = vjp(constantly([tensor([1, 2]), 7]), [tensor([[3]])])
    expect(value).toEqual([tensor([1, 2]), 7])
    expect(pullback([tensor([1, 1]), 1])).toEqual([zeros([1, 1])])
  })

  test('of results some of which are integers or other variables takes part in the others only', () => {
    const other = new Tape().variable(3)
    const f = (x: Variable): Value[] => [argmax(x), sum(x), other, stopGradient(x)]
    const x = tensor([1, 2])
    const { value, pullback } = vjp(f, [x])
    expect(value[2]).toBe(other)
    expect(pullback([0, 2, 7, tensor([1, 1])] as never)).toEqual([tensor([2, 2])])
  })

  test('of an argument returned as it is gives what comes in', () => {
    const { value, pullback } = vjp((x: Variable) => [x, x], [3])
    expect(value).toEqual([3, 3])
    expect(pullback([2, 5])).toEqual([7])
  })

  test('of nothing gives nothing', () => {
    const { value, pullback } = vjp((x: Variable) => mul(x, 2), [zeros([0, 3])])
    expect(value).toEqual(zeros([0, 3]))
    expect(pullback(zeros([0, 3]))).toEqual([zeros([0, 3])])
  })

  test('walks a tape of many results once', () => {
    let walked = 0
    const counted = differentiable('counted', {
      forward: (x) => exp(x),
      backward: (upstream, { output }) => {
        walked++
        return [mul(upstream, output)]
      },
    })
    const { pullback } = vjp(
      (x: Variable) => {
        const y = counted(x)
        return [y, mul(y, 2), square(y)]
      },
      [0],
    )
    expect(pullback([1, 1, 1])).toEqual([5])
    expect(walked).toBe(1)
  })

  test('inside a tape is recorded by it, the pullback too', () => {
    const slope = (x: Variable, u: Variable): Value =>
      (vjp((y: Variable) => mul(mul(y, y), y), [x]).pullback as (u: Value) => Value[])(u)[0]
    expect(slope(2 as never, 5 as never)).toBe(60)
    expect(grad(slope, [0, 1])(2, 5)).toEqual([60, 12])
    expect(grad(grad(slope))(2, 5)).toBe(30)
  })

  test.prop([program, programInputs, fc.nat(), fc.nat()])(
    'pulled back along variables of an outer tape is differentiated by them',
    (steps, inputs, seed, otherSeed) => {
      // u ↦ ⟨v, uᵀ J⟩ is linear: its gradient by u is J v, and its value ⟨u, J v⟩.
      const f = (...xs: Variable[]): Value[] => leavesOf(treeOf(steps, xs)).filter(isValue)
      const { value, pullback } = vjp(f, inputs as never)
      const u = wholesLike(value, seed)
      const v = wholesLike(inputs, otherSeed)
      const along = (upstream: readonly Value[]): Value =>
        (pullback(upstream as never) as Value[])
          .map((derivative, k): Value => sum(mul(derivative, v[k])))
          .reduce((total, term) => add(total, term))
      const gradient = grad(along as (u: Variable[]) => Value)(u as never)
      expect(inner(gradient, u)).toBe(inner(pullback(u as never), v))
    },
  )
})

describe('vjp refuses', () => {
  test('a function without values in its result', () => {
    for (const [result, got] of [
      [undefined, 'undefined'],
      [['text'], 'plain array'],
      [{}, 'Object'],
    ] as const)
      expectError(
        () => vjp(constantly(result), [1]),
        ArgumentError,
        'RESULT',
        `vjp: the function returned ${got}; wants a value or a tree of values`,
      )
  })

  test('a Promise', () => {
    expectError(
      () => vjp((x: Variable) => Promise.resolve(x), [1]),
      ArgumentError,
      'PROMISE',
      'vjp: the function returned a Promise; wants an ordinary function: await what it needs before, and pass it in',
    )
  })

  test('primals of integers or without values', () => {
    expectError(
      () => vjp((x: Variable, y: Variable) => add(x, y), [1, tensor([1], { dtype: 'int32' })]),
      DTypeError,
      'INTEGER_GRADIENT',
      "vjp: argument 1 is Tensor int32 [1]; only floats have derivatives: cast to 'float32' or 'float64', or leave it out of argnums",
    )
    expectError(
      () => vjp((x: Variable) => x, ['text' as never]),
      ArgumentError,
      'NO_VALUES',
      'vjp: argument 0 is string, with nothing in it to differentiate by; wants a number, a Tensor, or a tree of them; wrap arrays of numbers with tensor(…)',
    )
  })

  test('another structure coming in than that of the results', () => {
    const { pullback } = vjp((x: Variable) => ({ a: x, b: [x] }), [1])
    expectError(
      () => pullback({ a: 1, b: [] } as never),
      ArgumentError,
      'STRUCTURE',
      'pullback: got 1 upstream derivatives for 2 results; wants the structure of the results',
    )
    expectError(
      () => pullback({ a: 1, c: [1] } as never),
      ArgumentError,
      'STRUCTURE',
      'pullback: in the place of the value b.0 of the results the upstream derivatives have undefined; wants the structure of the results',
    )
    expectError(
      () => pullback([1, [1]] as never),
      ArgumentError,
      'STRUCTURE',
      'pullback: in the place of the value a of the results the upstream derivatives have undefined; wants the structure of the results',
    )
  })

  test('a derivative coming in of another shape or of integers', () => {
    const { pullback } = vjp((x: Variable) => mul(x, 2), [tensor([1, 2])])
    expectError(
      () => pullback(tensor([1])),
      ShapeError,
      'UPSTREAM_SHAPE',
      'pullback: upstream is float32 [1], the target float32 [2]; wants the same shape',
    )
    expectError(
      () => pullback(tensor([1, 2], { dtype: 'int32' })),
      DTypeError,
      'INTEGER_GRADIENT',
      "pullback: upstream is Tensor int32 [2]; only floats have derivatives: cast to 'float32' or 'float64' first",
    )
  })

  test('variables that outlive the function', () => {
    let kept: Variable | undefined
    vjp((x: Variable) => (kept = mul(x, 2)), [3])
    expect(kept?.item()).toBe(6)
    expectError(() => mul(kept!, 2), TapeError, 'TAPE_CLOSED', /^mul: the tape is closed/)
  })
})
