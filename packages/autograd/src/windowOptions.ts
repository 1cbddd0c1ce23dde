/** The options of convolution and pooling that say where windows lie, checked and resolved against sizes. */
import { ArgumentError, ShapeError } from './errors.js'
import type { Shape } from './shape.js'
import { formatShape } from './shape.js'
import type { WindowLayout } from './windows.js'

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[]

/**
 * What is put around the spatial axes: a width for all sides; for each axis a width or a pair [before, after];
 * `'valid'`, nothing; or `'same'`, as much as gives ⌈size / stride⌉ windows, the odd one behind. Negative widths
 * leave elements out.
 */
export type Padding =
  number | readonly (number | readonly [before: number, after: number])[] | 'same' | 'valid'

export interface WindowOptions {
  /** From one window to the next. */
  readonly stride?: PerAxis | undefined
  readonly padding?: Padding | undefined
  /** From one element of a window to the next; 1 by default. */
  readonly dilation?: PerAxis | undefined
  /** From one element of the input to the next, with zeros between; 1 by default. */
  readonly inputDilation?: PerAxis | undefined
}

/**
 * The layout of windows over an input, sizes per spatial axis. Throws ArgumentError for an option that isn't as it
 * should be, ShapeError where a window has no elements or doesn't fit into the padded input.
 */
export function resolveWindows(
  name: string,
  input: Shape,
  window: Shape,
  options: WindowOptions,
): WindowLayout {
  const rank = input.length
  const stride = perAxis(name, 'stride', options.stride ?? 1, rank)
  const dilation = perAxis(name, 'dilation', options.dilation ?? 1, rank)
  const inputDilation = perAxis(name, 'inputDilation', options.inputDilation ?? 1, rank)
  const padding = options.padding ?? 0
  const pairs = padding === 'same' ? undefined : paddingPairs(name, padding === 'valid' ? 0 : padding, rank)
  const before: number[] = []
  const output = input.map((extent, axis) => {
    const spread = spanOf(extent, inputDilation[axis])
    const span = spanOf(window[axis], dilation[axis])
    const pair = pairs?.[axis] ?? samePadding(spread, span, stride[axis])
    const padded = pair[0] + spread + pair[1]
    if (window[axis] === 0 || span > padded) throw windowError(name, window, input, axis, span, padded)
    before.push(pair[0])
    return Math.floor((padded - span) / stride[axis]) + 1
  })
  return { output, stride, dilation, inputDilation, before }
}

/** How many places so many elements take that lie `dilation` apart. */
function spanOf(count: number, dilation: number): number {
  return count === 0 ? 0 : (count - 1) * dilation + 1
}

function samePadding(extent: number, span: number, stride: number): readonly [number, number] {
  const windows = Math.ceil(extent / stride)
  const total = Math.max(0, (windows - 1) * stride + span - extent)
  const before = Math.floor(total / 2)
  return [before, total - before]
}

function windowError(
  name: string,
  window: Shape,
  input: Shape,
  axis: number,
  span: number,
  padded: number,
): ShapeError {
  const sizes = `windows of ${formatShape(window)} over spatial axes of ${formatShape(input)}`
  return window[axis] === 0
    ? new ShapeError('EMPTY_WINDOW', `${name}: ${sizes}; wants at least one element along each axis`)
    : new ShapeError(
        'WINDOW_TOO_LARGE',
        `${name}: ${sizes}: along spatial axis ${axis} a window takes ${span} of ${padded} places, padding and ` +
          'dilation included; use smaller windows or more padding',
      )
}

/** One whole number of at least 1 for each spatial axis. */
export function perAxis(name: string, option: string, value: PerAxis, rank: number): readonly number[] {
  const list: unknown = typeof value === 'number' ? new Array<number>(rank).fill(value) : value
  const isSize = (each: unknown): boolean => Number.isSafeInteger(each) && (each as number) >= 1
  if (!Array.isArray(list) || list.length !== rank || !list.every(isSize))
    throw new ArgumentError(
      'WINDOW_OPTION',
      `${name}: ${option} is ${JSON.stringify(value)}; wants a whole number of at least 1` +
        (rank === 1 ? ', or an array of one' : `, or an array of ${rank}, one for each spatial axis`),
    )
  return list as number[]
}

function paddingPairs(
  name: string,
  padding: Exclude<Padding, string>,
  rank: number,
): readonly (readonly [number, number])[] {
  const list: unknown = typeof padding === 'number' ? new Array<number>(rank).fill(padding) : padding
  const pairs = Array.isArray(list)
    ? list.map((each: unknown) => (typeof each === 'number' ? [each, each] : each))
    : []
  const isPair = (pair: unknown): pair is readonly [number, number] =>
    Array.isArray(pair) && pair.length === 2 && pair.every(Number.isSafeInteger)
  if (pairs.length !== rank || !pairs.every(isPair))
    throw new ArgumentError(
      'WINDOW_PADDING',
      `${name}: padding is ${JSON.stringify(padding)}; wants 'same', 'valid', a whole number, or an array of ` +
        `${rank}: for each spatial axis a whole number or a pair [before, after]`,
    )
  return pairs
}
