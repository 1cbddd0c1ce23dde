import { createHash } from 'node:crypto'
import type { Tensor, Value, Variable } from '@tapegrad/autograd'
import {
  add,
  argmax,
  concat,
  cumsum,
  exp,
  grad,
  logSumExp,
  matmul,
  max,
  mean,
  mul,
  relu,
  reshape,
  sigmoid,
  sin,
  softmax,
  square,
  sub,
  sum,
  take,
  TapegradError,
  tensor,
  transpose,
} from '@tapegrad/autograd'
import { call, encodeModule, func, i32, if_, unreachable } from '@tapegrad/kernels/assembler'
import { barrierFunction, controlWordsAt } from '../src/codegen/barrier.js'
import { compile } from '../src/compile.js'
import { compileStep } from '../src/compileStep.js'
import type { Run } from '../src/threads.js'
import { canShareMemory, threadCount, Threads } from '../src/threads.js'
import { Draw } from './support/draw.js'
import { ForcedPace } from './support/together.js'

// Workers may take their time to start where the machine is busy.
jest.setTimeout(20_000)

let pace: ForcedPace
beforeEach(() => {
  pace = new ForcedPace()
})
afterEach(() => {
  pace.stop()
  jest.restoreAllMocks()
})

const draw = new Draw(5)

function float32(...shape: number[]): Tensor {
  return draw.tensor(shape, 'float32')
}

function float64(...shape: number[]): Tensor {
  return draw.tensor(shape, 'float64')
}

/** A float32 matrix of which so many elements aren't zero. */
function sparse(rows: number, columns: number, density: number): Tensor {
  const data = new Float32Array(rows * columns).map(() => (draw.chance(density) ? draw.between(-1, 1) : 0))
  return tensor(data, { shape: [rows, columns] })
}

/** Tells any two lists of tensors apart that differ in a bit, and is short. */
function bytesOf(tensors: unknown): string[] {
  return (tensors as Tensor[]).map(({ data }) => createHash('sha256').update(data).digest('hex'))
}

/** Results within rounding of those of one thread. */
function expectClose(actual: unknown, wanted: unknown): void {
  ;(actual as Tensor[]).forEach(({ data, dtype }, k) => {
    const exact = [...(wanted as Tensor[])[k].data]
    const largest = Math.max(...exact.map(Math.abs))
    const worst = Math.max(...exact.map((x, i) => Math.abs(x - data[i])))
    expect(worst / largest).toBeLessThan(dtype === 'float32' ? 2e-6 : 1e-14)
  })
}

type Function_ = (...inputs: Value[]) => readonly Value[]

/** Programs that are worth several threads, with an odd number of rows in most. */
const programs: readonly [string, Function_, () => readonly Tensor[]][] = [
  ['maps', (x, y) => [exp(sin(mul(x, y))), add(x, sigmoid(y))], () => [float32(97, 101), float32(97, 101)]],
  ['broadcast maps', (x, y) => [mul(x, y), sub(y, transpose(x))], () => [float64(131, 1), float64(131)]],
  ['maps of few long rows', (x) => [exp(transpose(reshape(x, [3, 5001])))], () => [float32(15_003)]],
  [
    'reductions',
    (x) => [
      sum(x),
      sum(x, { axis: 0 }),
      max(x, { axis: 1 }),
      argmax(x, { axis: 1 }),
      logSumExp(x, { axis: 0 }),
    ],
    () => [float32(113, 129)],
  ],
  [
    'reductions to three rows',
    (x) => [sum(exp(x), { axis: 1 }), mean(x, { axis: 1 })],
    () => [float64(3, 7001)],
  ],
  ['softmax', (x) => [softmax(x)], () => [float32(201, 67)]],
  ['running sums', (x) => [cumsum(x, { axis: 0 }), cumsum(x, { axis: 1 })], () => [float32(90, 301)]],
  [
    'dense products',
    (a, b) => [matmul(a, b), matmul(a, b, { transposeA: true, transposeB: true })],
    () => [float32(101, 101), float32(101, 101)],
  ],
  ['products of few rows', (a, b) => [matmul(a, b)], () => [float64(13, 701), float64(701, 37)]],
  ['batches of products', (a, b) => [matmul(a, b)], () => [float32(7, 33, 40), float32(7, 40, 21)]],
  [
    'products by nonzeros',
    (a, b, c) => [matmul(a, b), matmul(a, c, { transposeA: true })],
    () => [sparse(103, 200, 0.15), float32(200, 50), float32(103, 50)],
  ],
  // So few rows that some threads have none, and the last one's would begin behind the end.
  ...[1, 5, 13, 17, 18, 19].map((rows): [string, Function_, () => readonly Tensor[]] => [
    `products by nonzeros of ${rows} columns`,
    (a, c) => [matmul(a, c, { transposeA: true })],
    () => [sparse(2000 * Math.ceil(12 / rows), rows, 0.1), float32(2000 * Math.ceil(12 / rows), 50)],
  ]),
  [
    'gathers and scatters',
    (x, numbers) => [
      take(x, numbers),
      grad((y: Variable) => sum(square(take(y, numbers))))(x as unknown as Variable) as unknown as Tensor,
      concat([x, x]),
    ],
    () => [float32(150, 90), draw.indices([300], 150)],
  ],
]

/** Programs of long products, which are cut into as many parts as there are threads. */
const longProducts: readonly [string, Function_, () => readonly Tensor[]][] = [
  ['of few rows', (a, b) => [matmul(a, b)], () => [float64(13, 720), float64(720, 37)]],
  [
    'whose sums are read by loops',
    (a, b) => [mul(matmul(a, b), 3), sum(matmul(a, mul(b, 2)), { axis: 1 })],
    () => [float32(33, 360), float32(360, 16)],
  ],
  [
    'by nonzeros, with the derivative by the right side',
    (x, w) => {
      const loss = (v: Variable): Value => mean(square(relu(matmul(x, v))))
      const gradient = grad(loss)(w as unknown as Variable) as unknown as Tensor
      return [sub(w, mul(gradient, 0.1)), matmul(x, sub(w, mul(gradient, 0.1)))]
    },
    () => [sparse(100, 300, 0.2), float32(300, 50)],
  ],
]

describe('a program of long products', () => {
  test.each(longProducts)('gives the same for the same number of threads: %s', async (_name, f, inputs) => {
    const values = inputs()
    const alone = compile(f, { threads: 1 })(...values)
    for (const threads of [2, 3, 4]) {
      const fast = compile(f, { threads })
      const first = fast(...values)
      expectClose(first, alone)
      await pace.ready(threads - 1)
      for (let k = 0; k < 20; k++) expect(bytesOf(fast(...values))).toEqual(bytesOf(first))
      pace.way = 'alone'
      expect(bytesOf(fast(...values))).toEqual(bytesOf(first))
      pace.way = 'together'
    }
  })
})

describe('a program on one to four threads', () => {
  test.each(programs)('gives the very same results: %s', async (_name, f, inputs) => {
    const values = inputs()
    const alone = bytesOf(compile(f, { threads: 1 })(...values))
    for (const threads of [2, 3, 4]) {
      const fast = compile(f, { threads })
      // While the workers come up, and when all are there.
      expect(bytesOf(fast(...values))).toEqual(alone)
      await pace.ready(threads - 1)
      for (let k = 0; k < 20; k++) {
        const result = fast(...values)
        if (k % 5 === 0) expect(bytesOf(result)).toEqual(alone)
      }
      pace.way = 'alone'
      expect(bytesOf(fast(...values))).toEqual(alone)
      pace.way = 'together'
    }
    expect(pace.programs).toBe(3)
  })

  test('gives the very same results while workers come up', () => {
    const f: Function_ = (x) => [softmax(exp(x)), matmul(x, x, { transposeB: true })]
    const x = float32(120, 130)
    const alone = bytesOf(compile(f, { threads: 1 })(x))
    const fast = compile(f, { threads: 4 })
    const end = performance.now() + 150
    while (performance.now() < end) expect(bytesOf(fast(x))).toEqual(alone)
  })

  test('reads a large constant as it is, though workers touch its memory while it is written', async () => {
    const constant = tensor(
      Int32Array.from({ length: 1_000_000 }, (_, k) => k ^ 0x55555555),
      { shape: [1_000_000] },
    )
    for (let k = 0; k < 3; k++) {
      const fast = compile((x: Value) => add(constant, x), { threads: 4 })
      const results = [fast(tensor(Int32Array.of(k)))]
      await pace.ready(3)
      results.push(fast(tensor(Int32Array.of(k))))
      for (const { data } of results as Tensor[])
        expect(data.findIndex((x, i) => x !== (i ^ 0x55555555) + k)).toBe(-1)
    }
  })

  test.each([90, 200])('trains to the same state, chosen by pace or not, from %s inputs', async (inputs) => {
    const step = (
      { W, b }: { W: Tensor; b: Tensor },
      x: Tensor,
      t: Tensor,
    ): { state: { W: Value; b: Value }; outputs: Value } => {
      const loss = (p: { W: Variable; b: Variable }): Value =>
        mean(square(sub(relu(add(matmul(x, p.W), p.b)), t)))
      const gradient = grad(loss)({ W, b } as unknown as { W: Variable; b: Variable }) as unknown as {
        W: Tensor
        b: Tensor
      }
      return {
        state: { W: sub(W, mul(gradient.W, 0.1)), b: sub(b, mul(gradient.b, 0.1)) },
        outputs: loss({ W, b } as unknown as { W: Variable; b: Variable }),
      }
    }
    const initial = { W: float32(inputs, 50), b: float32(50) }
    const batches = Array.from(
      { length: 4 },
      (_, k) => [sparse(100, inputs, 0.1 + k / 5), float32(100, 50)] as const,
    )
    const trained = async (threads: number, waits: boolean): Promise<Tensor[]> => {
      const program = compileStep(step, initial, { threads })
      const losses: Value[] = []
      for (let k = 0; k < 40; k++) {
        losses.push(program.step(...batches[k % 4]))
        if (waits && k === 0) await pace.ready(threads - 1)
      }
      const { W, b } = program.state
      program.dispose()
      return [W, b, ...losses] as Tensor[]
    }
    const alone = await trained(1, false)
    const together = new Map<number, string[]>()
    for (const threads of [2, 4]) {
      const result = await trained(threads, true)
      together.set(threads, bytesOf(result))
      // Long products are cut into as many parts as there are threads, and their sums rounded accordingly.
      if (inputs === 200) expectClose(result, alone)
      else expect(bytesOf(result)).toEqual(bytesOf(alone))
    }
    jest.restoreAllMocks()
    expect(bytesOf(await trained(2, false))).toEqual(together.get(2))
    expectClose(await trained(3, false), alone)
  })
})

test('programs of several signatures share a state, whose memory grows while workers wait', async () => {
  const trained = async (threads: number): Promise<string[]> => {
    const program = compileStep(
      (w: Tensor, x: Tensor) => ({
        state: mul(add(w, sum(sin(matmul(x, w)), { axis: 0 })), 0.5),
        outputs: max(w),
      }),
      matrix,
      { threads },
    )
    for (const rows of [100, 7, 100, 700, 7, 100, 2000]) {
      program.step(tensor(data.slice(0, rows * 60), { shape: [rows, 60] }))
      await pace.ready(threads - 1)
    }
    return bytesOf([program.state])
  }
  const matrix = float32(60, 60)
  const data = float32(2000 * 60).data
  expect(await trained(3)).toEqual(await trained(1))
})

describe('workers', () => {
  const heavy: Function_ = (x, y) => [exp(sin(matmul(x, y)))]
  const inputs = [float32(100, 100), float32(100, 100)]

  test('are ended by dispose, after which the program runs on', async () => {
    const program = compileStep(
      (x: Tensor, y: Tensor) => ({ state: mul(sin(matmul(x, y)), 0.5), outputs: sum(x) }),
      inputs[0],
      { threads: 3 },
    )
    const alone = compileStep(
      (x: Tensor, y: Tensor) => ({ state: mul(sin(matmul(x, y)), 0.5), outputs: sum(x) }),
      inputs[0],
      { threads: 1 },
    )
    program.step(inputs[1])
    await pace.ready(2)
    program.step(inputs[1])
    program.dispose()
    program.step(inputs[1])
    program.dispose()
    for (let k = 0; k < 3; k++) alone.step(inputs[1])
    expect(bytesOf([program.state])).toEqual(bytesOf([alone.state]))
  })

  test('are not left waiting by an index out of bounds', async () => {
    const fast = compile((x: Value, at: Value) => [exp(take(x, argmax(at)))] as const, { threads: 3 })
    const x = float32(3, 40_000)
    const good = tensor([0, 0, 5])
    const bad = tensor([0, 0, 0, 0, 9])
    const wrong = (): unknown => {
      try {
        return fast(x, bad)
      } catch (error) {
        return error instanceof TapegradError ? error.code : error
      }
    }
    const right = bytesOf(fast(x, good))
    expect(wrong()).toBe('INDEX_OUT_OF_BOUNDS')
    await pace.ready(2)
    for (let k = 0; k < 5; k++) {
      expect(wrong()).toBe('INDEX_OUT_OF_BOUNDS')
      expect(bytesOf(fast(x, good))).toEqual(right)
    }
  })

  test('are given up where a run fails on this thread, after which the program runs on', async () => {
    const fast = compile(heavy, { threads: 3 })
    const right = bytesOf(fast(...inputs))
    await pace.ready(2)
    expect(bytesOf(fast(...inputs))).toEqual(right)
    const deeper = (): unknown => {
      try {
        return deeper()
      } catch {
        return fast(...inputs)
      }
    }
    // Called again and again with hardly any stack left, until there is enough.
    expect(bytesOf(deeper())).toEqual(right)
    expect(bytesOf(fast(...inputs))).toEqual(right)
  })
})

describe('a thread that fails', () => {
  const control = controlWordsAt(0)

  /** A program in which the given thread traps while the others wait. */
  function failing(thread: number): WebAssembly.Module {
    const parameters = { thread: 'i32', threads: 'i32', maySleep: 'i32' } as const
    const barrier = barrierFunction(control)
    const run = func('run', parameters, 'none', (given) => [
      call(barrier, given.threads, given.maySleep),
      if_(i32.eq(given.thread, thread), [unreachable()]),
      call(barrier, given.threads, given.maySleep),
    ])
    return new WebAssembly.Module(
      encodeModule({
        memory: { import: ['program', 'memory'], minimum: 1, maximum: 1, shared: true },
        exports: { run },
      }),
    )
  }

  test.each([0, 1, 2])('is not waited for: %i', async (thread) => {
    const module = failing(thread)
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
    const threads = new Threads(module, memory, { control, start: 0, memoryBytes: 65_536 }, 3)
    const { run } = new WebAssembly.Instance(module, { program: { memory } }).exports
    while (threads.ready < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(() => {
      threads.execute(run as Run)
    }).toThrow(WebAssembly.RuntimeError)
    threads.stop()
  })
})

describe('the number of threads', () => {
  test('is what was asked for, or the cores up to 8', () => {
    expect(canShareMemory()).toBe(true)
    expect(threadCount(3)).toBe(3)
    const count = threadCount(undefined)
    expect(count).toBeGreaterThanOrEqual(1)
    expect(count).toBeLessThanOrEqual(8)
  })

  test('is 1 in a page that is not isolated from other origins', () => {
    Object.defineProperty(globalThis, 'crossOriginIsolated', { value: false, configurable: true })
    try {
      expect(threadCount(4)).toBe(1)
    } finally {
      Reflect.deleteProperty(globalThis, 'crossOriginIsolated')
    }
  })
})
