/** The kernel of convolution: what windows read is written out as matrices, which are multiplied by the weights. */
import type { FloatArray } from '@tapegrad/kernels'
import { matmul } from '@tapegrad/kernels'
import { sizeOf } from './shape.js'
import type { PlacedWindows, WindowRuns } from './windows.js'
import { gatherWindows, windowRuns } from './windows.js'

/** The sizes of a convolution beside those of its windows. */
export interface ChannelSizes {
  readonly batch: number
  readonly groups: number
  /** Channels of the input in a group. */
  readonly channels: number
  /** Channels of the output in a group. */
  readonly outChannels: number
}

/**
 * Elements of what windows read, or of products, that are worked on together: a few megabytes, which bounds the
 * memory used and mostly stays in a second-level cache.
 */
const blockElements = 256 * 1024

/** Channels times taps that are worked on together, unless the taps of a single channel are more. */
const blockDepth = 1024

/**
 * out[n, m, o] = Σ w[m, c, k] · x[n, c, read(o, k)] over the channels c of the group of m and over the taps k,
 * where read is the element that `placed` tells. `x` is [batch, groups · channels, …input], `w`
 * [groups · outChannels, channels, …window] and `out`, which comes zeroed, [batch, groups · outChannels, …output].
 */
export function convolveData(
  x: FloatArray,
  w: FloatArray,
  out: FloatArray,
  placed: PlacedWindows,
  sizes: ChannelSizes,
): void {
  if (x.length === 0 || w.length === 0 || out.length === 0) return
  const taps = sizeOf(placed.window)
  const channelsTogether = Math.min(sizes.channels, Math.max(1, Math.floor(blockDepth / taps)))
  const height = Math.max(channelsTogether * taps, sizes.outChannels)
  const windowsTogether = Math.max(1, Math.floor(blockElements / height))
  for (const part of planeParts(placed, windowsTogether))
    convolvePart(x, w, out, part, sizes, {
      channels: channelsTogether,
      images: Math.min(sizes.batch, Math.max(1, Math.floor(windowsTogether / sizeOf(part.placed.output)))),
    })
}

/** Some of the windows of a plane: those from `firstWindow` on. */
interface PlanePart {
  readonly firstWindow: number
  readonly planeWindows: number
  readonly placed: PlacedWindows
}

/** The windows cut along the first axis, where a plane of them is more than shall be worked on together. */
function planeParts(placed: PlacedWindows, windowsTogether: number): PlanePart[] {
  const [rows, ...rest] = placed.output
  const rowLength = sizeOf(rest)
  const rowsTogether = Math.min(rows, Math.max(1, Math.floor(windowsTogether / rowLength)))
  return Array.from({ length: Math.ceil(rows / rowsTogether) }, (_, p) => {
    const row = p * rowsTogether
    const output = [Math.min(rowsTogether, rows - row), ...rest]
    const before = placed.before.with(0, placed.before[0] - row * placed.stride[0])
    return {
      firstWindow: row * rowLength,
      planeWindows: rows * rowLength,
      placed: { ...placed, output, before },
    }
  })
}

/** How many channels, and how many images, are worked on together. */
interface Together {
  readonly channels: number
  readonly images: number
}

function convolvePart(
  x: FloatArray,
  w: FloatArray,
  out: FloatArray,
  { firstWindow, planeWindows, placed }: PlanePart,
  { batch, groups, channels, outChannels }: ChannelSizes,
  together: Together,
): void {
  const taps = sizeOf(placed.window)
  const windows = sizeOf(placed.output)
  const reader = planeReader(placed)
  const reads = newArrayLike(x, together.channels * taps * together.images * windows)
  const products = newArrayLike(x, outChannels * together.images * windows)
  for (let group = 0; group < groups; group++)
    for (let channel = 0; channel < channels; channel += together.channels) {
      const depth = Math.min(together.channels, channels - channel) * taps
      const weights = weightsOf(w, group * outChannels, outChannels, channels * taps, channel * taps, depth)
      for (let image = 0; image < batch; image += together.images) {
        const width = Math.min(together.images, batch - image) * windows
        const b = reads.subarray(0, depth * width)
        const firstPlane = image * groups * channels + group * channels + channel
        fillReads(b, x, reader, { firstPlane, planesPerImage: groups * channels, depth, width })
        const product = products.subarray(0, outChannels * width)
        matmul({
          a: weights,
          b,
          out: product,
          m: outChannels,
          n: width,
          k: depth,
          transposeB: reader.isByWindow,
        })
        const firstRow = (image * groups + group) * outChannels
        addProduct(product, out, windows, width, {
          start: firstRow * planeWindows + firstWindow,
          channelStride: planeWindows,
          imageStride: groups * outChannels * planeWindows,
        })
      }
    }
}

function newArrayLike(x: FloatArray, size: number): FloatArray {
  return x instanceof Float32Array ? new Float32Array(size) : new Float64Array(size)
}

/** Columns `first` to `first + count` of the rows of weights from `row` on, as a matrix of their own. */
function weightsOf(
  w: FloatArray,
  row: number,
  rows: number,
  rowLength: number,
  first: number,
  count: number,
): FloatArray {
  const start = row * rowLength
  if (count === rowLength) return w.subarray(start, start + rows * rowLength)
  const part = newArrayLike(w, rows * count)
  for (let r = 0; r < rows; r++) {
    const from = start + r * rowLength + first
    part.set(w.subarray(from, from + count), r * count)
  }
  return part
}

/** How the windows of a plane are read. */
interface PlaneReader {
  readonly inputSize: number
  readonly taps: number
  readonly windows: number
  readonly runs: WindowRuns
  /** Whether what is read is written window by window, not tap by tap. */
  readonly isByWindow: boolean
}

/**
 * Reads tap by tap, or, where a window has more taps than there are windows (as in the derivative by weights),
 * window by window: the longer of the two makes the longer runs. Taps and windows are alike but for their names:
 * in place of one another they have each other's spacing.
 */
function planeReader(placed: PlacedWindows): PlaneReader {
  const taps = sizeOf(placed.window)
  const windows = sizeOf(placed.output)
  const isByWindow = taps > windows
  const { window, output, stride, dilation } = placed
  const runs = windowRuns(
    isByWindow ? { ...placed, window: output, output: window, stride: dilation, dilation: stride } : placed,
  )
  return { inputSize: sizeOf(placed.input), taps, windows, runs, isByWindow }
}

/** Which planes are read, and the sizes of the matrix that comes of it. */
interface Block {
  readonly firstPlane: number
  readonly planesPerImage: number
  /** Channels times taps. */
  readonly depth: number
  /** Images times windows. */
  readonly width: number
}

/** Fills the matrix [channels · taps, images · windows], or its transpose where it is read by window. */
function fillReads(
  reads: FloatArray,
  x: FloatArray,
  { inputSize, taps, windows, runs, isByWindow }: PlaneReader,
  { firstPlane, planesPerImage, depth, width }: Block,
): void {
  if (!runs.isFull) reads.fill(0)
  const rowLength = isByWindow ? depth : width
  for (let c = 0; c * taps < depth; c++)
    for (let i = 0; i * windows < width; i++) {
      const start = isByWindow ? i * windows * depth + c * taps : c * taps * width + i * windows
      const plane = firstPlane + i * planesPerImage + c
      gatherWindows(runs, x, plane * inputSize, reads, start, rowLength)
    }
}

/** Where in the output a product goes. */
interface ProductPlace {
  readonly start: number
  readonly channelStride: number
  readonly imageStride: number
}

/** Adds the rows of a product, of one channel each and in it image after image, to the output. */
function addProduct(
  product: FloatArray,
  out: FloatArray,
  windows: number,
  width: number,
  { start, channelStride, imageStride }: ProductPlace,
): void {
  for (let row = 0; row * width < product.length; row++)
    for (let image = 0; image * windows < width; image++) {
      const from = row * width + image * windows
      const to = start + row * channelStride + image * imageStride
      for (let i = 0; i < windows; i++) out[to + i] += product[from + i]
    }
}
