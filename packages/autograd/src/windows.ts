/** How windows lie over an input: the arithmetic that convolution and pooling share. */
import type { TypedArray } from './dtype.js'
import type { Shape } from './shape.js'
import { sizeOf, stridesOf } from './shape.js'

/**
 * Where windows lie and what their elements (taps) read, per spatial axis: tap k of window o reads the element
 * (o · stride + k · dilation − before) / inputDilation of the input, or nothing where that is no index into it.
 * Telling the number of windows, `output`, instead of a padding behind makes every derivative of a convolution
 * a convolution of just such a form.
 */
export interface WindowLayout {
  readonly output: Shape
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly inputDilation: readonly number[]
  /** The padding in front; negative to leave elements out. */
  readonly before: readonly number[]
}

/** A layout over an input and windows of given sizes. */
export interface PlacedWindows extends WindowLayout {
  readonly input: Shape
  readonly window: Shape
}

/** All that windows read of one plane (the spatial axes of one image and channel), as runs of evenly spaced elements. */
export interface WindowRuns {
  /** How many taps a window has. */
  readonly taps: number
  /** How many windows there are. */
  readonly windows: number
  /** Four numbers a run: the tap, the first window, the first element of the input, the number of elements. */
  readonly table: Int32Array
  /** How far apart neighbours in a run are, among the windows and in the input. */
  readonly windowStep: number
  readonly inputStep: number
  /** Whether each tap of each window reads something. */
  readonly isFull: boolean
}

/** The windows at which one tap, along one axis, falls on an element: an arithmetic progression of both. */
interface AxisRun {
  readonly window: number
  readonly input: number
  readonly count: number
}

interface AxisRuns {
  readonly ofTap: readonly AxisRun[]
  readonly windowStep: number
  readonly inputStep: number
}

/** The runs of all taps, in which windows and elements of the last axis follow one another. */
export function windowRuns(placed: PlacedWindows): WindowRuns {
  const { input, window, output } = placed
  const axes = window.map((_, axis) => runsAlong(placed, axis))
  const last = axes.length - 1
  const inputStrides = stridesOf(input)
  const windowStrides = stridesOf(output)
  const table: number[] = []
  let reads = 0
  const walk = (axis: number, tap: number, firstWindow: number, firstInput: number): void => {
    const { ofTap, windowStep, inputStep } = axes[axis]
    ofTap.forEach((run, k) => {
      const nextTap = tap * window[axis] + k
      if (axis === last) {
        if (run.count > 0) table.push(nextTap, firstWindow + run.window, firstInput + run.input, run.count)
        reads += run.count
        return
      }
      for (let i = 0; i < run.count; i++)
        walk(
          axis + 1,
          nextTap,
          firstWindow + (run.window + i * windowStep) * windowStrides[axis],
          firstInput + (run.input + i * inputStep) * inputStrides[axis],
        )
    })
  }
  walk(0, 0, 0, 0)
  const taps = sizeOf(window)
  const windows = sizeOf(output)
  const { windowStep, inputStep } = axes[last]
  return {
    taps,
    windows,
    table: Int32Array.from(table),
    windowStep,
    inputStep,
    isFull: reads === taps * windows,
  }
}

function runsAlong(placed: PlacedWindows, axis: number): AxisRuns {
  const [extent, taps, windows] = [placed.input[axis], placed.window[axis], placed.output[axis]]
  const [stride, dilation] = [placed.stride[axis], placed.dilation[axis]]
  const spacing = placed.inputDilation[axis]
  // Between two windows at which a tap falls on elements are those at which it falls between elements.
  const common = greatestCommonDivisor(stride, spacing)
  const windowStep = spacing / common
  const inputStep = stride / common
  const ofTap = Array.from({ length: taps }, (_, k): AxisRun => {
    const offset = k * dilation - placed.before[axis]
    let window = 0
    while (window < windowStep && (window * stride + offset) % spacing !== 0) window++
    if (window === windowStep) return { window: 0, input: 0, count: 0 }
    const element = (window * stride + offset) / spacing
    const skipped = Math.max(0, Math.ceil(-element / inputStep))
    const first = { window: window + skipped * windowStep, input: element + skipped * inputStep }
    const count = Math.min(
      Math.ceil((windows - first.window) / windowStep),
      Math.ceil((extent - first.input) / inputStep),
    )
    return { ...first, count: Math.max(0, count) }
  })
  return { ofTap, windowStep, inputStep }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

/**
 * Writes what the windows read of the plane of `input` from `inputStart` on: tap by tap, each a row that begins
 * `rowLength` after the one before, the first at `outStart`. Places that read nothing are left as they are.
 */
export function gatherWindows(
  runs: WindowRuns,
  input: TypedArray,
  inputStart: number,
  out: TypedArray,
  outStart: number,
  rowLength: number,
): void {
  const { table, windowStep, inputStep } = runs
  const isContiguous = windowStep === 1 && inputStep === 1
  for (let r = 0; r < table.length; r += 4) {
    const count = table[r + 3]
    let to = outStart + table[r] * rowLength + table[r + 1]
    let from = inputStart + table[r + 2]
    let i = 0
    // Four at a time take three fifths of the time; `set` on such short subarrays would take longer than a loop.
    for (; isContiguous && i + 4 <= count; i += 4) {
      out[to] = input[from]
      out[to + 1] = input[from + 1]
      out[to + 2] = input[from + 2]
      out[to + 3] = input[from + 3]
      to += 4
      from += 4
    }
    for (; i < count; i++) {
      out[to] = input[from]
      to += windowStep
      from += inputStep
    }
  }
}

/** The adjoint of gathering: adds each place of the rows to the element of the plane that it reads. */
export function addWindows(
  runs: WindowRuns,
  rows: TypedArray,
  rowsStart: number,
  out: TypedArray,
  outStart: number,
): void {
  const { table, windows, windowStep, inputStep } = runs
  for (let r = 0; r < table.length; r += 4) {
    const count = table[r + 3]
    let from = rowsStart + table[r] * windows + table[r + 1]
    let to = outStart + table[r + 2]
    for (let i = 0; i < count; i++) {
      out[to] += rows[from]
      from += windowStep
      to += inputStep
    }
  }
}
