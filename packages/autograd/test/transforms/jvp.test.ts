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
  greater,
  jvp,
  mul,
  sin,
  stopGradient,
  sum,
  tensor,
  vjp,
  where,
  zeros,
} from '@tapegrad/autograd'
import { program, programInputs, run } from '../support/arbitraries.js'
import { expectError } from '../support/errors.js'
import { plain } from '../support/plain.js'
import { collectGarbage, inner, numberOf, treeOf, wholesLike } from './programs.js'

describe('jvp', () => {
  test.prop([program, programInputs, fc.nat(), fc.nat()])(
    'is the adjoint of vjp: ⟨w, J v⟩ = ⟨Jᵀ w, v⟩',
    (steps, inputs, seed, otherSeed) => {
      const f = (...xs: Variable[]): ReturnType<typeof treeOf> => treeOf(steps, xs)
      const v = wholesLike(inputs, seed)
      const { value, tangent } = jvp(f, inputs as never, v)
      const w = wholesLike(value, otherSeed)
      const pulled = vjp(f, inputs as never).pullback(w as never)
      expect(inner(w, tangent)).toBe(inner(pulled, v))
      expect(plain(value)).toEqual(plain(treeOf(steps, inputs)))
    },
  )

  test.prop([program, programInputs, fc.nat(), fc.nat()])(
    'is linear in the tangents',
    (steps, inputs, seed, otherSeed) => {
      const push = (v: readonly Value[]): Value =>
        jvp((...xs: Variable[]) => run(steps, xs), inputs as never, v).tangent as Value
      const [v, w] = [wholesLike(inputs, seed), wholesLike(inputs, otherSeed)]
      const both = v.map((each, k): Value => add(mul(2, each), w[k]))
      expect(numberOf(push(both)) + 0).toBe(2 * numberOf(push(v)) + numberOf(push(w)) + 0)
    },
  )

  test('takes and gives trees, and leaves what is no value as it was', () => {
    const f = (params: { W: Variable; name: string }, [b]: [Variable]): { y: Variable; note: string } => ({
      y: add(mul(params.W, 3), b),
      note: params.name,
    })
    expect(jvp(f, [{ W: tensor([1, 2]), name: 'net' }, [5]], [{ W: tensor([1, 10]) }, [100]])).toEqual({
      value: { y: tensor([8, 11]), note: 'net' },
      tangent: { y: tensor([103, 130]), note: 'net' },
    })
  })

  test('matches tangents to primals by their keys, in whatever order they are', () => {
    const f = ({ a, b }: { a: Variable; b: Variable }): Variable => add(mul(a, 2), mul(b, 3))
    expect(jvp(f, [{ a: 0, b: 0 }], [{ b: 10, a: 1 }]).tangent).toBe(32)
  })

  test('gives tangents the kind and dtype of their primals', () => {
    const { tangent } = jvp((x: Variable) => mul(x, x), [tensor([3])], [tensor(Float64Array.of(0.5))])
    expect(tangent).toEqual(tensor([3]))
    expect(jvp((x: Variable) => x, [3], [tensor(5)]).tangent).toBe(5)
    expect(jvp((x: Variable) => x, [tensor(3)], [5]).tangent).toEqual(tensor(5))
  })

  test('of results that do not depend on the arguments is zeros', () => {
    const other = new Tape().variable(3)
    const f = (x: Variable): Value[] => [tensor([1, 2]), 7, argmax(x), stopGradient(x), greater(x, 0), other]
    const { tangent } = jvp(f, [tensor([1])], [tensor([5])])
    expect(tangent).toEqual([
      zeros([2]),
      0,
      zeros([], { dtype: 'int32' }),
      zeros([1]),
      zeros([1], { dtype: 'bool' }),
      0,
    ])
  })

  test('of nothing gives nothing', () => {
    const nothing = zeros([2, 0])
    expect(jvp((x: Variable) => [mul(x, 2), sum(x)], [nothing], [nothing])).toEqual({
      value: [nothing, tensor(0)],
      tangent: [nothing, tensor(0)],
    })
  })

  test('follows branches, loops, recursion and values of the data', () => {
    const collatz = (x: Variable): Variable => {
      let y = x
      for (let k = 0; k < 6; k++) y = y.item() % 2 === 0 ? mul(y, 0.5) : add(mul(y, 3), 1)
      return y
    }
    // 6 → 3 → 10 → 5 → 16 → 8 → 4: halved four times, tripled twice.
    expect(jvp(collatz, [6], [16])).toEqual({ value: 4, tangent: 9 })
    const power = (x: Variable, n: number): Value => (n === 0 ? 1 : mul(x, power(x, n - 1)))
    expect(jvp((x: Variable) => power(x, 5), [2], [1]).tangent).toBe(80)
    const picked = (x: Variable): Variable => sum(where(greater(x, 0), mul(x, x), x))
    expect(jvp(picked, [tensor([3, -3])], [tensor([1, 1])]).tangent).toEqual(tensor(7))
  })

  test('keeps nothing of what it has passed, however long the program', async () => {
    const length = 200_000
    const passed: WeakRef<Variable>[] = []
    let last: Variable | undefined
    const chain = (x: Variable): Variable => {
      let y = x
      for (let k = 0; k < length; k++) {
        y = sin(y)
        if (k % 1000 === 0) passed.push(new WeakRef(y))
      }
      last = y
      return y
    }
    const { value, tangent } = jvp(chain, [1], [1])
    // Iterated n times from anywhere, the sine goes as √(3/n).
    expect(value).toBeCloseTo(Math.sqrt(3 / length), 4)
    expect(tangent).toBeGreaterThan(0)
    await collectGarbage()
    // The engine may hold on to what its last call has left behind.
    const held = passed.filter((reference) => reference.deref() !== undefined).length
    expect(held).toBeLessThan(3)
    expect(last?.item()).toBe(value)
  })
})

describe('jvp refuses', () => {
  const double = (x: Variable): Variable => mul(x, 2)

  test('tangents of another structure than the primals', () => {
    expectError(
      () => jvp(double, [1], []),
      ArgumentError,
      'STRUCTURE',
      'jvp: got 0 tangents for 1 primals; wants the structure of the primals',
    )
    expectError(
      () => jvp(({ a }: { a: Variable }) => a, [{ a: 1 }], [{ b: 1 }]),
      ArgumentError,
      'STRUCTURE',
      'jvp: in the place of the value 0.a of the primals the tangents have undefined; wants the structure of the primals',
    )
    expectError(
      () => jvp(double, [1], [[1]]),
      ArgumentError,
      'STRUCTURE',
      'jvp: in the place of the value 0 of the primals the tangents have plain array; wants the structure of the primals',
    )
  })

  test('tangents of another shape, and of integers', () => {
    const x = tensor([1, 2])
    for (const [tangent, got] of [
      [tensor([1]), 'Tensor float32 [1]'],
      [3, 'number 3'],
      [tensor([1, 2], { dtype: 'int32' }), 'Tensor int32 [2]'],
    ] as const)
      expectError(
        () => jvp(double, [x], [tangent]),
        ShapeError,
        'TANGENT_SHAPE',
        `jvp: tangents[0] is ${got}, the primal Tensor float32 [2]; wants floats of the same shape`,
      )
  })

  test('primals of integers or without values', () => {
    expectError(
      () =>
        jvp(
          (x: Variable, y: Variable) => add(x, y),
          [1, { y: tensor([1], { dtype: 'int32' }) }] as never,
          [1, 1],
        ),
      DTypeError,
      'INTEGER_GRADIENT',
      "jvp: argument 1 (y) is Tensor int32 [1]; only floats have derivatives: cast to 'float32' or 'float64', or leave it out of argnums",
    )
    expectError(
      () => jvp(double, [[] as never], []),
      ArgumentError,
      'NO_VALUES',
      'jvp: argument 0 is plain array, with nothing in it to differentiate by; wants a number, a Tensor, or a tree of them; wrap arrays of numbers with tensor(…)',
    )
  })

  test('a Promise', () => {
    expectError(
      () => jvp((x: Variable) => Promise.resolve(x), [1], [1]),
      ArgumentError,
      'PROMISE',
      'jvp: the function returned a Promise; wants an ordinary function: await what it needs before, and pass it in',
    )
  })

  test('to say where on a tape its variables are', () => {
    for (const property of ['tape', 'index'] as const)
      expectError(
        () => jvp((x: Variable) => [x, (x[property], 1)], [1], [1]),
        TapeError,
        'NO_TAPE',
        `${property}: a variable of forward mode (jvp) is on no tape; use grad or vjp to record one`,
      )
  })
})
