/** Arbitrary tensors: what they hold, how they print, and what they shrink to. */
import { fc, test } from '@fast-check/jest'
import type { Tensor } from '@tapegrad/autograd'
import * as autograd from '@tapegrad/autograd'
import { broadcastableShapes, distinctTensor, shape, tensor, tensors } from '@tapegrad/autograd/testing'
import { dtype } from '../support/arbitraries.js'
import { plain } from '../support/plain.js'
import { smallestFailing } from './shrinking.js'

const seed = fc.nat()

test.prop([shape(), dtype, seed])('have the shape and dtype asked for', (wanted, dtype, seed) => {
  const [x] = fc.sample(tensor({ shape: wanted, dtype }), { seed, numRuns: 1 })
  expect([x.shape, x.dtype]).toEqual([wanted, dtype])
})

test.prop([seed])('take their shapes from an arbitrary', (seed) => {
  const drawn = fc.sample(tensor({ shape: shape({ minRank: 2, maxRank: 2 }), min: 1, max: 2 }), {
    seed,
    numRuns: 10,
  })
  for (const { rank, data } of drawn) {
    expect(rank).toBe(2)
    for (const element of data) expect(element >= 1 && element <= 2).toBe(true)
  }
})

test.prop([dtype.chain((dtype) => tensor({ dtype }))])('print as the code that makes them', (x) => {
  const made: unknown = new Function('tensor', `return ${fc.stringify(x)}`)(autograd.tensor)
  expect(plain(made)).toEqual(plain(x))
})

test('print shortly', () => {
  const print = (x: fc.Arbitrary<Tensor>): string => fc.stringify(fc.sample(x, 1)[0])
  const ones = { min: 1, max: 1 }
  expect(print(tensor({ ...ones, shape: [] }))).toBe("tensor(1, { dtype: 'float64' })")
  expect(print(tensor({ ...ones, shape: [2, 2], dtype: 'float32' }))).toBe('tensor([[1, 1], [1, 1]])')
  expect(print(tensor({ ...ones, shape: [2, 0], dtype: 'int32' }))).toBe(
    "tensor([], { shape: [2, 0], dtype: 'int32' })",
  )
})

test('compare as tensors that nothing is attached to', () => {
  const [drawn] = fc.sample(tensor({ shape: [1], min: 1, max: 1 }), 1)
  expect(drawn).toStrictEqual(autograd.tensor([1], { dtype: 'float64' }))
})

test.prop([seed], { numRuns: 30 })(
  'shrink to few elements and round numbers, keeping the elements that fail',
  (seed) => {
    const smallest = (fails: (x: Tensor) => boolean): unknown =>
      smallestFailing(tensor(), fails, { seed }).toArray()
    expect(smallest(({ size }) => size > 0)).toBe(0)
    expect(smallest((x) => x.data.some((element) => element < -0.3))).toBe(-1)
    expect(smallest((x) => x.rank === 1 && x.data.some((element) => element > 1.5))).toEqual([2])
    expect(smallest((x) => x.data.some((a, i) => i > 0 && x.data[0] * a < 0))).toHaveLength(2)
  },
)

test.prop([seed], { numRuns: 30 })('keep to what their shapes may be as they shrink', (seed) => {
  const square = fc.integer({ min: 1, max: 4 }).map((n) => [n, n])
  const { shape } = smallestFailing(tensor({ shape: square }), ({ size }) => size > 2, { seed })
  expect(shape).toEqual([2, 2])
})

test('shrink tensors that a user gives, too', () => {
  const given = autograd.tensor([0.3, 1.7, -0.4], { dtype: 'float64' })
  const parameters = { examples: [[given]] as [Tensor][], numRuns: 1 }
  const anyTensor = tensor({ shape: shape({ minRank: 1, maxRank: 1 }) })
  expect(smallestFailing(anyTensor, ({ data }) => data.some((x) => x > 1), parameters).toArray()).toEqual([2])
  for (const other of [autograd.tensor([1]), autograd.tensor([3], { dtype: 'float64' }), [1], 1])
    expect(anyTensor.canShrinkWithoutContext(other)).toBe(false)
})

test.prop([seed], { numRuns: 30 })('several shrink together', (seed) => {
  const pairs = tensors({ shapes: broadcastableShapes({ minSize: 1 }), min: 1 })
  const differ = ([a, b]: readonly Tensor[]): boolean => a.rank !== b.rank
  const [a, b] = smallestFailing(pairs, differ, { seed })
  expect([a, b].sort((x, y) => x.rank - y.rank).map((x) => x.toArray())).toEqual([1, [1]])
})

test.prop([distinctTensor(), fc.constantFrom('float32', 'float64')])(
  'distinct ones have elements at least 1/2 apart',
  ({ data }) => {
    const sorted = [...data].sort((a, b) => a - b)
    sorted.slice(1).forEach((x, i) => {
      expect(x - sorted[i]).toBeGreaterThanOrEqual(0.5)
    })
  },
)

test('distinct ones come in any order, and shrink to halves', () => {
  const drawn = fc.sample(distinctTensor({ shape: [3] }), { seed: 0, numRuns: 200 })
  const orders = drawn.map(({ data }) => String([...data].map((x) => data.filter((y) => y < x).length)))
  expect(new Set(orders).size).toBe(6)
  const simplest = smallestFailing(distinctTensor({ shape: [3], dtype: 'float32' }), () => true, { seed: 0 })
  expect(simplest).toStrictEqual(autograd.tensor([-0.5, 0, 0.5]))
})
