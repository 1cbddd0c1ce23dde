/** Operations that rearrange elements: reshape, transpose, broadcastTo, slice, pad, flip, concat. All are linear. */
import { broadcastStrides } from '../broadcastLoop.js'
import { allocate, promote } from '../dtype.js'

import { ArgumentError, ShapeError } from '../errors.js'
import type { UnaryCall } from '../primitive.js'
import { defineUnary, defineVariadic } from '../primitive.js'
import type { Shape } from '../shape.js'
import {
  broadcastsTo,
  checkShape,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  sameShape,
  sizeOf,
  stridesOf,
} from '../shape.js'
import { Tensor } from '../tensor.js'
import { gatherStrided, transposeData } from '../transposeData.js'
import type { JoinTensor, Spec, Value } from '../value.js'
import { checkValue, kindOf, shapeOf } from '../value.js'
import type { Variable } from '../variable.js'

function withShape({ dtype }: Spec, shape: Shape): Spec {
  return { kind: 'tensor', shape, dtype }
}

const reshapeTo = defineUnary<{ shape: Shape }>({
  name: 'reshape',
  infer: ([x], { shape }) => withShape(x, shape),
  tensor: ({ data, dtype }, { shape }) => new Tensor(data, shape, dtype),
  reverse: (upstream, x) => reshape(upstream, shapeOf(x)),
  forward: 'linear',
})

/**
 * The same elements in the same order under another shape, sharing the data; one size may be −1, then it is
 * what remains. Throws ShapeError where the sizes don't multiply to the number of elements.
 */
export function reshape<A extends Value>(x: A, shape: Shape): JoinTensor<A>
export function reshape(x: Value, shape: Shape): Value {
  checkValue('reshape', x)
  const resolved = resolveShape(shapeOf(x), shape)
  const isDone = kindOf(x) === 'tensor' && sameShape(resolved, shapeOf(x))
  return isDone ? x : reshapeTo(x, { shape: resolved })
}

function resolveShape(from: Shape, to: Shape): Shape {
  const size = sizeOf(from)
  const open = to.indexOf(-1)
  const known = to.filter((_, axis) => axis !== open)
  checkShape('reshape', known)
  const rest = size / sizeOf(known)
  const resolved = open === -1 ? to : to.with(open, rest)
  if (open === -1 ? sizeOf(to) !== size : !Number.isInteger(rest))
    throw new ShapeError(
      'RESHAPE_SIZE',
      `reshape: shape ${formatShape(from)} (${size} elements) can't become ${formatShape(to)}` +
        (open === -1 ? ` (${sizeOf(to)} elements)` : '; the rest is no whole number for −1'),
    )
  return resolved
}

const permute = defineUnary<{ axes: readonly number[] }>({
  name: 'transpose',
  infer: ([x], { axes }) =>
    withShape(
      x,
      axes.map((axis) => x.shape[axis]),
    ),
  tensor: ({ data, shape: from, dtype }, { shape }, { axes }) =>
    new Tensor(transposeData(data, from, axes), shape, dtype),
  reverse: (upstream, _x, _output, { axes }) => transpose(upstream, inversePermutation(axes)),
  forward: 'linear',
})

function inversePermutation(axes: readonly number[]): number[] {
  const inverse = new Array<number>(axes.length)
  axes.forEach((axis, k) => (inverse[axis] = k))
  return inverse
}

/**
 * The value with its axes in another order: axis k of the result is axis `axes[k]` of `x`; reversed when `axes`
 * is left out. Throws ShapeError where `axes` isn't each axis once.
 */
export function transpose<A extends Value>(x: A, axes?: readonly number[]): JoinTensor<A>
export function transpose(x: Value, axes?: readonly number[]): Value {
  checkValue('transpose', x)
  const rank = shapeOf(x).length
  const order =
    axes?.map((axis) => normalizeAxis('transpose', axis, rank)) ?? shapeOf(x).map((_, k) => rank - 1 - k)
  if (order.length !== rank || new Set(order).size !== rank)
    throw new ShapeError(
      'NOT_A_PERMUTATION',
      `transpose: axes ${formatShape(axes ?? order)} of a value of shape ${formatShape(shapeOf(x))}; wants each of its ${rank} axes once`,
    )
  const isDone = kindOf(x) === 'tensor' && order.every((axis, k) => axis === k)
  return isDone ? x : permute(x, { axes: order })
}

const broadcast = defineUnary<{ shape: Shape }>({
  name: 'broadcastTo',
  infer: ([x], { shape }) => withShape(x, shape),
  tensor: (x, { shape, dtype }) =>
    new Tensor(gatherStrided(x.data, shape, broadcastStrides(x.shape, shape), 0), shape, dtype),
  // The levels sum a derivative down to the shape of its input.
  reverse: (upstream) => upstream,
  forward: 'linear',
})

/** `x` repeated to `shape` by the rules of broadcasting. Throws ShapeError where it doesn't broadcast to it. */
export function broadcastTo<A extends Value>(x: A, shape: Shape): JoinTensor<A>
export function broadcastTo(x: Value, shape: Shape): Value {
  checkValue('broadcastTo', x)
  checkShape('broadcastTo', shape)
  const from = shapeOf(x)
  if (!broadcastsTo(from, shape))
    throw new ShapeError(
      'DOES_NOT_BROADCAST',
      `broadcastTo: shape ${formatShape(from)} doesn't broadcast to ${formatShape(shape)}; ` +
        'aligned at the end, its sizes must be equal or 1',
    )
  const isDone = kindOf(x) === 'tensor' && sameShape(from, shape)
  return isDone ? x : broadcast(x, { shape })
}

/** Per axis: the first index, and the one after the last. */
interface Range {
  readonly start: readonly number[]
  readonly end: readonly number[]
}

const sliceRange = defineUnary<Range>({
  name: 'slice',
  infer: ([x], { start, end }) =>
    withShape(
      x,
      start.map((first, axis) => Math.max(0, end[axis] - first)),
    ),
  tensor: ({ data, shape: from, dtype }, { shape }, { start }) => {
    const strides = stridesOf(from)
    const first = start.reduce((offset, index, axis) => offset + index * strides[axis], 0)
    return new Tensor(gatherStrided(data, shape, strides, first), shape, dtype)
  },
  reverse: (upstream, x, output, { start }) =>
    pad(
      upstream,
      shapeOf(x).map((extent, axis) => [start[axis], extent - start[axis] - shapeOf(output)[axis]]),
    ),
  forward: 'linear',
})

/**
 * The elements from `start` up to, but not including, `end` along each axis, as Array.prototype.slice: negatives
 * count from the end, and indices beyond the ends are drawn in. Axes left out at the end are taken whole.
 * Throws ShapeError for more indices than axes.
 */
export function slice<A extends Value>(x: A, start: readonly number[], end?: readonly number[]): JoinTensor<A>
export function slice(x: Value, start: readonly number[], end: readonly number[] = []): Value {
  checkValue('slice', x)
  const shape = shapeOf(x)
  if (start.length > shape.length || end.length > shape.length || ![...start, ...end].every(Number.isInteger))
    throw new ShapeError(
      'SLICE_INDICES',
      `slice: from ${formatShape(start)} to ${formatShape(end)} of a value of shape ${formatShape(shape)}; ` +
        'wants at most one whole number an axis',
    )
  const within = (index: number, extent: number): number =>
    Math.min(Math.max(index < 0 ? index + extent : index, 0), extent)
  const range = {
    start: shape.map((extent, axis) => within(start[axis] ?? 0, extent)),
    end: shape.map((extent, axis) => within(end[axis] ?? extent, extent)),
  }
  return sliceRange(x, range)
}

type Padding = readonly (readonly [before: number, after: number])[]

const padAxes: UnaryCall<{ readonly padding: Padding; readonly value: number }> = defineUnary({
  name: 'pad',
  infer: ([x], { padding }) =>
    withShape(
      x,
      x.shape.map((extent, axis) => padding[axis][0] + extent + padding[axis][1]),
    ),
  tensor: (x, { shape, dtype }, { padding, value }) => {
    const out = allocate(dtype, sizeOf(shape)).fill(dtype === 'bool' ? Number(value !== 0) : value)
    const strides = stridesOf(shape)
    const first = padding.reduce((offset, [before], axis) => offset + before * strides[axis], 0)
    scatterRows(x, out, strides, first)
    return new Tensor(out, shape, dtype)
  },
  reverse: (upstream, x, _output, { padding }) =>
    slice(
      upstream,
      padding.map(([before]) => before),
      padding.map(([before], axis) => before + shapeOf(x)[axis]),
    ),
  forward: (tangent, _x, _output, { padding }) => padAxes(tangent, { padding, value: 0 }),
})

/** Copies `x` into the box of `out` that begins at `first` and has the given strides. */
function scatterRows(
  { data, shape }: Tensor,
  out: ReturnType<typeof allocate>,
  strides: readonly number[],
  first: number,
): void {
  if (data.length === 0) return
  const rowLength = shape.at(-1) ?? 1
  let next = 0
  const walk = (axis: number, offset: number): void => {
    if (axis >= shape.length - 1) {
      out.set(data.subarray(next, next + rowLength), offset)
      next += rowLength
      return
    }
    for (let i = 0; i < shape[axis]; i++) walk(axis + 1, offset + i * strides[axis])
  }
  walk(0, first)
}

/**
 * `x` with `value` put before and after it along each axis: `[[before, after], …]`, one pair an axis. Throws
 * ShapeError for another number of pairs or a negative width.
 */
export function pad<A extends Value>(
  x: A,
  padding: readonly (readonly number[])[],
  value?: number,
): JoinTensor<A>
export function pad(x: Value, padding: readonly (readonly number[])[], value = 0): Value {
  checkValue('pad', x)
  const shape = shapeOf(x)
  const isPair = (pair: readonly number[]): pair is readonly [number, number] =>
    pair.length === 2 && pair.every((width) => Number.isInteger(width) && width >= 0)
  if (padding.length !== shape.length || !padding.every(isPair))
    throw new ShapeError(
      'PADDING',
      `pad: got ${JSON.stringify(padding)} for a value of shape ${formatShape(shape)}; ` +
        `wants a pair [before, after] of whole numbers from 0 for each of its ${shape.length} axes`,
    )
  return padAxes(x, { padding, value })
}

const flipAxes: UnaryCall<{ readonly axes: readonly number[] }> = defineUnary({
  name: 'flip',
  infer: ([x]) => withShape(x, x.shape),
  tensor: ({ data, shape, dtype }, _spec, { axes }) => {
    const strides = stridesOf(shape)
    const start = axes.reduce((offset, axis) => offset + (shape[axis] - 1) * strides[axis], 0)
    const signed = strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride))
    return new Tensor(gatherStrided(data, shape, signed, start), shape, dtype)
  },
  reverse: (upstream, _x, _output, { axes }) => flipAxes(upstream, { axes }),
  forward: 'linear',
})

/** The elements in reverse order along the axes: one, several, or all when left out. Throws ShapeError for an unknown axis. */
export function flip<A extends Value>(x: A, axes?: number | readonly number[]): JoinTensor<A>
export function flip(x: Value, axes?: number | readonly number[]): Value {
  checkValue('flip', x)
  return flipAxes(x, { axes: normalizeAxes('flip', axes, shapeOf(x).length) })
}

const concatenate = defineVariadic<{ axis: number }>({
  name: 'concat',
  infer: (xs, { axis }) => {
    const along = xs.reduce((total, { shape }) => total + shape[axis], 0)
    return {
      kind: 'tensor',
      shape: xs[0].shape.with(axis, along),
      dtype: xs.map(({ dtype }) => dtype).reduce(promote),
    }
  },
  tensor: (xs, { shape, dtype }, { axis }) => {
    const out = allocate(dtype, sizeOf(shape))
    const strides = stridesOf(shape)
    let offset = 0
    for (const x of xs) {
      scatterRows(x, out, strides, offset)
      offset += x.shape[axis] * strides[axis]
    }
    return new Tensor(out, shape, dtype)
  },
  reverse: (upstream, xs, _output, { axis }, position) => {
    const before = xs.slice(0, position).reduce<number>((total, x) => total + shapeOf(x)[axis], 0)
    const zeros = shapeOf(xs[position]).map(() => 0)
    const start = zeros.with(axis, before)
    return slice(
      upstream,
      start,
      shapeOf(xs[position]).map((extent, k) => start[k] + extent),
    )
  },
  forward: (tangent, xs, output, { axis }, position) => {
    const before = xs.slice(0, position).reduce<number>((total, x) => total + shapeOf(x)[axis], 0)
    const after = shapeOf(output)[axis] - before - shapeOf(tangent)[axis]
    return pad(
      tangent,
      shapeOf(tangent).map((_, k) => (k === axis ? [before, after] : [0, 0])),
    )
  },
})

/** The type of a value made of several: a Variable where one of them is, else a Tensor. */
export type JoinAll<A extends Value> = Extract<A, Variable> extends never ? Tensor : Variable

/**
 * The values one after another along `axis`; they agree in all other sizes, and their dtypes are promoted.
 * Throws ArgumentError for an empty list, ShapeError where they don't agree.
 */
export function concat<A extends Value>(xs: readonly A[], axis?: number): JoinAll<A>
export function concat(xs: readonly Value[], axis = 0): Value {
  checkList('concat', xs)
  const [first, ...rest] = xs.map(shapeOf)
  const normalized = normalizeAxis('concat', axis, first.length)
  for (const shape of rest)
    if (shape.length !== first.length || shape.some((extent, k) => k !== normalized && extent !== first[k]))
      throw new ShapeError(
        'CONCAT_SHAPES',
        `concat: shapes ${formatShape(first)} and ${formatShape(shape)} differ in more than axis ${axis}`,
      )
  return concatenate(xs, { axis: normalized })
}

/** Throws unless `xs` is a list of at least one value. */
export function checkList(name: string, xs: readonly Value[]): void {
  if (!Array.isArray(xs) || xs.length === 0)
    throw new ArgumentError('EMPTY_LIST', `${name}: wants a list of at least one value`)
  xs.forEach((x, k) => {
    checkValue(`${name}: item ${k}`, x)
  })
}
