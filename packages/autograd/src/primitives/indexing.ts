/** Picking elements by index: take, takeAlongAxis, their adjoints that scatter and add, and oneHot. */
import type { DType } from '../dtype.js'
import { allocate, checkDType, isFloat } from '../dtype.js'
import { ArgumentError, DTypeError, IndexError, ShapeError } from '../errors.js'
import type { BinaryCall } from '../primitive.js'
import { defineBinary, defineUnary } from '../primitive.js'
import type { Shape } from '../shape.js'
import { formatShape, normalizeAxis, sameShape, sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { JoinTensor, Value } from '../value.js'
import { checkValue, describe, dtypeOf, kindOf, shapeOf } from '../value.js'
import { cast } from './cast.js'

/** The sizes before, along and after an axis. */
function around(shape: Shape, axis: number): { outer: number; extent: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), extent: shape[axis], inner: sizeOf(shape.slice(axis + 1)) }
}

/** The index counted from the front. Throws IndexError where it points outside; negatives count from the end. */
function checkedIndex(name: string, index: number, extent: number): number {
  if (!Number.isInteger(index) || index < -extent || index >= extent)
    throw new IndexError(
      'INDEX_OUT_OF_BOUNDS',
      `${name}: index ${index} is out of bounds for an axis of size ${extent}` +
        (extent === 0 ? '' : `; wants ${-extent} to ${extent - 1}`),
    )
  return index < 0 ? index + extent : index
}

function checkIndices(name: string, indices: Value): void {
  checkValue(`${name}: indices`, indices)
  const isWhole = kindOf(indices) === 'number' || !isFloat(dtypeOf(indices))
  if (!isWhole || dtypeOf(indices) === 'bool')
    throw new DTypeError(
      'INDEX_DTYPE',
      `${name}: indices are ${describe(indices)}; wants int32 or uint8: tensor(indices, { dtype: 'int32' }) or cast`,
    )
}

/** The attributes of taking and of its adjoint: the axis, and its size in what is taken from. */
export interface Along {
  readonly axis: number
  readonly extent: number
}

const takeSlices: BinaryCall<Along> = defineBinary({
  name: 'take',
  infer: ([x, indices], { axis }) => ({
    kind: 'tensor',
    shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
    dtype: x.dtype,
  }),
  tensor: (x, indices, { shape, dtype }, { axis }) => {
    const { outer, extent, inner } = around(x.shape, axis)
    const out = allocate(dtype, sizeOf(shape))
    const count = indices.size
    for (let k = 0; k < count; k++) {
      const index = checkedIndex('take', indices.data[k], extent)
      for (let i = 0; i < outer; i++) {
        const from = (i * extent + index) * inner
        out.set(x.data.subarray(from, from + inner), (i * count + k) * inner)
      }
    }
    return new Tensor(out, shape, dtype)
  },
  reverse: [(upstream, _x, indices, _output, along) => scatterSlices(upstream, indices, along), null],
  forward: [(tangent, _x, indices, _output, along) => takeSlices(tangent, indices, along), null],
})

/** The adjoint of take: adds each slice of `x` to the place in zeros that its index names. */
const scatterSlices: BinaryCall<Along> = defineBinary({
  name: 'scatterAdd',
  infer: ([x, indices], { axis, extent }) => ({
    kind: 'tensor',
    shape: [...x.shape.slice(0, axis), extent, ...x.shape.slice(axis + indices.shape.length)],
    dtype: x.dtype,
  }),
  tensor: (x, indices, { shape, dtype }, { axis, extent }) => {
    const { outer, inner } = around(shape, axis)
    const out = allocate(dtype, sizeOf(shape))
    const count = indices.size
    for (let k = 0; k < count; k++) {
      const index = checkedIndex('take', indices.data[k], extent)
      for (let i = 0; i < outer; i++)
        for (let j = 0; j < inner; j++)
          out[(i * extent + index) * inner + j] += x.data[(i * count + k) * inner + j]
    }
    return new Tensor(out, shape, dtype)
  },
  reverse: [(upstream, _x, indices, _output, along) => takeSlices(upstream, indices, along), null],
  forward: [(tangent, _x, indices, _output, along) => scatterSlices(tangent, indices, along), null],
})

/**
 * The slices of `x` at `indices` along `axis`: rows by default. `indices` is int32 or uint8 of any shape, which
 * takes the axis's place in the result; negatives count from the end. The derivative adds the slices back where
 * they came from, repeated ones too. Throws IndexError for an index out of bounds, DTypeError for other indices.
 */
export function take<A extends Value>(x: A, indices: Value, axis?: number): JoinTensor<A>
export function take(x: Value, indices: Value, axis = 0): Value {
  checkValue('take', x)
  checkIndices('take', indices)
  const shape = shapeOf(x)
  const along = normalizeAxis('take', axis, shape.length)
  // Beside a float32 a number would become one, which large whole numbers don't fit in.
  const exact = kindOf(indices) === 'number' ? cast(indices, 'float64') : indices
  return takeSlices(x, exact, { axis: along, extent: shape[along] })
}

/** Calls `visit` with the offsets of each picked element and of the element of `x` that it picks. */
function forEachPick(
  name: string,
  indices: Tensor,
  axis: number,
  extent: number,
  visit: (pick: number, from: number) => void,
): void {
  const { outer, extent: count, inner } = around(indices.shape, axis)
  for (let i = 0; i < outer; i++)
    for (let k = 0; k < count; k++)
      for (let j = 0; j < inner; j++) {
        const pick = (i * count + k) * inner + j
        visit(pick, (i * extent + checkedIndex(name, indices.data[pick], extent)) * inner + j)
      }
}

const takeElements: BinaryCall<Along> = defineBinary({
  name: 'takeAlongAxis',
  infer: ([x, indices]) => ({ kind: 'tensor', shape: indices.shape, dtype: x.dtype }),
  tensor: (x, indices, { shape, dtype }, { axis, extent }) => {
    const out = allocate(dtype, sizeOf(shape))
    forEachPick('takeAlongAxis', indices, axis, extent, (pick, from) => {
      out[pick] = x.data[from]
    })
    return new Tensor(out, shape, dtype)
  },
  reverse: [(upstream, _x, indices, _output, along) => scatterElements(upstream, indices, along), null],
  forward: [(tangent, _x, indices, _output, along) => takeElements(tangent, indices, along), null],
})

/** The adjoint of takeAlongAxis: adds each element of `x` to the place in zeros that its index names. */
const scatterElements: BinaryCall<Along> = defineBinary({
  name: 'scatterAddAlongAxis',
  infer: ([x], { axis, extent }) => ({ kind: 'tensor', shape: x.shape.with(axis, extent), dtype: x.dtype }),
  tensor: (x, indices, { shape, dtype }, { axis, extent }) => {
    const out = allocate(dtype, sizeOf(shape))
    forEachPick('takeAlongAxis', indices, axis, extent, (pick, from) => {
      out[from] += x.data[pick]
    })
    return new Tensor(out, shape, dtype)
  },
  reverse: [(upstream, _x, indices, _output, along) => takeElements(upstream, indices, along), null],
  forward: [(tangent, _x, indices, _output, along) => scatterElements(tangent, indices, along), null],
})

/**
 * The elements of `x` at `indices` along `axis`, line by line: out[i, j] = x[i, indices[i, j]] for axis 1.
 * `indices` (int32 or uint8) has the shape of `x` but along the axis; negatives count from the end. Throws
 * IndexError for an index out of bounds, ShapeError where the other sizes differ.
 */
export function takeAlongAxis<A extends Value>(x: A, indices: Value, axis: number): JoinTensor<A>
export function takeAlongAxis(x: Value, indices: Value, axis: number): Value {
  checkValue('takeAlongAxis', x)
  checkIndices('takeAlongAxis', indices)
  const shape = shapeOf(x)
  const along = normalizeAxis('takeAlongAxis', axis, shape.length)
  const wanted = shape.with(along, shapeOf(indices)[along] ?? -1)
  if (!sameShape(shapeOf(indices), wanted))
    throw new ShapeError(
      'INDEX_SHAPE',
      `takeAlongAxis: indices of shape ${formatShape(shapeOf(indices))} for a value of shape ${formatShape(shape)}; ` +
        `wants the same sizes but along axis ${axis}`,
    )
  return takeElements(x, indices, { axis: along, extent: shape[along] })
}

const encode = defineUnary<{ depth: number; dtype: DType }>({
  name: 'oneHot',
  infer: ([indices], { depth, dtype }) => ({ kind: 'tensor', shape: [...indices.shape, depth], dtype }),
  tensor: (indices, { shape, dtype }, { depth }) => {
    const out = allocate(dtype, sizeOf(shape))
    indices.data.forEach((index, k) => {
      out[k * depth + checkedClass(index, depth)] = 1
    })
    return new Tensor(out, shape, dtype)
  },
  reverse: null,
  forward: null,
})

/** Unlike an index into an axis, a class is not counted from the end: a negative label is a mistake. */
function checkedClass(index: number, depth: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= depth)
    throw new IndexError(
      'INDEX_OUT_OF_BOUNDS',
      `oneHot: index ${index} is out of bounds for a depth of ${depth}` +
        (depth === 0 ? '' : `; wants 0 to ${depth - 1}`),
    )
  return index
}

/**
 * Rows of `depth` elements, each 0 but for a 1 at the index (int32 or uint8): shape [...indices.shape, depth],
 * float32 unless said otherwise. Throws IndexError for an index below 0 or from `depth` on.
 */
export function oneHot<A extends Value>(
  indices: A,
  depth: number,
  options?: { readonly dtype?: DType | undefined },
): JoinTensor<A>
export function oneHot(
  indices: Value,
  depth: number,
  { dtype = 'float32' }: { readonly dtype?: DType | undefined } = {},
): Value {
  checkIndices('oneHot', indices)
  checkDType('oneHot', dtype)
  if (!Number.isSafeInteger(depth) || depth < 0)
    throw new ArgumentError('INVALID_DEPTH', `oneHot: depth is ${depth}; wants a whole number of at least 0`)
  return encode(indices, { depth, dtype })
}
