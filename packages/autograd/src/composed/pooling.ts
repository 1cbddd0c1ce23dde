/** Pooling: the maximum, or the mean, of what each window over the spatial axes reads. */
import { ones } from '../create.js'
import type { DType } from '../dtype.js'
import { isFloat } from '../dtype.js'
import { ArgumentError, ShapeError } from '../errors.js'
import { div } from '../primitives/arithmetic.js'
import { cast } from '../primitives/cast.js'
import { convolve } from '../primitives/convolution.js'
import { max } from '../primitives/reductions.js'
import { reshape } from '../primitives/shape.js'
import { windows } from '../primitives/windows.js'
import { formatShape, sizeOf } from '../shape.js'
import type { JoinTensor, Value } from '../value.js'
import { checkValue, dtypeOf, shapeOf } from '../value.js'
import type { Padding, PerAxis } from '../windowOptions.js'
import { perAxis, resolveWindows } from '../windowOptions.js'
import type { PlacedWindows } from '../windows.js'

export interface PoolOptions {
  /** The size of a window. */
  readonly size: PerAxis
  /** From one window to the next; the size by default, so that windows lie side by side. */
  readonly stride?: PerAxis | undefined
  /** What is put around, as for a convolution, but on each side less than a window; none by default. */
  readonly padding?: Padding | undefined
}

export interface AveragePoolOptions extends PoolOptions {
  /** Whether places in the padding count as zeros; by default they don't count. */
  readonly countPadding?: boolean | undefined
}

function resolvePool(name: string, rank: 1 | 2, x: Value, options: PoolOptions): PlacedWindows {
  checkValue(name, x)
  const shape = shapeOf(x)
  if (shape.length !== rank + 2)
    throw new ShapeError(
      'POOL_RANK',
      `${name}: got shape ${formatShape(shape)}; wants [batch, channels, ${rank === 1 ? 'width' : 'height, width'}]`,
    )
  const { size, stride = size, padding } = options
  const input = shape.slice(2)
  const window = perAxis(name, 'size', size, rank)
  const placed = { ...resolveWindows(name, input, window, { stride, padding }), input, window }
  checkReads(name, placed, padding)
  return placed
}

/** Throws where a window could read nothing but padding: the maximum or mean of nothing. */
function checkReads(
  name: string,
  { input, window, output, stride, before }: PlacedWindows,
  padding: Padding | undefined,
): void {
  const readsSomething = input.every((extent, axis) => {
    const first = -before[axis]
    const last = first + (output[axis] - 1) * stride[axis]
    return extent > 0 && first + window[axis] > 0 && last < extent
  })
  if (!readsSomething)
    throw new ArgumentError(
      'POOL_PADDING',
      `${name}: with padding ${JSON.stringify(padding)} windows of ${formatShape(window)} over spatial axes of ` +
        `${formatShape(input)} would lie in the padding alone; wants less padding on each side than a window`,
    )
}

/** What never wins: −∞, or the least number of the dtype. */
const least: Record<DType, number> = {
  float32: -Infinity,
  float64: -Infinity,
  int32: -(2 ** 31),
  uint8: 0,
  bool: 0,
}

function maxPool(name: string, rank: 1 | 2, x: Value, options: PoolOptions): Value {
  const placed = resolvePool(name, rank, x, options)
  return max(windows(x, { ...placed, fill: least[dtypeOf(x)] }), { axis: 2 })
}

function averagePool(name: string, rank: 1 | 2, x: Value, options: AveragePoolOptions): Value {
  const { input, window, ...layout } = resolvePool(name, rank, x, options)
  const floats = isFloat(dtypeOf(x)) ? x : cast(x, 'float32')
  const [batch, channels] = shapeOf(x)
  const dtype = dtypeOf(floats)
  // A sum over windows is a convolution by ones, of each plane for itself.
  const weights = ones([1, 1, ...window], { dtype })
  const sumOf = (planes: Value): Value => convolve(planes, weights, { ...layout, groups: 1 })
  const sums = sumOf(reshape(floats, [batch * channels, 1, ...input]))
  const counts = options.countPadding === true ? sizeOf(window) : sumOf(ones([1, 1, ...input], { dtype }))
  return reshape(div(sums, counts), [batch, channels, ...layout.output])
}

/**
 * The largest element in each window of signals x [batch, channels, width]; NaN where one is. Padding never wins.
 * Equal largest elements share the derivative equally. Keeps the dtype; the result is
 * [batch, channels, ⌊(padded − size) / stride⌋ + 1]. Throws ShapeError for another rank or a window that doesn't
 * fit into the padded input, ArgumentError for an option that isn't as `PoolOptions` has it.
 */
export function maxPool1d<A extends Value>(x: A, options: PoolOptions): JoinTensor<A>
export function maxPool1d(x: Value, options: PoolOptions): Value {
  return maxPool('maxPool1d', 1, x, options)
}

/** The largest element in each window of images x [batch, channels, height, width]; as `maxPool1d`, which tells the rest. */
export function maxPool2d<A extends Value>(x: A, options: PoolOptions): JoinTensor<A>
export function maxPool2d(x: Value, options: PoolOptions): Value {
  return maxPool('maxPool2d', 2, x, options)
}

/**
 * The mean of the elements in each window of signals x [batch, channels, width]. Padding isn't among them, unless
 * `countPadding` makes it count as zeros. Integers give float32; the result is
 * [batch, channels, ⌊(padded − size) / stride⌋ + 1]. Throws as `maxPool1d`.
 */
export function averagePool1d<A extends Value>(x: A, options: AveragePoolOptions): JoinTensor<A>
export function averagePool1d(x: Value, options: AveragePoolOptions): Value {
  return averagePool('averagePool1d', 1, x, options)
}

/** The mean of the elements in each window of images x [batch, channels, height, width]; as `averagePool1d`, which tells the rest. */
export function averagePool2d<A extends Value>(x: A, options: AveragePoolOptions): JoinTensor<A>
export function averagePool2d(x: Value, options: AveragePoolOptions): Value {
  return averagePool('averagePool2d', 2, x, options)
}
