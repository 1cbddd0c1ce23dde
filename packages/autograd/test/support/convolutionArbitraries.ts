/** Convolutions and poolings drawn at random, and by definition: nested loops that share nothing with the kernels. */
import fc from 'fast-check'
import type { ConvolutionOptions, PoolOptions, Shape, Tensor, Value } from '../../src/index.js'
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
function drawnAxis(maxInput: number): fc.Arbitrary<DrawnAxis> {
  return fc
    .record({
      input: fc.integer({ min: 1, max: maxInput }),
      window: fc.integer({ min: 1, max: 3 }),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      inputDilation: fc.integer({ min: 1, max: 3 }),
      before: fc.integer({ min: -1, max: 2 }),
      after: fc.integer({ min: -1, max: 2 }),
    })
    .map(({ before, after, ...axis }) => {
      const places = before + (axis.input - 1) * axis.inputDilation + 1 + after
      const missing = Math.max(0, (axis.window - 1) * axis.dilation + 1 - places)
      return { ...axis, padding: [before, after + missing] as const }
    })
}

export interface ConvolutionLimits {
  /** The greatest size of a spatial axis, 4 by default. */
  readonly maxInput?: number
  /** The most images, 2 by default. */
  readonly maxImages?: number
}

/** Shapes and options of a convolution over so many spatial axes, each window fitting. */
export function drawnConvolution(
  rank: number,
  { maxInput = 4, maxImages = 2 }: ConvolutionLimits = {},
): fc.Arbitrary<DrawnConvolution> {
  const channels = fc.integer({ min: 1, max: 2 })
  const axes = fc.array(drawnAxis(maxInput), { minLength: rank, maxLength: rank })
  return fc
    .tuple(seldomZero(maxImages), channels, channels, channels, axes)
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

function seldomZero(max: number): fc.Arbitrary<number> {
  const some = fc.integer({ min: 1, max })
  return fc.oneof({ weight: 9, arbitrary: some }, { weight: 1, arbitrary: fc.constant(0) })
}

/** A convolution with its options. */
export type Convolve = (x: Value, w: Value, options: ConvolutionOptions) => Value

export interface DrawnPool {
  readonly x: Shape
  readonly options: PoolOptions & {
    readonly size: readonly number[]
    readonly stride: readonly number[]
    readonly padding: readonly (readonly [number, number])[]
  }
}

/** Shapes and options of a pooling over so many spatial axes, each window reading something. */
export function drawnPool(rank: number): fc.Arbitrary<DrawnPool> {
  const axis = fc.integer({ min: 1, max: 3 }).chain((size) =>
    fc
      .record({
        stride: fc.integer({ min: 1, max: 3 }),
        before: fc.nat({ max: size - 1 }),
        after: fc.nat({ max: size - 1 }),
        spare: fc.nat({ max: 2 }),
      })
      .map(({ stride, before, after, spare }) => ({
        size,
        stride,
        padding: [before, after] as const,
        input: Math.max(1, size - before - after) + spare,
      })),
  )
  const axes = fc.array(axis, { minLength: rank, maxLength: rank })
  return fc.tuple(seldomZero(2), fc.integer({ min: 1, max: 2 }), axes).map(([images, channels, drawn]) => ({
    x: [images, channels, ...drawn.map(({ input }) => input)],
    options: {
      size: drawn.map(({ size }) => size),
      stride: drawn.map(({ stride }) => stride),
      padding: drawn.map(({ padding }) => padding),
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

/** What each window of a pooling reads, the padding as undefined. */
export function pooledOf(
  x: Tensor,
  { size, stride, padding }: DrawnPool['options'],
): { readonly shape: Shape; readonly lines: (number | undefined)[][] } {
  const [images, channels, ...input] = x.shape
  const windows = input.map((extent, axis) => {
    const places = padding[axis][0] + extent + padding[axis][1]
    let count = 0
    while (count * stride[axis] + size[axis] <= places) count++
    return count
  })
  const shape = [images, channels, ...windows]
  const lines = indicesOf(shape).map(([image, channel, ...place]) =>
    indicesOf(size).map((tap) => {
      const element = place.map((o, axis) => o * stride[axis] + tap[axis] - padding[axis][0])
      const isInside = element.every((i, axis) => i >= 0 && i < input[axis])
      return isInside ? at(x, [image, channel, ...element]) : undefined
    }),
  )
  return { shape, lines }
}
