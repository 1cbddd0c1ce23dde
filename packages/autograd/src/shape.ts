/** Arithmetic of shapes: sizes, strides, axes and broadcasting as NumPy defines it. */
import { ShapeError } from './errors.js'

export type Shape = readonly number[]

/** The number of elements: the product of the sizes, 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (const extent of shape) size *= extent
  return size
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false
  return true
}

/** `[2, 3]`, as shapes appear in messages. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

/** How far apart neighbours along each axis lie in a contiguous, row-major array. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis]
  }
  return strides
}

/** The largest number of elements: what a typed array can hold in every engine. */
const maxSize = 2 ** 31

/** Checks that a shape is an array, every size a whole number of at least 0, and that the whole can be allocated. */
export function checkShape(name: string, shape: Shape): void {
  if (!Array.isArray(shape))
    throw new ShapeError(
      'INVALID_SHAPE',
      `${name}: the shape is ${String(shape)}; wants an array of sizes, such as [2, 3]`,
    )
  for (const extent of shape)
    if (!Number.isSafeInteger(extent) || extent < 0)
      throw new ShapeError(
        'INVALID_SHAPE',
        `${name}: invalid shape ${formatShape(shape)}; sizes are whole numbers of at least 0`,
      )
  if (sizeOf(shape) > maxSize)
    throw new ShapeError(
      'TOO_LARGE',
      `${name}: shape ${formatShape(shape)} has ${sizeOf(shape)} elements; at most ${maxSize} fit`,
    )
}

/** An axis counted from the front; negative ones count from the end. */
export function normalizeAxis(name: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw new ShapeError(
      'UNKNOWN_AXIS',
      `${name}: unknown axis ${axis} of a value of rank ${rank}` +
        (rank === 0 ? '; a scalar has no axes' : `; axes go from ${-rank} to ${rank - 1}`),
    )
  return axis < 0 ? axis + rank : axis
}

/** One axis, several or (undefined) all, as a sorted list counted from the front, each at most once. */
export function normalizeAxes(
  name: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis)
  const list = typeof axes === 'number' ? [axes] : axes
  const normalized = list.map((axis) => normalizeAxis(name, axis, rank)).sort((a, b) => a - b)
  const repeated = normalized.find((axis, i) => axis === normalized[i - 1])
  if (repeated !== undefined)
    throw new ShapeError('REPEATED_AXIS', `${name}: axis ${repeated} appears twice in ${formatShape(list)}`)
  return normalized
}

/** The shape that `a` and `b` broadcast to: aligned at the end, sizes equal or 1. */
export function broadcastShapes(name: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b) || b.length === 0) return a
  if (a.length === 0) return b
  const rank = Math.max(a.length, b.length)
  const shape = new Array<number>(rank)
  for (let axis = 0; axis < rank; axis++) {
    const m = a[axis - rank + a.length] ?? 1
    const n = b[axis - rank + b.length] ?? 1
    if (m !== n && m !== 1 && n !== 1)
      throw new ShapeError(
        'SHAPES_DO_NOT_BROADCAST',
        `${name}: shapes ${formatShape(a)} and ${formatShape(b)} don't broadcast ` +
          `(${m} ≠ ${n}); aligned at the end, sizes must be equal or 1`,
      )
    shape[axis] = m === 1 ? n : m
  }
  return shape
}

/** Whether `shape` broadcasts to exactly `target`. */
export function broadcastsTo(shape: Shape, target: Shape): boolean {
  const missing = target.length - shape.length
  return missing >= 0 && shape.every((extent, axis) => extent === 1 || extent === target[axis + missing])
}

/** The axes of `target` along which `shape` repeats: those it lacks, and those where it has size 1. */
export function broadcastAxes(shape: Shape, target: Shape): number[] {
  const missing = target.length - shape.length
  const axes: number[] = []
  for (let axis = 0; axis < target.length; axis++)
    if (axis < missing || (shape[axis - missing] === 1 && target[axis] !== 1)) axes.push(axis)
  return axes
}

/** The shape left when `axes` (sorted, from the front) are reduced. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  return keepDims
    ? shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
    : shape.filter((_, axis) => !axes.includes(axis))
}
