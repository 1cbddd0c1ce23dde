import fc from 'fast-check'
import type { Expression } from '../../src/lowering/expression.js'
import type { Linear } from '../../src/lowering/linear.js'
import { isByRows, rowsOf, touchesOf } from '../../src/lowering/touches.js'
import { at, indicesOf } from '../support/loopNest.js'

/** Loops, a form over them that is often the position in order, and a number of rows. */
const cases = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }).chain((loops) => {
  const size = loops.reduce((product, extent) => product * extent, 1)
  const inOrder = loops.map((_, l) => loops.slice(l + 1).reduce((product, extent) => product * extent, 1))
  const step = (k: number): fc.Arbitrary<number> =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(inOrder[k]) },
      { weight: 1, arbitrary: fc.constantFrom(0, 1, -1, 2, 3) },
    )
  return fc.record({
    loops: fc.constant(loops),
    offset: fc.constantFrom(0, 0, 0, 1, 2),
    steps: fc.tuple(...loops.map((_, k) => step(k))),
    rows: fc.constantFrom(...Array.from({ length: size }, (_, k) => k + 1).filter((r) => size % r === 0)),
    elements: fc.oneof(fc.constant(size), fc.integer({ min: 1, max: 40 })),
  })
})

test('a form is by rows only where each part of the loops stays in its part of the elements', () => {
  let count = 0
  fc.assert(
    fc.property(cases, ({ loops, offset, steps, rows, elements }) => {
      const position: Linear = { offset, steps }
      if (!isByRows(loops, position, elements, rows)) return
      count++
      const indices = indicesOf(loops)
      indices.forEach((index, turn) => {
        const row = Math.floor((turn * rows) / indices.length)
        expect(Math.floor((at(position, index) * rows) / elements)).toBe(row)
      })
    }),
    { numRuns: 2000 },
  )
  expect(count).toBeGreaterThan(200)
})

test('what lies in order is by rows of its first loops', () => {
  fc.assert(
    fc.property(cases, fc.nat(), ({ loops }, count) => {
      const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1)
      const rows = product(loops.slice(0, count % (loops.length + 1)))
      const steps = loops.map((_, l) => product(loops.slice(l + 1)))
      expect(isByRows(loops, { offset: 0, steps }, product(loops), rows)).toBe(true)
    }),
  )
})

const load = (buffer: number, steps: readonly number[]): Expression => ({
  kind: 'load',
  buffer,
  dtype: 'float32',
  position: { offset: 0, steps },
})

test('a map touches by rows what it reads in step, and not what it broadcasts', () => {
  const sum: Expression = {
    kind: 'apply',
    operation: 'add',
    operandDType: 'float32',
    dtype: 'float32',
    operands: [load(1, [50, 1]), load(2, [0, 1])],
  }
  const { reads, writes } = touchesOf(
    { kind: 'map', buffer: 3, loops: [100, 50], store: { offset: 0, steps: [50, 1] }, value: sum },
    (buffer) => (buffer === 2 ? 50 : 5000),
  )
  expect(reads.map(({ buffer, isByRows: by }) => [buffer, by(100)])).toEqual([
    [1, true],
    [2, false],
  ])
  expect(writes.map(({ buffer, isByRows: by }) => [buffer, by(100), by(5000)])).toEqual([[3, true, true]])
})

test('a product touches its left side by rows unless that is transposed, and its right side as a whole', () => {
  const product = {
    ...{ kind: 'matmul' as const, buffer: 3, dtype: 'float32' as const, a: 1, b: 2, m: 100, n: 50, k: 20 },
    ...{ transposeA: false, transposeB: false, batch: { count: 1, extents: [], a: [], b: [] } },
  }
  const byRows = (kernel: typeof product): boolean[] =>
    touchesOf(kernel, () => 1000).reads.map(({ isByRows: by }) => by(100))
  expect(byRows(product)).toEqual([true, false])
  expect(byRows({ ...product, transposeA: true })).toEqual([false, false])
})

test('each of a batch of products touches its own matrices', () => {
  const batch = (a: number, b: number): boolean[] =>
    touchesOf(
      {
        ...{ kind: 'matmul', buffer: 3, dtype: 'float32', a: 1, b: 2, m: 100, n: 50, k: 20 },
        ...{
          transposeA: false,
          transposeB: false,
          batch: { count: 4, extents: [4], a: [a], b: [b] },
        },
      },
      () => 1000,
    ).reads.map(({ isByRows: by }) => by(4))
  expect(batch(1, 1)).toEqual([true, true])
  expect(batch(1, 0)).toEqual([true, false])
  expect(batch(0, 1)).toEqual([false, true])
})

test('rows are those of the first loops, as many as are worth sharing', () => {
  const map = (loops: readonly number[]) =>
    ({ kind: 'map', buffer: 0, loops, store: { offset: 0, steps: [] }, value: load(1, []) }) as const
  expect(rowsOf(map([100, 50]), 5000)).toBe(100)
  expect(rowsOf(map([2, 3, 40]), 240)).toBe(240)
  expect(rowsOf(map([100, 50]), 30)).toBe(30)
  expect(rowsOf(map([0, 4]), 0)).toBe(1)
  expect(rowsOf({ kind: 'copy', buffer: 0, source: 1, bytes: 64 }, 64)).toBe(64)
})
