/** The kernel of convolution: windows are written out as columns of matrices, which are multiplied by the weights. */
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
 * Elements of columns, or of products, that are worked on together: a few megabytes, which bounds the memory
 * used and mostly stays in a second-level cache.
 */
const blockElements = 256 * 1024

/** Rows of columns that are worked on together, unless the taps of a single channel are more. */
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
  for (const { firstWindow, part } of planeParts(placed, windowsTogether)) {
    const runs = windowRuns(part)
    const imagesTogether = Math.min(sizes.batch, Math.max(1, Math.floor(windowsTogether / runs.windows)))
    const columns = newArrayLike(x, channelsTogether * taps * imagesTogether * runs.windows)
    const products = newArrayLike(x, sizes.outChannels * imagesTogether * runs.windows)
    for (let group = 0; group < sizes.groups; group++)
      for (let channel = 0; channel < sizes.channels; channel += channelsTogether) {
        const count = Math.min(channelsTogether, sizes.channels - channel)
        const weights = weightsOf(w, sizes, group, channel, count, taps)
        for (let image = 0; image < sizes.batch; image += imagesTogether) {
          const images = Math.min(imagesTogether, sizes.batch - image)
          const width = images * runs.windows
          const block = { image, images, channel: group * sizes.channels + channel, channels: count }
          const right = columns.subarray(0, count * taps * width)
          fillColumns(right, x, runs, block, sizeOf(placed.input), sizes.groups * sizes.channels)
          const product = products.subarray(0, sizes.outChannels * width)
          matmul({ a: weights, b: right, out: product, m: sizes.outChannels, n: width, k: count * taps })
          addProduct(product, out, {
            images,
            windows: runs.windows,
            outChannels: sizes.outChannels,
            start: (image * sizes.groups + group) * sizes.outChannels * sizeOf(placed.output) + firstWindow,
            imageStride: sizes.groups * sizes.outChannels * sizeOf(placed.output),
            channelStride: sizeOf(placed.output),
          })
        }
      }
  }
}

/** The windows cut along the first axis, where a plane of them is more than shall be worked on together. */
function planeParts(
  placed: PlacedWindows,
  windowsTogether: number,
): { readonly firstWindow: number; readonly part: PlacedWindows }[] {
  const [rows, ...rest] = placed.output
  const rowLength = sizeOf(rest)
  const rowsTogether = Math.min(rows, Math.max(1, Math.floor(windowsTogether / rowLength)))
  return Array.from({ length: Math.ceil(rows / rowsTogether) }, (_, p) => {
    const row = p * rowsTogether
    const part = {
      ...placed,
      output: [Math.min(rowsTogether, rows - row), ...rest],
      before: placed.before.with(0, placed.before[0] - row * placed.stride[0]),
    }
    return { firstWindow: row * rowLength, part }
  })
}

function newArrayLike(x: FloatArray, size: number): FloatArray {
  return x instanceof Float32Array ? new Float32Array(size) : new Float64Array(size)
}

/** The weights of a group for some of its channels, as a matrix of one row an output channel. */
function weightsOf(
  w: FloatArray,
  { channels, outChannels }: ChannelSizes,
  group: number,
  channel: number,
  count: number,
  taps: number,
): FloatArray {
  const rowLength = channels * taps
  const start = group * outChannels * rowLength
  if (count === channels) return w.subarray(start, start + outChannels * rowLength)
  const part = newArrayLike(w, outChannels * count * taps)
  for (let row = 0; row < outChannels; row++) {
    const from = start + row * rowLength + channel * taps
    part.set(w.subarray(from, from + count * taps), row * count * taps)
  }
  return part
}

/** Images and channels that are worked on together; `image` and `channel` are the first. */
interface Block {
  readonly image: number
  readonly images: number
  readonly channel: number
  readonly channels: number
}

/** Columns: a row for each channel and tap; in it, image by image, what the windows read there. */
function fillColumns(
  columns: FloatArray,
  x: FloatArray,
  runs: WindowRuns,
  { image, images, channel, channels }: Block,
  planeSize: number,
  planesPerImage: number,
): void {
  const width = images * runs.windows
  if (!runs.isFull) columns.fill(0)
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < images; i++) {
      const plane = (image + i) * planesPerImage + channel + c
      gatherWindows(runs, x, plane * planeSize, columns, c * runs.taps * width + i * runs.windows, width)
    }
}

/** Where in the output the rows of a product go: one a channel, in it image after image. */
interface ProductPlace {
  readonly images: number
  readonly windows: number
  readonly outChannels: number
  readonly start: number
  readonly imageStride: number
  readonly channelStride: number
}

function addProduct(product: FloatArray, out: FloatArray, place: ProductPlace): void {
  const { images, windows, outChannels, start, imageStride, channelStride } = place
  let next = 0
  for (let channel = 0; channel < outChannels; channel++)
    for (let image = 0; image < images; image++) {
      const first = start + image * imageStride + channel * channelStride
      for (let i = 0; i < windows; i++) out[first + i] += product[next++]
    }
}
