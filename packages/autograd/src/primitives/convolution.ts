/** Convolution over any number of spatial axes: one primitive, both of whose derivatives are convolutions again. */
import type { FloatArray } from '@tapegrad/kernels'
import { convolveData } from '../convolveData.js'
import { allocate, isFloat } from '../dtype.js'
import { promoteBeside } from '../elementwise.js'
import { ArgumentError, ShapeError } from '../errors.js'
import type { BinaryCall } from '../primitive.js'
import { defineBinary } from '../primitive.js'
import type { Shape } from '../shape.js'
import { formatShape, sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { Join, JoinTensor, Value } from '../value.js'
import { checkValue, shapeOf } from '../value.js'
import type { WindowOptions } from '../windowOptions.js'
import { resolveWindows } from '../windowOptions.js'
import type { WindowLayout } from '../windows.js'
import { cast } from './cast.js'
import { flip, reshape, transpose } from './shape.js'

export interface ConvolutionOptions extends WindowOptions {
  /** Into how many groups the channels are cut, each convolved for itself; 1 by default. */
  readonly groups?: number | undefined
}

interface Convolution extends WindowLayout {
  readonly groups: number
}

/**
 * @internal out[n, m, o] = Σ w[m, c, k] · x[n, c, (o · stride + k · dilation − before) / inputDilation] over the
 * taps k and over the channels c of the group of m, where elements that aren't there count as 0. `x` is
 * [batch, channels, …spatial], `w` [outChannels, channels / groups, …window].
 */
export const convolve: BinaryCall<Convolution> = defineBinary({
  name: 'convolve',
  infer: ([x, w], { output }) => ({
    kind: 'tensor',
    shape: [x.shape[0], w.shape[0], ...output],
    dtype: promoteBeside(x, w),
  }),
  tensor: (x, w, { shape, dtype }, { groups, ...layout }) => {
    // As for matrix products: the kernels multiply floats, and integers are exact in float64.
    const working = isFloat(dtype) ? dtype : 'float64'
    const out = allocate(working, sizeOf(shape))
    convolveData(
      (cast(x, working) as Tensor).data as FloatArray,
      (cast(w, working) as Tensor).data as FloatArray,
      out as FloatArray,
      { ...layout, input: x.shape.slice(2), window: w.shape.slice(2) },
      { batch: x.shape[0], groups, channels: w.shape[1], outChannels: w.shape[0] / groups },
    )
    const result = new Tensor(out, shape, working)
    return working === dtype ? result : (cast(result, dtype) as Tensor)
  },
  reverse: [
    (upstream, x, w, _output, convolution) => convolveBack(upstream, x, w, convolution),
    (upstream, x, w, _output, convolution) => correlate(upstream, x, w, convolution),
  ],
  forward: 'bilinear',
})

/**
 * The derivative by the input. Element i has gone into window o by the tap k for which
 * o · stride = i · inputDilation − k · dilation + before; so it is a convolution of the upstream derivative in which
 * stride and input dilation have changed places, by weights whose taps are reversed and channels transposed.
 */
function convolveBack(upstream: Value, x: Value, w: Value, { groups, ...layout }: Convolution): Value {
  const [outChannels, channels, ...window] = shapeOf(w)
  const rank = window.length
  const spatial = Array.from({ length: rank }, (_, axis) => axis)
  const grouped = reshape(w, [groups, outChannels / groups, channels, ...window])
  const transposed = transpose(grouped, [0, 2, 1, ...spatial.map((axis) => axis + 3)])
  const weights = flip(
    reshape(transposed, [groups * channels, outChannels / groups, ...window]),
    spatial.map((axis) => axis + 2),
  )
  return convolve(upstream, weights, {
    groups,
    output: shapeOf(x).slice(2),
    stride: layout.inputDilation,
    dilation: layout.dilation,
    inputDilation: layout.stride,
    before: window.map((taps, axis) => (taps - 1) * layout.dilation[axis] - layout.before[axis]),
  })
}

/**
 * The derivative by the weights. Tap k of the weights has met the windows o at the elements
 * (k · dilation + o · stride − before) / inputDilation; so it is a convolution of the input by the upstream
 * derivative in which stride and dilation have changed places, and so have images and channels.
 */
function correlate(upstream: Value, x: Value, w: Value, { groups, ...layout }: Convolution): Value {
  const [batch, allChannels, ...input] = shapeOf(x)
  const [outChannels, channels, ...window] = shapeOf(w)
  const spatial = input.map((_, axis) => axis)
  // Channels c of all groups become the images, and images the channels: [c, group · image, …].
  const grouped = transpose(reshape(x, [batch, groups, allChannels / groups, ...input]), [
    ...[2, 1, 0],
    ...spatial.map((axis) => axis + 3),
  ])
  const swapped = [1, 0, ...spatial.map((axis) => axis + 2)]
  const derivative = convolve(
    reshape(grouped, [channels, groups * batch, ...input]),
    transpose(upstream, swapped),
    {
      groups,
      output: window,
      stride: layout.dilation,
      dilation: layout.stride,
      inputDilation: layout.inputDilation,
      before: layout.before,
    },
  )
  return reshape(transpose(derivative, swapped), [outChannels, channels, ...window])
}

/** The dimensions of spatial axes, as messages name them. */
const layouts = { 1: 'width', 2: 'height, width' } as const

function convolution(name: string, rank: 1 | 2, x: Value, w: Value, options: ConvolutionOptions): Value {
  checkValue(`${name}: input`, x)
  checkValue(`${name}: weights`, w)
  const [xShape, wShape] = [shapeOf(x), shapeOf(w)]
  if (xShape.length !== rank + 2 || wShape.length !== rank + 2)
    throw new ShapeError(
      'CONVOLUTION_RANK',
      `${name}: got shapes ${formatShape(xShape)} and ${formatShape(wShape)}; wants an input ` +
        `[batch, channels, ${layouts[rank]}] and weights [outChannels, channels / groups, ${layouts[rank]}]`,
    )
  const { groups = 1 } = options
  checkGroups(name, xShape, wShape, groups)
  return convolve(x, w, {
    ...resolveWindows(name, xShape.slice(2), wShape.slice(2), options),
    groups,
  })
}

function checkGroups(name: string, x: Shape, w: Shape, groups: number): void {
  if (!Number.isSafeInteger(groups) || groups < 1)
    throw new ArgumentError('GROUPS', `${name}: groups is ${groups}; wants a whole number of at least 1`)
  if (x[1] % groups !== 0 || w[0] % groups !== 0)
    throw new ShapeError(
      'GROUP_CHANNELS',
      `${name}: ${x[1]} channels of the input and ${w[0]} of the output can't both be cut into ${groups} equal groups`,
    )
  if (x[1] / groups !== w[1])
    throw new ShapeError(
      'CHANNELS',
      `${name}: input ${formatShape(x)} has ${x[1]} channels${groups === 1 ? '' : ` in ${groups} groups`}, ` +
        `weights ${formatShape(w)} are for ${w[1]}${groups === 1 ? '' : ' a group'}; wants ${x[1] / groups}`,
    )
}

/**
 * The convolution of signals x [batch, channels, width] by weights w [outChannels, channels / groups, window]:
 * out[n, m, o] = Σ w[m, c, k] · x[n, c, o · stride + k · dilation − before] over the channels c of the group of m
 * and the elements k of a window, with zeros beyond the ends. As everywhere in deep learning the window isn't
 * reversed: strictly it is a cross-correlation. The result is
 * [batch, outChannels, ⌊(padded − span) / stride⌋ + 1], where a window spans (window − 1) · dilation + 1.
 *
 * The dtype is that of x and w together; integers stay integers. The derivatives by both are convolutions. Throws
 * ShapeError where ranks or channels don't fit or a window doesn't fit into the padded input, ArgumentError for an
 * option that isn't as `ConvolutionOptions` has it. To add a bias, add one of shape [outChannels, 1].
 */
export function conv1d<A extends Value, B extends Value>(
  x: A,
  w: B,
  options?: ConvolutionOptions,
): JoinTensor<Join<A, B>>
export function conv1d(x: Value, w: Value, options: ConvolutionOptions = {}): Value {
  return convolution('conv1d', 1, x, w, options)
}

/**
 * The convolution of images x [batch, channels, height, width] by weights w
 * [outChannels, channels / groups, windowHeight, windowWidth]; along each of the two spatial axes as `conv1d`, which
 * tells the rest. To add a bias, add one of shape [outChannels, 1, 1].
 */
export function conv2d<A extends Value, B extends Value>(
  x: A,
  w: B,
  options?: ConvolutionOptions,
): JoinTensor<Join<A, B>>
export function conv2d(x: Value, w: Value, options: ConvolutionOptions = {}): Value {
  return convolution('conv2d', 2, x, w, options)
}
