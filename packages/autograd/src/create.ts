/** Making tensors: from arrays, filled, or from a range. */
import type { DType, TypedArray } from './dtype.js'
import { allocate, checkDType, dtypeOfStorage, isStorageOf } from './dtype.js'
import { ArgumentError, DTypeError, ShapeError } from './errors.js'
import type { Shape } from './shape.js'
import { checkShape, formatShape, sizeOf } from './shape.js'
import { Tensor } from './tensor.js'
import type { Spec, Value } from './value.js'
import { checkValue, dtypeOf, shapeOf, specOf } from './value.js'

export interface DTypeOption {
  readonly dtype?: DType | undefined
}

export interface TensorOptions extends DTypeOption {
  /** The shape of flat data; without it, nested arrays have their own and a typed array is a vector. */
  readonly shape?: Shape | undefined
}

/** Nested arrays may hold booleans too, which make 1 and 0. */
type NestedData = number | boolean | readonly NestedData[]

/**
 * A tensor of nested arrays (copied; float32 unless said otherwise, bool where all elements are booleans) or of a
 * typed array (taken over without copying; its own dtype unless said otherwise). A tensor is given back, in
 * another shape or dtype where one is asked for.
 *
 * Throws ShapeError for ragged arrays and where `shape` doesn't fit the number of elements, ArgumentError for
 * anything that is no number, boolean or array of them.
 */
export function tensor(
  data: NestedData | TypedArray | Uint8ClampedArray | Tensor,
  { shape, dtype }: TensorOptions = {},
): Tensor {
  if (dtype !== undefined) checkDType('tensor', dtype)
  if (shape !== undefined) checkShape('tensor', shape)
  const { flat, ownShape, ownDType } = flatten(data)
  const wanted = dtype ?? ownDType
  const size = sizeOf(shape ?? ownShape)
  if (size !== flat.length)
    throw new ShapeError(
      'DATA_SIZE',
      `tensor: ${flat.length} elements don't fill shape ${formatShape(shape ?? ownShape)}, which takes ${size}`,
    )
  return new Tensor(converted(flat, ownDType, wanted), shape === undefined ? ownShape : [...shape], wanted)
}

interface Flat {
  readonly flat: TypedArray | readonly number[]
  readonly ownShape: Shape
  readonly ownDType: DType
}

function flatten(data: unknown): Flat {
  if (data instanceof Tensor) return { flat: data.data, ownShape: data.shape, ownDType: data.dtype }
  if (data instanceof Uint8ClampedArray)
    return flatten(new Uint8Array(data.buffer, data.byteOffset, data.length))
  if (ArrayBuffer.isView(data)) {
    const ownDType = dtypeOfStorage(data)
    if (ownDType === undefined)
      throw new DTypeError(
        'UNKNOWN_STORAGE',
        `tensor: got a ${data.constructor.name}; wants a Float32Array, Float64Array, Int32Array or Uint8Array`,
      )
    const flat = data as TypedArray
    return { flat, ownShape: [flat.length], ownDType }
  }
  return flattenNested(data)
}

function flattenNested(data: unknown): Flat {
  const shape: number[] = []
  for (let level = data; Array.isArray(level); level = level[0] as unknown) shape.push(level.length)
  const flat: number[] = []
  let allBooleans = true
  const visit = (node: unknown, axis: number): void => {
    if (axis < shape.length) {
      if (!Array.isArray(node) || node.length !== shape[axis]) throw raggedError(shape, axis, node)
      for (const child of node) visit(child, axis + 1)
    } else if (Array.isArray(node)) throw raggedError(shape, axis, node)
    else if (typeof node === 'number' || typeof node === 'boolean') {
      allBooleans &&= typeof node === 'boolean'
      flat.push(Number(node))
    } else throw elementError(node)
  }
  visit(data, 0)
  return { flat, ownShape: shape, ownDType: allBooleans && flat.length > 0 ? 'bool' : 'float32' }
}

function raggedError(shape: Shape, axis: number, node: unknown): ShapeError {
  const found = Array.isArray(node) ? `an array of ${node.length}` : `the element ${String(node)}`
  const wanted = axis < shape.length ? `an array of ${shape[axis]}` : 'a number'
  return new ShapeError(
    'RAGGED_ARRAY',
    `tensor: ragged array: found ${found} at depth ${axis}, where the first had ${wanted}`,
  )
}

function elementError(node: unknown): ArgumentError {
  return new ArgumentError(
    'NOT_A_NUMBER',
    `tensor: got ${node === null ? 'null' : typeof node} among the elements; wants numbers, booleans, or arrays of them. ` +
      'To join tensors or variables use stack or concat',
  )
}

function converted(flat: TypedArray | readonly number[], from: DType, to: DType): TypedArray {
  if (ArrayBuffer.isView(flat) && isStorageOf(to, flat as TypedArray) && (from === to || to !== 'bool'))
    return flat as TypedArray
  const out = allocate(to, flat.length)
  if (to === 'bool') for (let i = 0; i < out.length; i++) out[i] = flat[i] === 0 ? 0 : 1
  else out.set(flat)
  return out
}

/** A tensor of `shape` whose elements are all `value`; float32 unless said otherwise. */
export function full(shape: Shape, value: number, { dtype = 'float32' }: DTypeOption = {}): Tensor {
  return filled('full', shape, value, dtype)
}

/** Zeros of `shape`; float32 unless said otherwise. */
export function zeros(shape: Shape, { dtype = 'float32' }: DTypeOption = {}): Tensor {
  return filled('zeros', shape, 0, dtype)
}

/** Ones of `shape`; float32 unless said otherwise. */
export function ones(shape: Shape, { dtype = 'float32' }: DTypeOption = {}): Tensor {
  return filled('ones', shape, 1, dtype)
}

function filled(name: string, shape: Shape, value: number, dtype: DType): Tensor {
  checkDType(name, dtype)
  checkShape(name, shape)
  const data = allocate(dtype, sizeOf(shape))
  if (value !== 0) data.fill(dtype === 'bool' ? 1 : value)
  return new Tensor(data, [...shape], dtype)
}

/** Zeros of the shape and dtype of `x`; a number gives 0. */
export function zerosLike(x: Value): number | Tensor {
  checkValue('zerosLike', x)
  return zerosOf(specOf(x))
}

/** Ones of the shape and dtype of `x`; a number gives 1. */
export function onesLike(x: Value): number | Tensor {
  checkValue('onesLike', x)
  return specOf(x).kind === 'number' ? 1 : ones(shapeOf(x), { dtype: dtypeOf(x) })
}

/** @internal Zeros of a kind, shape and dtype. */
export function zerosOf({ kind, shape, dtype }: Spec): number | Tensor {
  return kind === 'number' ? 0 : zeros(shape, { dtype })
}

/** The identity matrix of `n` rows; float32 unless said otherwise. */
export function eye(n: number, { dtype = 'float32' }: DTypeOption = {}): Tensor {
  const identity = filled('eye', [n, n], 0, dtype)
  for (let i = 0; i < n; i++) identity.data[i * (n + 1)] = 1
  return identity
}

/** The numbers from `start` up to, but not including, `stop`, `step` apart (which may be negative). float32 unless said otherwise. */
export function arange(
  start: number,
  stop: number,
  step = 1,
  { dtype = 'float32' }: DTypeOption = {},
): Tensor {
  if (![start, stop, step].every(Number.isFinite) || step === 0)
    throw new ArgumentError(
      'INVALID_RANGE',
      `arange: from ${start} to ${stop} in steps of ${step} is no finite range; wants finite ends and a step other than 0`,
    )
  const steps = Math.max(0, Math.ceil((stop - start) / step))
  const last = start + (steps - 1) * step
  // The quotient may have been rounded up past a whole number, so that the last step reaches the stop.
  const isOneTooMany = steps > 0 && (step > 0 ? last >= stop : last <= stop)
  const count = isOneTooMany ? steps - 1 : steps
  const range = filled('arange', [count], 0, dtype)
  for (let i = 0; i < count; i++) range.data[i] = start + i * step
  return range
}

/** `count` numbers evenly spaced from `start` to `stop`, both included. float32 unless said otherwise. */
export function linspace(
  start: number,
  stop: number,
  count: number,
  { dtype = 'float32' }: DTypeOption = {},
): Tensor {
  const range = filled('linspace', [count], 0, dtype)
  // Weighing both ends hits each exactly.
  for (let i = 0; i < count; i++) {
    const fraction = count === 1 ? 0 : i / (count - 1)
    range.data[i] = start * (1 - fraction) + stop * fraction
  }
  return range
}
