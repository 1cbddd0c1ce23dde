/** Operations that rearrange elements: against index arithmetic, zero sizes included, and what they refuse. */
import fc from 'fast-check'
import { axesOf, axisOf, shape, shapeBroadcastingTo, tensor } from '@tapegrad/autograd/testing'
import type { Shape } from '../../src/index.js'
import {
  ArgumentError,
  ShapeError,
  broadcastTo,
  concat,
  flip,
  pad,
  reshape,
  slice,
  transpose,
} from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { at, axesMeant, elementsOf, expectTensor, tensorOf } from '../support/reference.js'

const dtype = fc.constantFrom('float64', 'float32', 'int32', 'uint8', 'bool')

/** A tensor of any shape and dtype, with what `draw` draws for its shape. */
function tensorWith<A>(draw: (ofShape: Shape) => fc.Arbitrary<A>, minRank = 0) {
  return fc
    .tuple(shape({ minRank, maxRank: 4, maxSize: 3 }), dtype)
    .chain(([drawn, type]) => fc.tuple(tensor({ shape: drawn, dtype: type }), draw(drawn)))
}

describe('reshape', () => {
  test('keeps the elements in order and shares their data, whichever size is left open', () => {
    const calls = tensorWith(([...sizes]) =>
      fc.tuple(
        fc.shuffledSubarray([1, ...sizes], { minLength: sizes.length + 1 }),
        fc.nat({ max: sizes.length }),
        fc.boolean(),
      ),
    )
    fc.assert(
      fc.property(calls, ([x, [to, axis, isOpen]]) => {
        // With no elements, or none beside it, an open size could be anything.
        const wanted = isOpen && x.size > 0 ? to.with(axis, -1) : to
        const result = reshape(x, wanted)
        expectTensor(result, to, x.dtype, Array.from(x.data))
        expect(result.data).toBe(x.data)
      }),
    )
  })

  test('makes a tensor of a number', () => {
    expectTensor(reshape(5, [1, 1]), [1, 1], 'float64', [5])
    expectTensor(reshape(5, []), [], 'float64', [5])
  })

  test('refuses sizes that do not fit', () => {
    const x = tensorOf([1, 2, 3, 4, 5, 6], [2, 3])
    expectError(
      () => reshape(x, [4, 2]),
      ShapeError,
      'RESHAPE_SIZE',
      "reshape: shape [2, 3] (6 elements) can't become [4, 2] (8 elements)",
    )
    expectError(
      () => reshape(x, [4, -1]),
      ShapeError,
      'RESHAPE_SIZE',
      "reshape: shape [2, 3] (6 elements) can't become [4, -1]; the rest is no whole number for −1",
    )
    expectError(
      () => reshape(x, [-1, -1]),
      ShapeError,
      'INVALID_SHAPE',
      'reshape: invalid shape [-1]; sizes are whole numbers of at least 0',
    )
    expectError(
      () => reshape(tensorOf([], [0]), [0, -1]),
      ShapeError,
      'RESHAPE_SIZE',
      /can't become \[0, -1\]/,
    )
    expectError(() => reshape([1] as never, [1]), ArgumentError, 'WRONG_TYPE', /^reshape: got plain array/)
  })
})

describe('transpose', () => {
  test('puts the axes in any order', () => {
    const calls = tensorWith(({ length: rank }) =>
      fc.shuffledSubarray(
        Array.from({ length: rank }, (_, k) => k),
        { minLength: rank },
      ),
    )
    fc.assert(
      fc.property(calls, fc.boolean(), ([x, axes], fromEnd) => {
        const to = axes.map((axis) => x.shape[axis])
        const elements = elementsOf(to, (index) =>
          at(
            x,
            x.shape.map((_, axis) => index[axes.indexOf(axis)]),
          ),
        )
        expectTensor(transpose(x, fromEnd ? axes.map((axis) => axis - x.rank) : axes), to, x.dtype, elements)
      }),
    )
  })

  test('reverses the axes when none are given', () => {
    fc.assert(
      fc.property(tensor(), (x) => {
        const to = [...x.shape].reverse()
        expectTensor(
          transpose(x),
          to,
          'float64',
          elementsOf(to, (index) => at(x, [...index].reverse())),
        )
      }),
    )
  })

  test('refuses what is no permutation', () => {
    const x = tensorOf([1, 2], [1, 2])
    expectError(
      () => transpose(x, [0, 0]),
      ShapeError,
      'NOT_A_PERMUTATION',
      'transpose: axes [0, 0] of a value of shape [1, 2]; wants each of its 2 axes once',
    )
    expectError(
      () => transpose(x, [0]),
      ShapeError,
      'NOT_A_PERMUTATION',
      /axes \[0\] of a value of shape \[1, 2\]/,
    )
    expectError(
      () => transpose(x, [0, 2]),
      ShapeError,
      'UNKNOWN_AXIS',
      'transpose: unknown axis 2 of a value of rank 2; axes go from -2 to 1',
    )
  })
})

describe('broadcastTo', () => {
  test('repeats elements as broadcasting does', () => {
    const calls = shape({ maxRank: 4 }).chain((to) =>
      fc.tuple(fc.constant(to), tensor({ shape: shapeBroadcastingTo(to) })),
    )
    fc.assert(
      fc.property(calls, ([to, x]) => {
        expectTensor(
          broadcastTo(x, to),
          to,
          'float64',
          elementsOf(to, (index) => at(x, index)),
        )
      }),
    )
  })

  test('refuses shapes it does not broadcast to', () => {
    const x = tensorOf([1, 2], [2])
    expectError(
      () => broadcastTo(x, [2, 3]),
      ShapeError,
      'DOES_NOT_BROADCAST',
      "broadcastTo: shape [2] doesn't broadcast to [2, 3]; aligned at the end, its sizes must be equal or 1",
    )
    expectError(
      () => broadcastTo(x, []),
      ShapeError,
      'DOES_NOT_BROADCAST',
      /shape \[2\] doesn't broadcast to \[\]/,
    )
    expectError(() => broadcastTo(x, [-1, 2]), ShapeError, 'INVALID_SHAPE', /invalid shape \[-1, 2\]/)
  })
})

describe('slice', () => {
  test('takes along each axis what Array.prototype.slice takes', () => {
    const index = fc.integer({ min: -5, max: 5 })
    const calls = tensorWith(({ length: rank }) =>
      fc.tuple(
        fc.array(index, { maxLength: rank }),
        fc.option(fc.array(index, { maxLength: rank }), { nil: undefined }),
      ),
    )
    fc.assert(
      fc.property(calls, ([x, [start, end]]) => {
        const picks = x.shape.map((size, axis) =>
          Array.from({ length: size }, (_, k) => k).slice(start[axis] ?? 0, end?.[axis]),
        )
        const to = picks.map((pick) => pick.length)
        const elements = elementsOf(to, (i) =>
          at(
            x,
            i.map((k, axis) => picks[axis][k]),
          ),
        )
        expectTensor(slice(x, start, end), to, x.dtype, elements)
      }),
    )
  })

  test('refuses more indices than axes, and fractions', () => {
    const x = tensorOf([1, 2], [2])
    expectError(
      () => slice(x, [0, 0], [1]),
      ShapeError,
      'SLICE_INDICES',
      'slice: from [0, 0] to [1] of a value of shape [2]; wants at most one whole number an axis',
    )
    expectError(() => slice(x, [0.5]), ShapeError, 'SLICE_INDICES', /^slice: from \[0.5\] to \[\] of/)
  })
})

describe('pad', () => {
  test('puts a value around the elements', () => {
    const width = fc.nat({ max: 2 })
    const calls = tensorWith(({ length: rank }) =>
      fc.array(fc.tuple(width, width), { minLength: rank, maxLength: rank }),
    )
    fc.assert(
      fc.property(calls, fc.constantFrom(0, 1), ([x, padding], value) => {
        const to = x.shape.map((size, axis) => padding[axis][0] + size + padding[axis][1])
        const elements = elementsOf(to, (index) => {
          const from = index.map((i, axis) => i - padding[axis][0])
          return from.every((i, axis) => i >= 0 && i < x.shape[axis]) ? at(x, from) : value
        })
        expectTensor(pad(x, padding, value), to, x.dtype, elements)
      }),
    )
  })

  test('bools are padded with 0 and 1 only', () => {
    expectTensor(pad(tensorOf([0], [1], 'bool'), [[1, 0]], 7), [2], 'bool', [1, 0])
    expectTensor(pad(tensorOf([0], [1], 'bool'), [[1, 0]], 0.5), [2], 'bool', [1, 0])
  })

  test('refuses other numbers of pairs and negative widths', () => {
    const x = tensorOf([1, 2], [1, 2])
    expectError(
      () => pad(x, [[1, 1]]),
      ShapeError,
      'PADDING',
      'pad: got [[1,1]] for a value of shape [1, 2]; wants a pair [before, after] of whole numbers from 0 for each of its 2 axes',
    )
    expectError(
      () =>
        pad(x, [
          [1, 1],
          [0, -1],
        ]),
      ShapeError,
      'PADDING',
      /^pad: got \[\[1,1\],\[0,-1\]\]/,
    )
    expectError(() => pad(x, [[1, 1], [0]]), ShapeError, 'PADDING', /^pad: got \[\[1,1\],\[0\]\]/)
  })
})

describe('flip', () => {
  test('reverses elements along axes', () => {
    const calls = tensorWith(({ length: rank }) => axesOf(rank))
    fc.assert(
      fc.property(calls, ([x, axes]) => {
        const flipped = axesMeant(axes, x.rank)
        const elements = elementsOf(x.shape, (index) =>
          at(
            x,
            index.map((i, axis) => (flipped.includes(axis) ? x.shape[axis] - 1 - i : i)),
          ),
        )
        expectTensor(flip(x, axes), x.shape, x.dtype, elements)
      }),
    )
  })

  test('refuses unknown axes', () => {
    expectError(
      () => flip(tensorOf([1], [1]), 1),
      ShapeError,
      'UNKNOWN_AXIS',
      'flip: unknown axis 1 of a value of rank 1; axes go from -1 to 0',
    )
  })
})

describe('concat', () => {
  test('puts values one after another along any axis', () => {
    const calls = shape({ minRank: 1, maxSize: 3 }).chain((first) =>
      axisOf(first.length).chain((axis) => {
        const along = axis < 0 ? axis + first.length : axis
        const sizes = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 })
        return fc.tuple(
          sizes.chain((drawn) =>
            fc.tuple(...drawn.map((size) => tensor({ shape: first.with(along, size) }))),
          ),
          fc.constant(axis),
          fc.constant(along),
        )
      }),
    )
    fc.assert(
      fc.property(calls, ([xs, axis, along]) => {
        const places = xs.flatMap((x, k) => Array.from({ length: x.shape[along] }, (_, i) => [k, i]))
        const to = xs[0].shape.with(along, places.length)
        const elements = elementsOf(to, (index) => {
          const [k, i] = places[index[along]]
          return at(xs[k], index.with(along, i))
        })
        expectTensor(concat(xs, axis), to, 'float64', elements)
      }),
    )
  })

  test('refuses shapes that differ elsewhere, scalars, and lists of none', () => {
    const [x, y] = [tensorOf([1, 2], [1, 2]), tensorOf([1, 2, 3], [1, 3])]
    expectError(
      () => concat([x, y]),
      ShapeError,
      'CONCAT_SHAPES',
      'concat: shapes [1, 2] and [1, 3] differ in more than axis 0',
    )
    expectError(
      () => concat([x, tensorOf([1], [1])], 1),
      ShapeError,
      'CONCAT_SHAPES',
      /shapes \[1, 2\] and \[1\] differ/,
    )
    expectError(
      () => concat([1, 2]),
      ShapeError,
      'UNKNOWN_AXIS',
      /^concat: unknown axis 0 of a value of rank 0/,
    )
    expectError(() => concat([]), ArgumentError, 'EMPTY_LIST', 'concat: wants a list of at least one value')
    expectError(
      () => concat(x as never),
      ArgumentError,
      'EMPTY_LIST',
      'concat: wants a list of at least one value',
    )
    expectError(
      () => concat([x, [1, 2] as never]),
      ArgumentError,
      'WRONG_TYPE',
      'concat: item 1: got plain array, wants a number, Tensor or Variable; wrap arrays with tensor(…)',
    )
  })
})
