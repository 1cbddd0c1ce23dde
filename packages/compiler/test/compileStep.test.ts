import type { Tensor, Value, Variable } from '@tapegrad/autograd'
import {
  add,
  cast,
  div,
  exp,
  grad,
  greater,
  log,
  matmul,
  mean,
  mul,
  oneHot,
  relu,
  sqrt,
  square,
  sub,
  sum,
  take,
  Tape,
  TapegradError,
  tensor,
  zeros,
} from '@tapegrad/autograd'
import { test as property } from '@fast-check/jest'
import { compileStep } from '../src/compileStep.js'
import { contentsOf, randomStep } from './support/randomStep.js'

const alone = { threads: 1 }

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof TapegradError) return error.code
    throw error
  }
  return 'no error'
}

describe('a compiled step', () => {
  property.prop([randomStep()], { numRuns: 200 })(
    'does what the eager loop does, whatever becomes of the state',
    ({ initial, inputs, step }) => {
      const program = compileStep(step, initial, alone)
      let state: readonly Value[] = initial
      for (let run = 0; run < 4; run++) {
        const eager = step(state, ...inputs(run))
        state = eager.state
        expect(contentsOf(program.step(...inputs(run)))).toEqual(contentsOf(eager.outputs))
        expect(contentsOf(program.state)).toEqual(contentsOf(state))
      }
    },
  )
})

describe('the state', () => {
  test('survives between steps of different signatures', () => {
    const step = (w: Tensor, x: Tensor): { state: Value; outputs: Value } => {
      const gradient = grad((v: Variable) => mean(square(matmul(x, v))))(w as unknown as Variable)
      return { state: sub(w, mul(gradient, 0.1)), outputs: mean(square(matmul(x, w))) }
    }
    const batches = [8, 8, 3, 8, 1, 3].map((rows, k) =>
      tensor(
        Array.from({ length: rows * 4 }, (_, i) => Math.sin(i + k)),
        { shape: [rows, 4], dtype: 'float64' },
      ),
    )
    let w = tensor([1, -2, 3, 0.5], { shape: [4, 1], dtype: 'float64' })
    const program = compileStep(step, w, alone)
    for (const batch of batches) {
      const eager = step(w, batch)
      expect((program.step(batch) as Tensor).item()).toBeCloseTo((eager.outputs as Tensor).item(), 12)
      w = eager.state as Tensor
      program.state.data.forEach((element, k) => {
        expect(element).toBeCloseTo(w.data[k], 12)
      })
    }
    expect(program.explain().match(/^program:$/gm)).toHaveLength(3)
  })

  test('may be a tree of numbers, tensors of any dtype and other leaves', () => {
    const initial = {
      params: { W: tensor([1, 2]), b: 0.5 },
      counts: [tensor([1, 2], { dtype: 'int32' }), tensor([1, 0], { dtype: 'bool' })],
      bytes: tensor([250, 255], { dtype: 'uint8' }),
      name: 'net',
    }
    const step = ({ params, counts, bytes, name }: typeof initial): { state: unknown; outputs: unknown } => ({
      state: {
        params: { W: mul(params.W, params.b), b: mul(params.b, 2) },
        counts: [add(counts[0], tensor(1, { shape: [], dtype: 'int32' })), greater(params.W, 1.5)],
        bytes: add(bytes, tensor([3, 3], { dtype: 'uint8' })),
        name,
      },
      outputs: [{ name, sum: sum(params.W) }, null],
    })
    const program = compileStep(step, initial, alone)
    expect(program.explain()).toContain('nothing is compiled yet')
    let state = initial
    for (let k = 0; k < 3; k++) {
      const eager = step(state)
      state = eager.state as typeof initial
      expect(contentsOf(program.step())).toEqual(contentsOf(eager.outputs))
      expect(contentsOf(program.state)).toEqual(contentsOf(state))
    }
    expect(program.state.params.b).toBe(4)
  })

  test('may be empty, and a single value', () => {
    const without = compileStep((_: object, x: number) => ({ state: {}, outputs: mul(x, 2) }), {}, alone)
    expect([without.step(3), without.step(4)]).toEqual([6, 8])
    expect(without.state).toEqual({})
    const counter = compileStep((count: number) => ({ state: add(count, 1), outputs: count }), 0, alone)
    expect([counter.step(), counter.step(), counter.step()]).toEqual([0, 1, 2])
    expect(counter.state).toBe(3)
  })

  test('is given out as a copy, which later steps leave alone', () => {
    const program = compileStep(
      (x: Tensor) => ({ state: mul(x, 2), outputs: mul(x, 2) }),
      tensor([1, 2]),
      alone,
    )
    const output = program.step() as unknown as Tensor
    const before = program.state
    program.step()
    expect([...before.data, ...output.data]).toEqual([2, 4, 2, 4])
    expect([...program.state.data]).toEqual([4, 8])
  })

  test('leaves the values it began with alone', () => {
    const initial = tensor([1, 2])
    const program = compileStep((x: Tensor) => ({ state: mul(x, 2), outputs: [] }), initial, alone)
    program.step()
    expect([...initial.data]).toEqual([1, 2])
  })

  test('of an optimizer with momentum and moments follows the eager loop', () => {
    type State = { w: Tensor; momentum: Tensor; second: Tensor; steps: number }
    const step = ({ w, momentum, second, steps }: State, x: Tensor): { state: unknown; outputs: Value } => {
      const gradient = grad((v: Variable) => sum(square(relu(sub(matmul(x, v), 1)))))(
        w as unknown as Variable,
      )
      const next = add(steps, 1)
      const m = add(mul(momentum, 0.9), mul(gradient, 0.1))
      const s = add(mul(second, 0.99), mul(square(gradient), 0.01))
      const corrected = div(s, sub(1, exp(mul(next, log(0.99)))))
      const update = div(m, add(sqrt(corrected), 1e-8))
      return {
        state: { w: sub(w, mul(update, 0.05)), momentum: m, second: s, steps: next },
        outputs: sum(gradient),
      }
    }
    const w = tensor(
      Array.from({ length: 15 }, (_, k) => Math.cos(k)),
      { shape: [5, 3], dtype: 'float64' },
    )
    const zero = zeros([5, 3], { dtype: 'float64' })
    let state: State = { w, momentum: zero, second: zero, steps: 0 }
    const program = compileStep(step, state, alone)
    for (let k = 0; k < 30; k++) {
      const x = tensor(
        Array.from({ length: 35 }, (_, i) => Math.sin(i * (k + 1))),
        { shape: [7, 5], dtype: 'float64' },
      )
      program.step(x)
      state = step(state, x).state as State
    }
    expect(program.state.steps).toBe(30)
    for (const key of ['w', 'momentum', 'second'] as const)
      program.state[key].data.forEach((element, k) => {
        expect(element).toBeCloseTo(state[key].data[k], 10)
      })
  })
})

describe('captured tensors', () => {
  test('are copied into memory once, whatever the signatures', () => {
    const data = tensor(new Float32Array(200_000).map((_, k) => k))
    const program = compileStep(
      (total: Tensor, numbers: Tensor) => ({
        state: add(total, sum(take(data, numbers))),
        outputs: sum(data),
      }),
      tensor(0, { shape: [] }),
      alone,
    )
    const numbers = (...list: number[]): Tensor => tensor(list, { dtype: 'int32' })
    program.step(numbers(1, 2))
    const bytes = (): number[] =>
      [...program.explain().matchAll(/^(\d+) bytes at most/gm)].map(([, size]) => Number(size))
    program.step(numbers(3))
    program.step(numbers(3, 4, 5))
    const [first, ...others] = bytes()
    expect(first).toBeGreaterThan(800_000)
    expect(Math.max(...others)).toBeLessThan(20_000)
    expect(program.state.item()).toBe(18)
  })
})

describe('indices out of bounds', () => {
  const images = tensor(
    Array.from({ length: 12 }, (_, k) => k),
    { shape: [4, 3] },
  )
  const labels = tensor([0, 1, 2, 7], { dtype: 'uint8' })
  const int32 = (...list: number[]): Tensor => tensor(list, { dtype: 'int32' })

  function trained(): { step: (numbers: Tensor) => unknown; state: () => number[] } {
    const program = compileStep(
      (w: Tensor, numbers: Tensor) => {
        const rows = take(images, numbers)
        const targets = oneHot(take(labels, numbers), 3)
        return { state: add(w, sum(mul(rows, targets), { axis: 0 })), outputs: sum(rows) }
      },
      tensor([0, 0, 0]),
      alone,
    )
    return { step: (numbers) => program.step(numbers), state: () => [...program.state.data] }
  }

  test('are an error before the state changes: row numbers, from either end', () => {
    const { step, state } = trained()
    step(int32(0, -2))
    const before = state()
    expect(() => step(int32(0, 4))).toThrow(
      'take: index 4 is out of bounds for an axis of size 4; wants -4 to 3',
    )
    expect(() => step(int32(-5, 0))).toThrow('take: index -5')
    expect(state()).toEqual(before)
    step(int32(1, 2))
    expect(state()).not.toEqual(before)
  })

  test('are an error before the state changes: labels that a row number picks', () => {
    const { step, state } = trained()
    step(int32(1, 2))
    const before = state()
    expect(() => step(int32(0, 3))).toThrow('oneHot: index 7 is out of bounds for a depth of 3; wants 0 to 2')
    expect(state()).toEqual(before)
  })

  test('that only the run finds out are an error of the run, and the next one works', () => {
    const program = compileStep(
      (at: number, x: Tensor) => ({ state: add(at, 1) as number, outputs: take(x, at) }),
      0,
      alone,
    )
    const x = tensor([5, 6])
    expect([program.step(x), program.step(x)].map((y) => (y as unknown as Tensor).item())).toEqual([5, 6])
    expect(codeOf(() => program.step(x))).toBe('INDEX_OUT_OF_BOUNDS')
    expect((program.step(tensor([1, 2, 3, 4])) as unknown as Tensor).item()).toBe(4)
  })
})

describe('what is refused', () => {
  const from = (state: unknown, initial: unknown = tensor([1, 2])): string =>
    codeOf(() => compileStep(() => ({ state, outputs: 0 }), initial, alone).step())

  test.each([
    ['another shape', tensor([1, 2, 3])],
    ['another dtype', tensor([1, 2], { dtype: 'float64' })],
    ['a number for a tensor', 1],
    ['another structure', { a: tensor([1, 2]) }],
    ['an array of it', [tensor([1, 2])]],
    ['nothing', undefined],
  ] as [string, unknown][])('a new state that is %s', (_name, state) => {
    expect(from(state)).toBe('STEP_STATE')
  })

  test('a new state with other keys, in another order, or with another setting', () => {
    expect(from({ a: 1, c: 2 }, { a: 1, b: 2 })).toBe('STEP_STATE')
    expect(from({ b: 2, a: 1 }, { a: 1, b: 2 })).toBe('STEP_STATE')
    expect(from({ a: 1, name: 'y' }, { a: 1, name: 'x' })).toBe('STEP_STATE')
    expect(from({}, [])).toBe('STEP_STATE')
  })

  test.each([
    [{ a: [1, tensor([1])] }, { a: [1, tensor([1, 2])] }, 'state.a[1]: float32 [1] has become float32 [2]'],
    [tensor([1]), 1, 'the state: float32 [1] has become number'],
    [[1, 2], [1], 'state[1]: number has become nothing'],
    [[1], [1, 2], 'state[1]: number is new'],
    [{ a: 'x' }, { a: 'y' }, 'state.a: "x" has become "y"'],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, 'its keys are in another order'],
  ] as [unknown, unknown, string][])(
    'a new state that differs, naming where: %#',
    (before, after, message) => {
      const program = compileStep(() => ({ state: after, outputs: 0 }), before, alone)
      expect(() => program.step()).toThrow(message)
    },
  )

  test.each([
    ['a number', 1],
    ['nothing', undefined],
    ['null', null],
    ['a state alone', { state: 1 }],
    ['outputs alone', { outputs: 1 }],
  ] as [string, unknown][])('a step that returns %s', (_name, result) => {
    const program = compileStep(() => result as { state: number; outputs: number }, 1, alone)
    expect(codeOf(() => program.step())).toBe('STEP_RESULT')
  })

  test('Variables in the initial state and among the inputs', () => {
    const variable = new Tape().variable(2)
    const step = (state: unknown): { state: unknown; outputs: number } => ({ state, outputs: 0 })
    expect(codeOf(() => compileStep(step, [variable], alone))).toBe('STATE')
    expect(codeOf(() => compileStep(step, 1, alone).step(...([variable] as unknown as [])))).toBe(
      'STEP_INPUT',
    )
  })

  test('a wrong number of threads', () => {
    const step = (state: number): { state: number; outputs: number } => ({ state, outputs: 0 })
    for (const threads of [0, 16, 1.5, NaN, -1])
      expect(codeOf(() => compileStep(step, 1, { threads }))).toBe('THREADS')
  })

  test('a step that fails leaves the program as it was', () => {
    const program = compileStep(
      (x: Tensor, y: Tensor) => ({ state: add(x, y), outputs: cast(sum(y), 'float64') }),
      tensor([1, 2]),
      alone,
    )
    program.step(tensor([1, 1]))
    expect(() => program.step(tensor([1, 2, 3]))).toThrow()
    expect(() => program.step(tensor([[1, 2]]))).toThrow('differs')
    program.step(tensor([1, 1]))
    expect([...program.state.data]).toEqual([3, 4])
  })

  test('more memory than there can be, saying how much is wanted', () => {
    const program = compileStep(
      (x: Tensor, y: Tensor) => ({ state: x, outputs: sum(matmul(y, y, { transposeA: true })) }),
      tensor([1]),
      alone,
    )
    const wide = tensor(new Float32Array(40_000), { shape: [1, 40_000] })
    expect(codeOf(() => program.step(wide))).toBe('MEMORY')
    expect(() => program.step(wide)).toThrow(/needs 6\d{9} bytes/)
    expect([...program.state.data]).toEqual([1])
  })
})

test('ten thousand steps leave memory as it was', () => {
  const program = compileStep(
    (w: Tensor, x: Tensor) => ({ state: sub(w, mul(x, 0.001)), outputs: sum(mul(w, x)) }),
    tensor([1, 2, 3]),
    alone,
  )
  const x = tensor([1, 1, 1])
  program.step(x)
  const before = program.explain()
  for (let k = 0; k < 10_000; k++) program.step(x)
  expect(program.explain()).toBe(before)
  program.state.data.forEach((element, k) => {
    expect(Math.abs(element - (k + 1 - 10.001))).toBeLessThan(1e-2)
  })
})
