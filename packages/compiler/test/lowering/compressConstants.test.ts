import type { Tensor, Value } from '@tapegrad/autograd'
import { cast, IndexError, matmul, mul, sum, take, tensor } from '@tapegrad/autograd'
import { test as property } from '@fast-check/jest'
import fc from 'fast-check'
import { compileStep } from '../../src/index.js'
import { compressConstants } from '../../src/lowering/compressConstants.js'
import type { MatmulKernel, NonzerosKernel } from '../../src/lowering/kernel.js'
import { lower } from '../../src/lowering/lower.js'
import { planProducts } from '../../src/lowering/planProducts.js'
import type { LoweredProgram } from '../../src/lowering/lower.js'
import { optimize } from '../../src/passes/index.js'
import { traceProgram } from '../../src/trace.js'
import { Draw } from '../support/draw.js'

/** A data set of so many rows and columns, with that fraction of bytes that aren't zero. */
function dataSet(rows: number, columns: number, density: number, draw: Draw): Tensor {
  const bytes = Uint8Array.from({ length: rows * columns }, () =>
    draw.chance(density) ? draw.whole(1, 4) : 0,
  )
  return tensor(bytes, { shape: [rows, columns] })
}

function wholeNumbers(rows: number, columns: number, draw: Draw): Tensor {
  return tensor(
    Float32Array.from({ length: rows * columns }, () => draw.whole(-4, 4)),
    { shape: [rows, columns] },
  )
}

/** The function compiled, and what ends its workers. */
function compiled(f: (...x: Value[]) => Value[], threads: number) {
  const step = (state: Value, ...x: Tensor[]) => ({ state, outputs: f(...x) })
  const program = compileStep(step, 0, { threads })
  return {
    run: (...x: Tensor[]) => program.step(...x) as Tensor[],
    dispose: () => {
      program.dispose()
    },
  }
}

/** The products of some rows, doubled, and of them transposed. */
function products(data: Tensor) {
  return (rows: Value, right: Value, upstream: Value): Value[] => {
    const x = mul(cast(take(data, rows), 'float32'), 2)
    return [matmul(x, right), matmul(x, upstream, { transposeA: true })]
  }
}

function planned(
  f: (...x: Value[]) => readonly Value[],
  shapes: number[][],
  threads: number,
): LoweredProgram {
  const [rows, ...others] = shapes
  const specs = [
    { kind: 'tensor', shape: rows, dtype: 'int32' } as const,
    ...others.map((shape) => ({ kind: 'tensor', shape, dtype: 'float32' }) as const),
  ]
  return planProducts(lower(optimize(traceProgram((inputs) => f(...inputs), specs))), threads)
}

function isCompressed({ program }: LoweredProgram): boolean {
  return program.nodes.some(({ kind }) => kind === 'compressed')
}

const draw = new Draw(5)
const [rows, columns] = [200, 784]
const sparse = dataSet(rows, columns, 0.2, draw)
const shapes = [[100], [columns, 20], [100, 20]]

describe('a data set of bytes that are mostly zeros', () => {
  const product = fc.record({
    columns: fc.oneof(
      fc.integer({ min: 164, max: 400 }),
      fc.constant(784),
      fc.integer({ min: 700, max: 900 }),
    ),
    batch: fc.integer({ min: 20, max: 130 }),
    n: fc.integer({ min: 4, max: 60 }),
    density: fc.constantFrom(0, 0.001, 0.1, 0.3, 0.39, 0.5),
    threads: fc.constantFrom(1, 2, 3),
    seed: fc.nat(),
  })

  property.prop([product], { numRuns: 15 })(
    'gives the products that its rows give eagerly, to the bit for whole numbers',
    ({ columns, batch, n, density, threads, seed }) => {
      const draw = new Draw(seed)
      const height = Math.ceil(65_536 / columns)
      const data = dataSet(height, columns, density, draw)
      const [right, upstream] = [wholeNumbers(columns, n, draw), wholeNumbers(batch, n, draw)]
      const f = products(data)
      const { run, dispose } = compiled(f, threads)
      for (let k = 0; k < 2; k++) {
        const rows = draw.indices([batch], height)
        const results = run(rows, right, upstream)
        f(rows, right, upstream).forEach((wanted, k) => {
          // 0 and −0 count as equal.
          expect(results[k].data.findIndex((x, i) => x !== (wanted as Tensor).data[i])).toBe(-1)
        })
      }
      dispose()
    },
  )

  test.each([1, 2])('lies in memory in compressed rows, on %s threads', (threads) => {
    const { program, kernels, buffers } = planned(products(sparse), shapes, threads)
    const list = kernels.find((kernel): kernel is NonzerosKernel => kernel.kind === 'nonzeros')!
    expect(program.nodes[list.leaf.buffer]).toMatchObject({
      kind: 'compressed',
      value: { columns: columns / threads, rows: rows * threads },
    })
    const multiplications = kernels.filter((kernel): kernel is MatmulKernel => kernel.kind === 'matmul')
    const use = { buffer: list.buffer, step: list.step, isCompressed: true }
    expect(multiplications.map(({ nonzeros }) => nonzeros)).toEqual([use, use])
    expect(buffers.has(list.source)).toBe(false)
  })

  test('is the same for programs that read rows of as many columns', () => {
    const valueIn = ({ program }: LoweredProgram): unknown =>
      program.nodes.find(({ kind }) => kind === 'compressed')
    const [one, other] = [100, 60].map((batch) => {
      const shapes = [[batch], [columns, 20], [batch, 20]]
      return valueIn(planned(products(sparse), shapes, 2))
    })
    expect(one).toMatchObject({ value: (other as { readonly value: unknown }).value })
  })

  test('stays as it is where it is read in another way, too', () => {
    const f = products(sparse)
    const withRows = (rows: Value, right: Value, upstream: Value): Value[] => [
      ...f(rows, right, upstream),
      sum(take(sparse, rows)),
    ]
    expect(isCompressed(planned(withRows as typeof f, shapes, 1))).toBe(false)
    const withData = (rows: Value, right: Value, upstream: Value): Value[] => [
      ...f(rows, right, upstream),
      sparse,
    ]
    expect(isCompressed(planned(withData as typeof f, shapes, 1))).toBe(false)
  })

  test('stays as it is where threads share the columns of a product', () => {
    // 784 columns aren't cut in three parts.
    expect(isCompressed(planned(products(sparse), shapes, 3))).toBe(false)
  })

  test('that is small stays as it is', () => {
    expect(isCompressed(planned(products(dataSet(50, columns, 0.2, draw)), shapes, 1))).toBe(false)
  })

  test.each([1, 2])(
    'multiplies its zeros, too, where the right side is not finite, on %s threads',
    (threads) => {
      const [right, upstream] = [wholeNumbers(columns, 5, draw), wholeNumbers(100, 5, draw)]
      right.data[20 * 5 + 3] = NaN
      right.data[783 * 5] = Infinity
      upstream.data[99 * 5 + 1] = -Infinity
      const batch = draw.indices([100], rows)
      const f = products(sparse)
      const { run, dispose } = compiled(f, threads)
      const results = run(batch, right, upstream)
      dispose()
      f(batch, right, upstream).forEach((wanted, k) => {
        expect([...results[k].data].map((x) => x + 0)).toEqual([...(wanted as Tensor).data].map((x) => x + 0))
      })
    },
  )

  test('is refused row numbers out of bounds before anything changes, and takes negative ones from the end', () => {
    const program = compileStep(
      (right: Tensor, rows: Tensor) => {
        const product = matmul(mul(cast(take(sparse, rows), 'float32'), 2), right)
        return { state: right, outputs: product }
      },
      wholeNumbers(columns, 5, draw),
      { threads: 1 },
    )
    const numbers = (first: number): Tensor =>
      tensor(Int32Array.from({ length: 100 }, (_, k) => (k === 0 ? first : k)))
    expect(() => program.step(numbers(rows))).toThrow(IndexError)
    expect(program.step(numbers(-1))).toEqual(program.step(numbers(rows - 1)))
  })

  test('is in memory once for steps on batches of several sizes', () => {
    const upstream = (batch: number): Tensor => wholeNumbers(batch, 5, draw)
    const program = compileStep(
      (w: Tensor, rows: Tensor, u: Tensor) => ({
        state: w,
        outputs: matmul(mul(cast(take(sparse, rows), 'float32'), 2), u, { transposeA: true }),
      }),
      wholeNumbers(3, 3, draw),
      { threads: 1 },
    )
    for (const batch of [100, 60]) program.step(draw.indices([batch], rows), upstream(batch))
    const sizes = [...program.explain().matchAll(/^(\d+) bytes at most/gm)].map(([, bytes]) => Number(bytes))
    expect(sizes).toHaveLength(2)
    expect(sizes[0] - sizes[1]).toBeGreaterThan(0.2 * rows * columns * 2)
  })
})

test('a data set with few zeros stays as it is', () => {
  const dense = dataSet(rows, columns, 0.9, draw)
  expect(isCompressed(planned(products(dense), shapes, 1))).toBe(false)
  // A sample that has zeros alone tells nothing of the rest.
  const hidden = tensor(new Uint8Array(rows * columns), { shape: [rows, columns] })
  const step = Math.floor((rows * columns) / 1024) | 1
  for (let at = 0; at < hidden.size; at++) if (at % step !== 0) hidden.data[at] = 1
  expect(isCompressed(planned(products(hidden), shapes, 1))).toBe(false)
})

test('programs without data sets are left as they are', () => {
  const lowered = lower(
    optimize(traceProgram(([x]) => [mul(x, 2)], [{ kind: 'number', shape: [], dtype: 'float64' }])),
  )
  expect(compressConstants(lowered, 2)).toBe(lowered)
})
