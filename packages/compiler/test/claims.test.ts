import type { Tensor, Value } from '@tapegrad/autograd'
import { exp, matmul, mul, sin, square, sub, sum, tensor } from '@tapegrad/autograd'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { assemble } from '../src/assemble.js'
import type { Pieces } from '../src/claims.js'
import { claimsOf } from '../src/claims.js'
import { compile } from '../src/compile.js'
import { lower } from '../src/lowering/lower.js'
import { planProducts } from '../src/lowering/planProducts.js'
import type { Touch } from '../src/lowering/touches.js'
import { optimize } from '../src/passes/index.js'
import type { Phase, Step } from '../src/phases.js'
import { phasesOf } from '../src/phases.js'
import { traceProgram } from '../src/trace.js'
import { Draw } from './support/draw.js'
import { ForcedPace } from './support/together.js'

jest.setTimeout(20_000)

interface Drawn {
  readonly rows: number
  readonly work: number
  readonly grain?: number
  /** What it reads, by rows. */
  readonly reads?: readonly number[]
  readonly isForEveryThread?: boolean
  readonly unlessListed?: number
}

/** Steps of which each writes the buffer of its number, by rows. */
function phases(...drawn: Drawn[]): Phase[] {
  const steps = drawn.map(
    ({ rows, work, grain = 1, reads = [], isForEveryThread, unlessListed }, kernel): Step => {
      const touch = (buffer: number): Touch => ({ buffer, isByRows: (n) => n === rows })
      const code = { total: rows, grain, isForEveryThread, unlessListed } as Step['code']
      const touches = { reads: reads.map(touch), writes: [touch(kernel)] }
      return { kernel, code, codeAt: () => code, touches, rows, work, bytes: 0 }
    },
  )
  return phasesOf(steps, (buffer) => buffer)
}

const halves = { rows: 2, work: 500_000 }

test('what there is to do beside a part for each thread is claimed, in two pieces for each', () => {
  const result = claimsOf(phases(halves, { rows: 50, work: 20_000 }), 2)
  const pieces = [{ rows: 50, rowsInPiece: 13, count: 4, first: 0 }]
  expect(result).toEqual([{ pieces, before: { pieces: 0, ends: 0 } }])
})

test('pieces begin where the code of their steps can', () => {
  const [claims] = claimsOf(phases(halves, { rows: 50, work: 20_000, grain: 4 }), 2)
  expect(claims?.pieces).toEqual([{ rows: 50, rowsInPiece: 16, count: 4, first: 0 }])
})

test.each<[string, Drawn[], number]>([
  ['on one thread', [halves, { rows: 50, work: 20_000 }], 1],
  ['that is little work', [halves, { rows: 50, work: 1000 }], 2],
  ['that is most of the work', [halves, { rows: 50, work: 900_000 }], 2],
  [
    'where no step is a part for each thread',
    [
      { rows: 40, work: 500_000 },
      { rows: 50, work: 20_000 },
    ],
    2,
  ],
  [
    'where every thread does a step for itself',
    [halves, { rows: 50, work: 20_000 }, { rows: 1, work: 9, isForEveryThread: true }],
    2,
  ],
  [
    'where waiting depends on a list',
    [halves, { rows: 50, work: 20_000, unlessListed: 9 }, { rows: 7, work: 9, reads: [1] }],
    2,
  ],
])('nothing is claimed %s', (_, drawn, threads) => {
  const result = phases(...drawn)
  expect(result).toHaveLength(1)
  expect(claimsOf(result, threads)).toEqual([undefined])
})

const drawnStep: fc.Arbitrary<Drawn> = fc.record({
  rows: fc.constantFrom(1, 2, 3, 12, 50, 97),
  work: fc.integer({ min: 0, max: 100_000 }),
  grain: fc.constantFrom(1, 2, 4),
  reads: fc.array(fc.nat({ max: 8 }), { maxLength: 2 }),
})

test('pieces are all rows, each once; steps that go on from one another by rows are claimed together', () => {
  fc.assert(
    fc.property(fc.array(drawnStep, { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (drawn, threads) => {
      const result = phases(...drawn)
      let counted = { pieces: 0, ends: 0 }
      for (const [k, claims] of claimsOf(result, threads).entries()) {
        if (claims === undefined) continue
        expect(claims.before).toEqual(counted)
        let next = 0
        for (const { rows, rowsInPiece, count, first } of claims.pieces) {
          expect(first).toBe(next)
          next += count
          expect((count - 1) * rowsInPiece).toBeLessThan(rows)
          expect(count * rowsInPiece).toBeGreaterThanOrEqual(rows)
          const claimed = result[k].filter((step) => step.rows === rows)
          const others = result[k].filter((step) => step.rows !== rows)
          for (const { touches, code } of claimed) {
            expect(rowsInPiece % code.grain).toBe(0)
            for (const other of others) expect(commonBuffers(touches, other.touches)).toEqual([])
          }
        }
        counted = { pieces: counted.pieces + next, ends: counted.ends + 1 }
      }
    }),
  )
})

/** What one of two steps writes and the other one touches. */
function commonBuffers(a: Step['touches'], b: Step['touches']): number[] {
  const named = (touches: readonly Touch[]): number[] => touches.map(({ buffer }) => buffer)
  const meet = (written: readonly Touch[], touched: Step['touches']): number[] =>
    named(written).filter((buffer) => named([...touched.reads, ...touched.writes]).includes(buffer))
  return [...meet(a.writes, b), ...meet(b.writes, a)]
}

describe('a program with work that is claimed', () => {
  const pace = new ForcedPace()
  afterAll(() => {
    pace.stop()
    jest.restoreAllMocks()
  })

  const draw = new Draw(8)
  const inputs = [
    draw.tensor([100, 720], 'float64'),
    draw.tensor([720, 50], 'float64'),
    draw.tensor([89, 40], 'float32'),
    draw.tensor([61, 90], 'float32'),
  ] as const
  /** A long product, which is cut into a part for each thread, and two other things to do meanwhile. */
  const f = (a: Value, b: Value, c: Value, d: Value): Value[] => {
    const wave = sin(mul(c, 3))
    return [matmul(a, b), exp(sub(wave, sum(square(wave), { axis: 1, keepDims: true }))), square(exp(d))]
  }
  const claimedWith = (threads: number): Pieces[] => {
    const specs = inputs.map(({ shape, dtype }) => ({ kind: 'tensor' as const, shape, dtype }))
    const program = optimize(traceProgram(([a, b, c, d]) => f(a, b, c, d), specs))
    const lowered = planProducts(lower(program), threads)
    const { phases } = assemble(lowered, { threads, shared: threads > 1, maximumPages: 100 })
    return claimsOf(phases, threads).flatMap((claims) => claims?.pieces ?? [])
  }
  const bytesOf = (tensors: unknown): string[] =>
    (tensors as Tensor[]).map(({ data }) => createHash('sha256').update(data).digest('hex'))

  test.each([2, 3, 4])('gives the same however it is shared, %s threads', async (threads) => {
    expect(claimedWith(threads).map(({ rows }) => rows)).toEqual([89, 61])
    const fast = compile(f as (...x: Value[]) => Value[], { threads })
    const first = bytesOf(fast(...inputs))
    await pace.ready(threads - 1)
    for (let k = 0; k < 60; k++) {
      pace.way = k % 7 === 0 ? 'alone' : 'together'
      expect(bytesOf(fast(...inputs))).toEqual(first)
    }
    const alone = compile(f as (...x: Value[]) => Value[], { threads: 1 })(...inputs) as Tensor[]
    expect(bytesOf(alone.slice(1))).toEqual(first.slice(1))
  })

  test.each([2, 3, 4])('reads what was given to each run, %s threads', async (threads) => {
    const fast = compile(f as (...x: Value[]) => Value[], { threads })
    fast(...inputs)
    await pace.ready(threads - 1)
    pace.way = 'together'
    for (let k = 0; k < 60; k++) {
      const given = tensor(Float32Array.of(k / 60), { shape: [1] })
      const [, , result] = fast(inputs[0], inputs[1], inputs[2], mul(inputs[3], given)) as Tensor[]
      const wanted = square(exp(mul(inputs[3], given))) as Tensor
      const errors = result.data.map((x, i) => Math.abs(x - wanted.data[i]) / (1 + wanted.data[i]))
      expect(Math.max(...errors)).toBeLessThan(1e-5)
    }
  })
})
