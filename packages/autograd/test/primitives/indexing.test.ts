/** Picking by index: against index arithmetic, with repeated and negative indices, and what is out of bounds. */
import fc from 'fast-check'
import { axisOf, shape, tensor } from '@tapegrad/autograd/testing'
import type { DType, Tensor, Variable } from '../../src/index.js'
import {
  ArgumentError,
  DTypeError,
  IndexError,
  ShapeError,
  grad,
  mul,
  oneHot,
  sum,
  take,
  takeAlongAxis,
  tensor as make,
} from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { at, elementsOf, expectTensor, tensorOf } from '../support/reference.js'

const fromFront = (index: number, extent: number): number => (index < 0 ? index + extent : index)

/** A tensor, an axis of it, and indices into that of the shape that `indexShape` gives. */
function picks(draw: (x: Tensor, axis: number) => fc.Arbitrary<readonly number[]>) {
  return tensor({ shape: shape({ minRank: 1, minSize: 1, maxSize: 3 }) }).chain((x) =>
    axisOf(x.rank).chain((axis) => {
      const extent = x.shape.at(axis)!
      const indices = draw(x, axis).chain((indexShape) =>
        tensor({ shape: indexShape, dtype: 'int32', min: -extent, max: extent - 1 }),
      )
      return fc.record({ x: fc.constant(x), axis: fc.constant(axis), indices })
    }),
  )
}

describe('take', () => {
  test('puts the indices in the place of the axis', () => {
    fc.assert(
      fc.property(
        picks(() => shape({ maxRank: 2 })),
        ({ x, axis, indices }) => {
          const along = fromFront(axis, x.rank)
          const to = [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)]
          const elements = elementsOf(to, (index) => {
            const picked = at(indices, index.slice(along, along + indices.rank))
            const rest = index.slice(along + indices.rank)
            return at(x, [...index.slice(0, along), fromFront(picked, x.shape[along]), ...rest])
          })
          expectTensor(take(x, indices, axis), to, 'float64', elements)
        },
      ),
    )
  })

  test('takes one slice by a number, whatever the dtype', () => {
    const x = tensorOf([1, 2, 3, 4], [2, 2], 'uint8')
    expectTensor(take(x, 1), [2], 'uint8', [3, 4])
    expectTensor(take(x, -1, 1), [2], 'uint8', [2, 4])
  })

  test('finds elements beyond the whole numbers of float32 by a number', () => {
    const elements = new Float32Array(2 ** 24 + 2)
    elements[2 ** 24 + 1] = 7
    expect(take(make(elements), 2 ** 24 + 1).item()).toBe(7)
  })

  test('adds derivatives up where an index is repeated', () => {
    const x = tensorOf([1, 2, 3], [3])
    const weights = tensorOf([1, 10, 100, 1000], [4])
    const indices = tensorOf([2, 0, 2, -1], [4], 'int32')
    const gradient = grad((v: Variable) => sum(mul(take(v, indices), weights)))(x)
    expectTensor(gradient, [3], 'float64', [10, 0, 1101])
  })

  test.each<DType>(['int32', 'uint8'])('takes indices of %s', (dtype) => {
    expectTensor(take(tensorOf([5, 6], [2]), tensorOf([1, 0], [2], dtype)), [2], 'float64', [6, 5])
  })

  test('refuses indices out of bounds or of other dtypes', () => {
    const x = tensorOf([1, 2, 3], [3])
    for (const index of [3, -4, 0.5, NaN])
      expectError(
        () => take(x, index),
        IndexError,
        'INDEX_OUT_OF_BOUNDS',
        `take: index ${index} is out of bounds for an axis of size 3; wants -3 to 2`,
      )
    expectError(
      () => take(tensorOf([], [0]), tensorOf([0], [1], 'int32')),
      IndexError,
      'INDEX_OUT_OF_BOUNDS',
      'take: index 0 is out of bounds for an axis of size 0',
    )
    for (const dtype of ['float32', 'float64', 'bool'] as const)
      expectError(
        () => take(x, tensorOf([0], [1], dtype)),
        DTypeError,
        'INDEX_DTYPE',
        `take: indices are Tensor ${dtype} [1]; wants int32 or uint8: tensor(indices, { dtype: 'int32' }) or cast`,
      )
    expectError(() => take(1, 0), ShapeError, 'UNKNOWN_AXIS', /^take: unknown axis 0 of a value of rank 0/)
    expectError(() => take(x, [0] as never), ArgumentError, 'WRONG_TYPE', /^take: indices: got plain array/)
  })
})

describe('takeAlongAxis', () => {
  test('picks line by line', () => {
    const calls = picks((x, axis) => fc.nat({ max: 3 }).map((count) => x.shape.with(axis, count)))
    fc.assert(
      fc.property(calls, ({ x, axis, indices }) => {
        const along = fromFront(axis, x.rank)
        const elements = elementsOf(indices.shape, (index) =>
          at(x, index.with(along, fromFront(at(indices, index), x.shape[along]))),
        )
        expectTensor(takeAlongAxis(x, indices, axis), indices.shape, 'float64', elements)
      }),
    )
  })

  test('adds derivatives up where an index is repeated', () => {
    const x = tensorOf([1, 2, 3, 4], [2, 2])
    const indices = tensorOf([1, -1, 1, 0, 0, 1], [2, 3], 'int32')
    const weights = tensorOf([1, 2, 4, 8, 16, 32], [2, 3])
    const gradient = grad((v: Variable) => sum(mul(takeAlongAxis(v, indices, 1), weights)))(x)
    expectTensor(gradient, [2, 2], 'float64', [0, 7, 24, 32])
  })

  test('refuses other shapes, dtypes and indices out of bounds', () => {
    const x = tensorOf([1, 2, 3, 4], [2, 2])
    expectError(
      () => takeAlongAxis(x, tensorOf([0, 0, 0], [3, 1], 'int32'), 1),
      ShapeError,
      'INDEX_SHAPE',
      'takeAlongAxis: indices of shape [3, 1] for a value of shape [2, 2]; wants the same sizes but along axis 1',
    )
    expectError(() => takeAlongAxis(x, 0, 1), ShapeError, 'INDEX_SHAPE', /indices of shape \[\] for a value/)
    expectError(
      () => takeAlongAxis(x, tensorOf([0, 2], [2, 1], 'int32'), 1),
      IndexError,
      'INDEX_OUT_OF_BOUNDS',
      'takeAlongAxis: index 2 is out of bounds for an axis of size 2; wants -2 to 1',
    )
    expectError(
      () => takeAlongAxis(x, tensorOf([0, 1], [2, 1]), 1),
      DTypeError,
      'INDEX_DTYPE',
      /^takeAlongAxis: indices are Tensor float64 \[2, 1\]; wants int32 or uint8/,
    )
  })
})

describe('oneHot', () => {
  test('has a 1 at each index', () => {
    const calls = fc
      .record({ depth: fc.integer({ min: 1, max: 5 }), dtype: fc.constantFrom<DType>('int32', 'uint8') })
      .chain(({ depth, dtype }) => fc.tuple(tensor({ dtype, min: 0, max: depth - 1 }), fc.constant(depth)))
    fc.assert(
      fc.property(calls, ([indices, depth]) => {
        const to = [...indices.shape, depth]
        const elements = elementsOf(to, (index) => Number(at(indices, index.slice(0, -1)) === index.at(-1)))
        expectTensor(oneHot(indices, depth), to, 'float32', elements)
        expectTensor(oneHot(indices, depth, { dtype: 'int32' }), to, 'int32', elements)
      }),
    )
  })

  test('takes a number', () => {
    expectTensor(oneHot(1, 3), [3], 'float32', [0, 1, 0])
  })

  test('refuses indices out of bounds, negative ones too', () => {
    for (const index of [-1, 3])
      expectError(
        () => oneHot(tensorOf([index], [1], 'int32'), 3),
        IndexError,
        'INDEX_OUT_OF_BOUNDS',
        `oneHot: index ${index} is out of bounds for a depth of 3; wants 0 to 2`,
      )
    expectError(
      () => oneHot(0.5, 3),
      IndexError,
      'INDEX_OUT_OF_BOUNDS',
      /^oneHot: index 0.5 is out of bounds/,
    )
  })

  test('refuses other depths and dtypes', () => {
    expectError(
      () => oneHot(0, -1),
      ArgumentError,
      'INVALID_DEPTH',
      'oneHot: depth is -1; wants a whole number of at least 0',
    )
    expectError(
      () => oneHot(tensorOf([0], [1]), 2),
      DTypeError,
      'INDEX_DTYPE',
      "oneHot: indices are Tensor float64 [1]; wants int32 or uint8: tensor(indices, { dtype: 'int32' }) or cast",
    )
    expectError(
      () => oneHot(0, 2, { dtype: 'half' as never }),
      DTypeError,
      'UNKNOWN_DTYPE',
      /^oneHot: unknown dtype half/,
    )
  })
})
