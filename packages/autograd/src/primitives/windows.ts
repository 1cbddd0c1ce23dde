/** windows: what the windows over spatial axes read, written side by side; and its adjoint, which adds it back. */
import { allocate } from '../dtype.js'
import type { UnaryCall } from '../primitive.js'
import { defineUnary } from '../primitive.js'
import { sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { PlacedWindows } from '../windows.js'
import { addWindows, gatherWindows, windowRuns } from '../windows.js'

interface Windows extends PlacedWindows {
  /** What stands where a window reads beyond the input. */
  readonly fill: number
}

/**
 * @internal The elements that windows over the last axes of `x` read: [...planes, taps, ...output] of a value
 * [...planes, ...input].
 */
export const windows: UnaryCall<Windows> = defineUnary({
  name: 'windows',
  infer: ([x], { input, window, output }) => ({
    kind: 'tensor',
    shape: [...x.shape.slice(0, -input.length), sizeOf(window), ...output],
    dtype: x.dtype,
  }),
  tensor: (x, { shape, dtype }, { fill, ...placed }) => {
    const runs = windowRuns(placed)
    const out = allocate(dtype, sizeOf(shape))
    if (fill !== 0 && !runs.isFull) out.fill(fill)
    const [planeSize, rowsSize] = [sizeOf(placed.input), runs.taps * runs.windows]
    for (let plane = 0; plane * rowsSize < out.length; plane++)
      gatherWindows(runs, x.data, plane * planeSize, out, plane * rowsSize, runs.windows)
    return new Tensor(out, shape, dtype)
  },
  reverse: (upstream, _x, _output, placed) => mergeWindows(upstream, placed),
  forward: (tangent, _x, _output, placed) => windows(tangent, { ...placed, fill: 0 }),
})

/** The adjoint of windows: adds each place of the rows to the element of zeros that it reads. */
const mergeWindows: UnaryCall<PlacedWindows> = defineUnary({
  name: 'mergeWindows',
  infer: ([x], { input }) => ({
    kind: 'tensor',
    shape: [...x.shape.slice(0, -input.length - 1), ...input],
    dtype: x.dtype,
  }),
  tensor: (x, { shape, dtype }, placed) => {
    const runs = windowRuns(placed)
    const out = allocate(dtype, sizeOf(shape))
    const [planeSize, rowsSize] = [sizeOf(placed.input), runs.taps * runs.windows]
    for (let plane = 0; plane * planeSize < out.length; plane++)
      addWindows(runs, x.data, plane * rowsSize, out, plane * planeSize)
    return new Tensor(out, shape, dtype)
  },
  reverse: (upstream, _x, _output, placed) => windows(upstream, { ...placed, fill: 0 }),
  forward: 'linear',
})
