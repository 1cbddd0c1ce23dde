import { fc, test } from '@fast-check/jest'
import type { Tensor, Value, Variable } from '@tapegrad/autograd'
import {
  ArgumentError,
  Tape,
  TapeError,
  add,
  argmax,
  cast,
  checkpoint,
  concreteOf,
  differentiable,
  exp,
  grad,
  greater,
  hessian,
  jvp,
  matmul,
  mul,
  sin,
  square,
  stopGradient,
  sub,
  sum,
  take,
  tanh,
  tensor,
  topK,
  vjp,
  where,
  zeros,
} from '@tapegrad/autograd'
import type { Program } from '../support/arbitraries.js'
import { program, programInputs, run } from '../support/arbitraries.js'
import { expectError } from '../support/errors.js'
import { plain } from '../support/plain.js'
import { collectGarbage, expectClose, floats, numberOf, treeOf, wholesLike } from './programs.js'

const all = [0, 1, 2, 3] as const

/** A program, and the same cut in three, each part checkpointed and given the results of those before it. */
function cut(steps: Program): (...xs: Value[]) => Value {
  const third = Math.ceil(steps.length / 3)
  const parts = [0, 1, 2]
    .map((k) => steps.slice(k * third, (k + 1) * third))
    .filter((part) => part.length > 0)
    .map((part) => checkpoint((...xs: Value[]) => run(part, xs)))
  return (...xs) => parts.reduce((values, part) => [...values, part(...values)], xs).at(-1)!
}

/** The same program without checkpoints. */
function uncut(steps: Program): (...xs: Value[]) => Value {
  const third = Math.ceil(steps.length / 3)
  const parts = [0, 1, 2]
    .map((k) => steps.slice(k * third, (k + 1) * third))
    .filter((part) => part.length > 0)
  return (...xs) => parts.reduce((values, part) => [...values, run(part, values)], xs).at(-1)!
}

type OfVariables = (...xs: Variable[]) => Value

describe('checkpoint', () => {
  test.prop([program, programInputs, fc.nat()])(
    'changes no value and no derivative, of first and second order, in reverse and forward',
    (steps, inputs, seed) => {
      const [f, g] = [uncut(steps), cut(steps)]
      const v = wholesLike(inputs, seed)
      expect(plain(g(...inputs))).toEqual(plain(f(...inputs)))
      const [ofF, ofG] = [f, g].map((h) => plain(grad(h as OfVariables, all)(...(inputs as never[]))))
      expect(ofG).toEqual(ofF)
      const [pushedF, pushedG] = [f, g].map((h) => plain(jvp(h as OfVariables, inputs as never, v)))
      expect(pushedG).toEqual(pushedF)
      const along =
        (h: (...xs: Value[]) => Value) =>
        (...xs: Value[]): Value =>
          (grad(h as OfVariables, all)(...(xs as never[])) as Value[])
            .map((derivative, k): Value => sum(mul(derivative, v[k])))
            .reduce((total, term) => add(total, term))
      const [second, secondOfG] = [f, g].map((h) =>
        plain(grad(along(h) as OfVariables, all)(...(inputs as never[]))),
      )
      expect(secondOfG).toEqual(second)
    },
  )

  test.prop([program, programInputs, fc.nat()])(
    'gives trees, all results of which have derivatives',
    (steps, inputs, seed) => {
      const f = (...xs: Value[]): ReturnType<typeof treeOf> => treeOf(steps, xs)
      const [plainly, forgetting] = [f, checkpoint(f)].map((h) => {
        const { value, pullback } = vjp(
          h as (...xs: Variable[]) => ReturnType<typeof treeOf>,
          inputs as never,
        )
        return plain([value, pullback(wholesLike(value, seed) as never)])
      })
      expect(forgetting).toEqual(plainly)
    },
  )

  test.prop([floats([3]), floats([3, 3], -1, 1)])('has the Hessian of its function', (x, W) => {
    const f = (y: Variable): Variable => sum(square(tanh(matmul(W, tanh(y)))))
    expectClose(hessian(checkpoint(f))(x), hessian(f)(x))
  })

  test('takes trees, and leaves what is no value as it was', () => {
    const layer = checkpoint((p: { W: Variable; name: string }, [x]: [Variable], scale: number) => ({
      y: mul(mul(p.W, x), scale),
      note: p.name,
    }))
    const f = (W: Variable, x: Variable): Value => {
      const { y, note } = layer({ W, name: 'layer' }, [x], 10)
      expect(note).toBe('layer')
      return sum(y)
    }
    expect(grad(f, [0, 1])(tensor([1, 2]), 3)).toEqual([tensor([30, 30]), 30])
  })

  test('differentiates the variables that its function captures, of one tape or of several', () => {
    const f = (w: Variable): Value => {
      const layer = checkpoint((x: Variable) => mul(mul(x, w), mul(x, w)))
      return layer(mul(w, 2))
    }
    // (2w · w)² = 4 w⁴.
    expect(grad(f)(3)).toBe(16 * 27)
    expect(grad(grad(f))(3)).toBe(48 * 9)
    const inner = (w: Variable): Value =>
      grad((x: Variable) => checkpoint((y: Variable) => mul(mul(y, y), w))(x))(5)
    expect(grad(inner)(3)).toBe(10)
    expect(jvp(inner, [3], [7]).tangent).toBe(70)
  })

  test('nests', () => {
    const power = (n: number): ((x: Variable) => Variable) =>
      n === 0 ? (x) => x : checkpoint((x: Variable) => mul(x, power(n - 1)(x)))
    expect(power(5)(2 as never)).toBe(64)
    expect(grad(power(5))(2)).toBe(6 * 32)
    expect(grad(grad(power(5)))(2)).toBe(30 * 16)
    expect(grad(grad(grad(power(5))))(2)).toBe(120 * 8)
    expect(jvp(grad(power(5)) as unknown as (x: Variable) => Value, [2], [1]).tangent).toBe(30 * 16)
  })

  test('gives integers among its results, and pick by them', () => {
    const sorted = checkpoint((x: Variable) => topK(x, 2))
    const f = (x: Variable): Value => {
      const { values, indices } = sorted(mul(x, 2))
      expect(indices.dtype).toBe('int32')
      expect(indices.toArray()).toEqual([2, 0])
      return sum(mul(values, take(x, indices)))
    }
    expect(grad(f)(tensor([2, 1, 3]))).toEqual(tensor([8, 0, 12]))
    const x = tensor([2, 1, 3])
    expect(
      jvp(
        checkpoint((y: Variable) => [argmax(y), sum(y)]),
        [x],
        [x],
      ).tangent,
    ).toEqual([zeros([], { dtype: 'int32' }), tensor(6)])
  })

  test('keeps kinds and dtypes, one result or several', () => {
    const f = (x: Variable): Value[] => [
      x,
      mul(x, 2),
      cast(x, 'float64'),
      cast(x, 'uint8'),
      greater(x, 1),
      sum(x),
    ]
    for (const x of [3, tensor(3), tensor([1, 2]), zeros([0, 2])]) {
      const tape = new Tape()
      expect(plain(checkpoint(f)(tape.variable(x)))).toEqual(plain(f(tape.variable(x))))
      expect(plain(checkpoint(square)(tape.variable(x)))).toEqual(plain(square(x)))
    }
  })

  test('follows branches, loops and recursion, and replays the way taken', () => {
    const f = (x: Variable): Variable => {
      let y = x
      while (y.item() < 100) y = y.item() > 10 ? mul(y, x) : mul(y, y)
      return y
    }
    // 3 → 9 → 81 → 243 = 3⁵.
    expect(grad(checkpoint(f))(3)).toBe(5 * 81)
    const recursive = (x: Variable, n: number): Variable => (n === 0 ? x : sin(recursive(x, n - 1)))
    expect(grad(checkpoint(recursive))(1, 20)).toBe(grad(recursive)(1, 20))
  })

  test('lets nothing through stopGradient', () => {
    const f = checkpoint((x: Variable) => mul(stopGradient(mul(x, x)), x))
    expect(grad(f)(3)).toBe(9)
    expect(jvp(f, [3], [1]).tangent).toBe(9)
    expect(vjp(f, [3]).pullback(1)).toEqual([9])
    expect(grad(grad(f))(3)).toBe(0)
    expect(hessian(f)(3)).toBe(0)
  })

  test('is one entry with its inputs, and one more for each of several results', () => {
    const tape = new Tape()
    const [x, y] = [tape.variable(2), tape.variable(tensor([1, 2]))]
    checkpoint((a: Variable, b: Variable) => sum(mul(exp(sin(a)), b)))(x, y)
    expect(tape.entries.map(({ operation, inputs }) => [operation, inputs])).toEqual([
      ['variable', []],
      ['variable', []],
      ['checkpoint', [0, 1]],
    ])
    checkpoint((a: Variable, b: Variable) => [sin(a), mul(a, b)])(x, y)
    expect(tape.entries.slice(3).map(({ operation, inputs }) => [operation, inputs])).toEqual([
      ['checkpoint', [0, 1]],
      ['element', [3]],
      ['element', [3]],
    ])
  })

  test('without variables to watch is the function itself', () => {
    const f = checkpoint((x: Variable) => mul(x, 2))
    expect(f(3 as never)).toBe(6)
    const w = new Tape().variable(5)
    const ofCaptured = checkpoint((x: Value) => mul(x, w))(3)
    expect(ofCaptured.item()).toBe(15)
    const kept = new Tape().variable(1)
    expect(checkpoint<[Variable], object>(() => ({ w, three: 3 }))(kept)).toEqual({ w, three: 3 })
  })

  test('runs its function once, and its operations once more only in the reverse walk', () => {
    const forward = jest.fn((x: Value) => exp(x))
    const counted = differentiable('counted', {
      forward: (x: Value) => forward(x),
      backward: (upstream, { output }) => [mul(upstream, output)],
    })
    const body = jest.fn((x: Variable) => mul(counted(x), 2))
    const tape = new Tape()
    const x = tape.variable(0)
    const y = checkpoint(body)(x)
    const z = mul(y, y)
    expect([body.mock.calls.length, forward.mock.calls.length]).toEqual([1, 1])
    expect(tape.gradient(z, y)).toBe(4)
    expect([body.mock.calls.length, forward.mock.calls.length]).toEqual([1, 1])
    expect(tape.gradient(z, x)).toBe(8)
    expect([body.mock.calls.length, forward.mock.calls.length]).toEqual([1, 2])
    tape.gradient(z, x)
    expect([body.mock.calls.length, forward.mock.calls.length]).toEqual([1, 3])
  })

  test('replays only for inputs whose derivative is wanted', () => {
    const seen: string[] = []
    const watched = differentiable('watched', {
      forward: (x: Value) => x,
      backward: (upstream) => {
        seen.push('x')
        return [upstream]
      },
    })
    const layer = checkpoint((x: Variable, w: Variable) => mul(watched(x), w))
    const tape = new Tape()
    const [x, w] = [tape.variable(2), tape.variable(3)]
    expect(tape.gradient(layer(x, w), w)).toBe(2)
    expect(seen).toEqual([])
  })

  test('forgets the values in between, and no result', async () => {
    const between: WeakRef<Tensor>[] = []
    const layer = checkpoint((x: Variable) => {
      const a = exp(x)
      const b = mul(a, a)
      for (const y of [a, b]) between.push(new WeakRef(concreteOf(y) as Tensor))
      return { total: sum(b), same: add(b, 0) }
    })
    const tape = new Tape()
    const x = tape.variable(zeros([1000]))
    const totals = Array.from({ length: 10 }, () => layer(x).total)
    await collectGarbage()
    // The engine may hold on to what its last call has left behind.
    expect(between.filter((reference) => reference.deref() !== undefined).length).toBeLessThanOrEqual(2)
    for (const total of totals) {
      expect(total.item()).toBe(1000)
      expect((tape.gradient(total, x) as Tensor).data[999]).toBe(2)
    }
  })

  test('holds nothing of a chain of many, before the reverse walk and after it', async () => {
    const replayed: WeakRef<Tensor>[] = []
    const alive = async (): Promise<number> => {
      await collectGarbage()
      return replayed.filter((reference) => reference.deref() !== undefined).length
    }
    const tracked = differentiable('tracked', {
      forward: (x: Value) => {
        const y = mul(x, 0.5)
        replayed.push(new WeakRef(y as Tensor))
        return y
      },
      backward: (upstream) => [mul(upstream, 0.5)],
    })
    const layer = checkpoint((x: Variable) => tanh(tracked(tracked(x))))
    const tape = new Tape()
    let y: Variable = tape.variable(tensor([1, 2]))
    const x = y
    for (let k = 0; k < 20; k++) y = layer(y)
    expect(await alive()).toBe(0)
    expect(replayed).toHaveLength(40)
    tape.gradient(sum(y), x)
    expect(replayed).toHaveLength(80)
    // The engine may hold on to what its last call has left behind: one segment's worth.
    expect(await alive()).toBeLessThanOrEqual(2)
  })
})

describe('checkpoint refuses', () => {
  test('to let variables out but by its result', () => {
    let kept: Variable | undefined
    const f = checkpoint((x: Variable) => {
      kept = mul(x, 2)
      return add(kept, 1)
    })
    const x = new Tape().variable(3)
    expect(numberOf(f(x))).toBe(7)
    const message =
      'a variable was read after the checkpointed function that made it had returned; return what you need from it'
    for (const read of [
      () => kept!.value,
      () => kept!.item(),
      () => kept!.shape,
      () => String(kept),
      () => kept!.tape.entries[0],
    ])
      expectError(read, TapeError, 'FORGOTTEN', message)
    expectError(() => mul(kept!, 2), TapeError, 'TAPE_CLOSED', /^mul: the tape is closed/)
  })

  test('a function that returns a Promise', () => {
    expectError(
      () => checkpoint((x: Variable) => Promise.resolve(x))(new Tape().variable(1)),
      ArgumentError,
      'PROMISE',
      'checkpoint: the function returned a Promise; wants an ordinary function: await what it needs before, and pass it in',
    )
  })

  test('nothing that its function throws itself', () => {
    const error = new Error('mine')
    const f = checkpoint<[Variable], Variable>(() => {
      throw error
    })
    expect(() => f(new Tape().variable(1))).toThrow(error)
  })
})

test('stopGradient stops every transform at every order', () => {
  const f = (x: Variable): Variable => mul(stopGradient(mul(x, x)), mul(x, x))
  expect(grad(f)(3)).toBe(54)
  expect(jvp(f, [3], [1])).toEqual({ value: 81, tangent: 54 })
  expect(vjp(f, [3]).pullback(2)).toEqual([108])
  // The first derivative, 2 x · stop(x²), stops there too.
  expect(grad(grad(f))(3)).toBe(18)
  expect(hessian(f)(3)).toBe(18)
  expect(jvp(grad(f) as unknown as (x: Variable) => Value, [3], [1]).tangent).toBe(18)
  const straightThrough = (x: Variable): Variable => add(x, stopGradient(sub(where(greater(x, 0), 1, 0), x)))
  expect(straightThrough(0.3 as never)).toBe(1)
  expect(grad(straightThrough)(0.3)).toBe(1)
})
