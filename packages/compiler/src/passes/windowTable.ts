/** What windows over an input read, as a table of indices: how convolution and pooling become products and picks. */
import { Tensor } from '@tapegrad/autograd'
import { sizeOf, stridesOf } from '@tapegrad/autograd/tracing'

/**
 * Where windows lie, per spatial axis, as the attributes of autograd's `windows` say it: tap k of window o reads
 * the element (o · stride + k · dilation − before) / inputDilation of the input, or nothing where that is no index.
 */
export interface PlacedWindows {
  readonly input: readonly number[]
  readonly window: readonly number[]
  readonly output: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly inputDilation: readonly number[]
  readonly before: readonly number[]
}

/** For each tap and then each window the position of what it reads in the input, or the input's size for nothing. */
export function windowTable(placed: PlacedWindows): Tensor {
  const { input, window, output } = placed
  const nothing = sizeOf(input)
  const strides = stridesOf(input)
  const [taps, windows] = [indicesOf(window), indicesOf(output)]
  const data = new Int32Array(taps.length * windows.length)
  taps.forEach((tap, k) => {
    windows.forEach((at, o) => {
      const indices = tap.map((_, axis) => indexAlong(placed, axis, tap[axis], at[axis]))
      const isInside = indices.every(
        (index, axis) => Number.isInteger(index) && index >= 0 && index < input[axis],
      )
      data[k * windows.length + o] = isInside
        ? indices.reduce((position, index, axis) => position + index * strides[axis], 0)
        : nothing
    })
  })
  return new Tensor(data, [data.length], 'int32')
}

function indexAlong(
  { stride, dilation, before, inputDilation }: PlacedWindows,
  axis: number,
  tap: number,
  window: number,
): number {
  return (window * stride[axis] + tap * dilation[axis] - before[axis]) / inputDilation[axis]
}

/** All indices into a shape, the last axis fastest. */
function indicesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (indices, extent) => indices.flatMap((index) => Array.from({ length: extent }, (_, i) => [...index, i])),
    [[]],
  )
}
