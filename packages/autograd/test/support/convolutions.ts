/** Convolutions drawn at random, and what they are by definition: nested loops that share nothing with the kernel. */
import fc from 'fast-check'
import type { ConvolutionOptions, Shape, Tensor } from '../../src/index.js'
import { at, elementsOf, indicesOf } from './reference.js'

export interface DrawnConvolution {
  readonly x: Shape
  readonly w: Shape
  readonly options: ConvolutionOptions & {
    readonly stride: readonly number[]
    readonly padding: readonly (readonly [number, number])[]
    readonly dilation: readonly number[]
    readonly inputDilation: readonly number[]
    readonly groups: number
  }
}

interface DrawnAxis {
  readonly input: number
  readonly window: number
  readonly stride: number
  readonly dilation: number
  readonly inputDilation: number
  readonly padding: readonly [number, number]
}

/** Sizes and options along one axis, such that a window fits. */
const drawnAxis: fc.Arbitrary<DrawnAxis> = fc
  .record({
    input: fc.integer({ min: 1, max: 4 }),
    window: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    inputDilation: fc.integer({ min: 1, max: 3 }),
    before: fc.integer({ min: -1, max: 2 }),
    after: fc.integer({ min: -1, max: 2 }),
  })
  .map(({ before, after, ...axis }) => {
    const spare = before + after + (axis.input - 1) * axis.inputDilation - (axis.window - 1) * axis.dilation
    return { ...axis, padding: [before, after + Math.max(0, -spare)] as const }
  })

/** Shapes and options of a convolution over so many spatial axes, each window fitting. */
export function drawnConvolution(rank: number): fc.Arbitrary<DrawnConvolution> {
  const channels = fc.integer({ min: 1, max: 2 })
  const axes = fc.array(drawnAxis, { minLength: rank, maxLength: rank })
  const batch = fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 2 }) },
    { weight: 1, arbitrary: fc.constant(0) },
  )
  return fc
    .tuple(batch, channels, channels, channels, axes)
    .map(([images, groups, inputs, outputs, drawn]) => ({
      x: [images, groups * inputs, ...drawn.map(({ input }) => input)],
      w: [groups * outputs, inputs, ...drawn.map(({ window }) => window)],
      options: {
        stride: drawn.map(({ stride }) => stride),
        padding: drawn.map(({ padding }) => padding),
        dilation: drawn.map(({ dilation }) => dilation),
        inputDilation: drawn.map(({ inputDilation }) => inputDilation),
        groups,
      },
    }))
}

/** The convolution by its definition: windows counted one by one, each a sum over all it reads. */
export function convolutionOf(
  x: Tensor,
  w: Tensor,
  { stride, padding, dilation, inputDilation, groups }: DrawnConvolution['options'],
): { readonly shape: Shape; readonly elements: number[] } {
  const [images, , ...input] = x.shape
  const [outChannels, channels, ...window] = w.shape
  const windows = input.map((extent, axis) => {
    const places = padding[axis][0] + (extent - 1) * inputDilation[axis] + 1 + padding[axis][1]
    let count = 0
    while (count * stride[axis] + (window[axis] - 1) * dilation[axis] < places) count++
    return count
  })
  const shape = [images, outChannels, ...windows]
  const elements = elementsOf(shape, ([image, outChannel, ...place]) => {
    const firstChannel = Math.floor(outChannel / (outChannels / groups)) * channels
    let sum = 0
    for (const [channel, ...tap] of indicesOf([channels, ...window])) {
      const element = place.map(
        (o, axis) => (o * stride[axis] + tap[axis] * dilation[axis] - padding[axis][0]) / inputDilation[axis],
      )
      if (element.every((i, axis) => Number.isInteger(i) && i >= 0 && i < input[axis]))
        sum += at(w, [outChannel, channel, ...tap]) * at(x, [image, firstChannel + channel, ...element])
    }
    return sum
  })
  return { shape, elements }
}
