/** Rearrangements made of others, dot and outer: against index arithmetic, and what they refuse. */
import fc from 'fast-check'
import { axisOf, shape, tensor } from '@tapegrad/autograd/testing'
import type { Shape } from '../../src/index.js'
import {
  ArgumentError,
  ShapeError,
  dot,
  expandDims,
  flatten,
  outer,
  split,
  squeeze,
  stack,
  tile,
} from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { at, elementsOf, expectTensor, tensorOf } from '../support/reference.js'

function tensorWith<A>(draw: (ofShape: Shape) => fc.Arbitrary<A>, minRank = 0) {
  return tensor({ shape: shape({ minRank }) }).chain((x) => fc.tuple(fc.constant(x), draw(x.shape)))
}

test('flatten keeps all elements in order', () => {
  fc.assert(
    fc.property(tensor(), (x) => {
      expectTensor(flatten(x), [x.size], 'float64', Array.from(x.data))
    }),
  )
  expectTensor(flatten(3), [1], 'float64', [3])
})

test('expandDims puts an axis in where it says, and squeeze takes it out', () => {
  fc.assert(
    fc.property(
      tensorWith(({ length: rank }) => axisOf(rank + 1)),
      ([x, axis]) => {
        const place = axis < 0 ? axis + x.rank + 1 : axis
        const to = [...x.shape.slice(0, place), 1, ...x.shape.slice(place)]
        expectTensor(expandDims(x, axis), to, 'float64', Array.from(x.data))
        expectTensor(squeeze(expandDims(x, axis), axis), x.shape, 'float64', Array.from(x.data))
        const all = x.shape.filter((size) => size !== 1)
        expectTensor(squeeze(expandDims(x, axis)), all, 'float64', Array.from(x.data))
      },
    ),
  )
})

test('stack puts values side by side along a new axis', () => {
  const calls = shape().chain((each) =>
    fc.tuple(fc.array(tensor({ shape: each }), { minLength: 1, maxLength: 3 }), axisOf(each.length + 1)),
  )
  fc.assert(
    fc.property(calls, ([xs, axis]) => {
      const place = axis < 0 ? axis + xs[0].rank + 1 : axis
      const to = [...xs[0].shape.slice(0, place), xs.length, ...xs[0].shape.slice(place)]
      const elements = elementsOf(to, (index) =>
        at(
          xs[index[place]],
          index.filter((_, k) => k !== place),
        ),
      )
      expectTensor(stack(xs, axis), to, 'float64', elements)
    }),
  )
})

test('stacked numbers are float64 alone, and take the dtype of tensors beside them', () => {
  expectTensor(stack([1, 2, 3]), [3], 'float64', [1, 2, 3])
  expectTensor(stack([tensorOf([1], [], 'float32'), 0.1]), [2], 'float32', [1, Math.fround(0.1)])
  expectTensor(stack([0.5, tensorOf([1], [], 'int32')]), [2], 'float32', [0.5, 1])
  expectTensor(stack([tensorOf([1], [], 'int32'), tensorOf([1], [], 'bool')]), [2], 'int32', [1, 1])
})

test('split cuts into equal parts, or parts of given sizes', () => {
  const calls = tensorWith(({ length: rank }) => axisOf(rank), 1).chain(([x, axis]) =>
    fc.tuple(fc.constant(x), fc.constant(axis), fc.nat({ max: x.shape.at(axis)! })),
  )
  fc.assert(
    fc.property(calls, ([x, axis, cut]) => {
      const along = axis < 0 ? axis + x.rank : axis
      const extent = x.shape[along]
      const check = (parts: ReturnType<typeof split>, sizes: readonly number[]): void => {
        expect(parts.length).toBe(sizes.length)
        let before = 0
        parts.forEach((part, k) => {
          const to = x.shape.with(along, sizes[k])
          const start = before
          const elements = elementsOf(to, (index) => at(x, index.with(along, index[along] + start)))
          expectTensor(part, to, 'float64', elements)
          before += sizes[k]
        })
      }
      check(split(x, [cut, extent - cut], axis), [cut, extent - cut])
      check(split(x, 1, axis), [extent])
      if (extent > 0) check(split(x, extent, axis), new Array<number>(extent).fill(1))
    }),
  )
})

test('tile repeats as NumPy does', () => {
  const calls = tensorWith(() => fc.array(fc.nat({ max: 3 }), { maxLength: 3 }))
  fc.assert(
    fc.property(calls, ([x, repeats]) => {
      const rank = Math.max(x.rank, repeats.length)
      const sizes = [...new Array<number>(rank - x.rank).fill(1), ...x.shape]
      const counts = [...new Array<number>(rank - repeats.length).fill(1), ...repeats]
      const to = sizes.map((size, axis) => size * counts[axis])
      const elements = elementsOf(to, (index) =>
        at(x, index.map((i, axis) => i % sizes[axis]).slice(rank - x.rank)),
      )
      expectTensor(tile(x, repeats), to, 'float64', elements)
    }),
  )
})

test('outer has every product of two elements', () => {
  fc.assert(
    fc.property(tensor({ whole: true }), tensor({ whole: true }), (a, b) => {
      const elements = elementsOf([a.size, b.size], ([i, j]) => a.data[i] * b.data[j])
      expectTensor(outer(a, b), [a.size, b.size], 'float64', elements)
    }),
  )
  expectTensor(outer(2, 3), [1, 1], 'float64', [6])
})

test('dot is the inner product of vectors, the product of matrices, and scales by scalars', () => {
  const [v, w] = [tensorOf([1, 2, 3], [3]), tensorOf([4, 5, 6], [3])]
  const m = tensorOf([1, 0, 2, 0, 1, 0], [2, 3])
  expectTensor(dot(v, w), [], 'float64', [32])
  expectTensor(dot(m, v), [2], 'float64', [7, 2])
  expectTensor(dot(m, tensorOf([1, 2, 3], [3, 1])), [2, 1], 'float64', [7, 2])
  expectTensor(dot(2, v), [3], 'float64', [2, 4, 6])
  expect(dot(2, 3)).toBe(6)
})

test('they refuse what does not fit, and say what does', () => {
  const x = tensorOf([1, 2, 3, 4], [2, 2])
  expectError(
    () => expandDims(x, 3),
    ShapeError,
    'UNKNOWN_AXIS',
    'expandDims: unknown axis 3 of a value of rank 3; axes go from -3 to 2',
  )
  expectError(
    () => squeeze(x, 1),
    ShapeError,
    'NOT_SIZE_ONE',
    'squeeze: axis 1 of shape [2, 2] has size 2; only axes of size 1 can be dropped',
  )
  expectError(
    () => stack([x, tensorOf([1, 2], [2])]),
    ShapeError,
    'STACK_SHAPES',
    'stack: shapes [2, 2] and [2] differ; wants values of one shape',
  )
  expectError(() => stack([]), ArgumentError, 'EMPTY_LIST', 'stack: wants a list of at least one value')
  for (const parts of [3, 0, -1, 1.5])
    expectError(
      () => split(x, parts),
      ShapeError,
      'SPLIT_SIZES',
      `split: axis 0 of size 2 can't be cut into ${parts} equal parts`,
    )
  for (const parts of [0, 1.5])
    expectError(
      () => split(tensorOf([], [0]), parts),
      ShapeError,
      'SPLIT_SIZES',
      /axis 0 of size 0 can't be cut/,
    )
  expectError(
    () => split(x, [1, 2], 1),
    ShapeError,
    'SPLIT_SIZES',
    "split: axis 1 of size 2 can't be cut into parts of [1, 2]",
  )
  expectError(
    () => tile(x, [1, -1]),
    ArgumentError,
    'REPEATS',
    'tile: repeats are [1, -1]; wants whole numbers of at least 0',
  )
  expectError(
    () => dot(tensorOf([1], [1, 1, 1]), x),
    ShapeError,
    'DOT_RANK',
    'dot: got shapes [1, 1, 1] and [2, 2]; wants at most matrices. For batches use matmul',
  )
  expectError(() => outer([1] as never, 1), ArgumentError, 'WRONG_TYPE', /^outer: got plain array/)
})
