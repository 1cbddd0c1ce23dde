/** Plain index arithmetic to hold operations against: slow, obvious, and sharing nothing with the kernels. */
import type { Shape, Tensor, Value } from '../../src/index.js'
import type { DType } from '../../src/index.js'
import { tensor, Tensor as TensorClass } from '../../src/index.js'

export type Index = readonly number[]

/** Every index into `shape`, in row-major order. */
export function indicesOf(shape: Shape): Index[] {
  return shape.reduce<Index[]>(
    (prefixes, size) => prefixes.flatMap((prefix) => Array.from({ length: size }, (_, i) => [...prefix, i])),
    [[]],
  )
}

/** The element of `x` at `index`; an index into a shape that `x` broadcasts to will do. */
export function at(x: Tensor | number, index: Index): number {
  if (typeof x === 'number') return x
  let offset = 0
  x.shape.forEach((size, axis) => {
    const i = index[index.length - x.shape.length + axis]
    offset = offset * size + (size === 1 ? 0 : i)
  })
  return x.data[offset]
}

/** The shape that shapes known to fit broadcast to. */
export function broadcastOf(...shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1)
    return sizes.find((size) => size !== 1) ?? 1
  })
}

/** The elements that `f` gives for each index into `shape`. */
export function elementsOf(shape: Shape, f: (index: Index) => number): number[] {
  return indicesOf(shape).map(f)
}

/** The axes meant by what reductions take as `axis`, counted from the front. */
export function axesMeant(axis: number | readonly number[] | undefined, rank: number): number[] {
  const list = axis === undefined ? Array.from({ length: rank }, (_, k) => k) : [axis].flat()
  return (list as number[]).map((k) => (k < 0 ? k + rank : k))
}

/** What a reduction gives: `f` of the elements that fall on each index of the result. */
export function reduceOf(
  x: Tensor,
  axis: number | readonly number[] | undefined,
  keepDims: boolean,
  f: (line: readonly number[]) => number,
): { shape: Shape; elements: number[] } {
  const axes = axesMeant(axis, x.rank)
  const kept = x.shape.map((size, k) => (axes.includes(k) ? 1 : size))
  const elements = elementsOf(kept, (index) => {
    const line = indicesOf(x.shape.map((size, k) => (axes.includes(k) ? size : 1)))
    return f(
      line.map((step) =>
        at(
          x,
          index.map((i, k) => i + step[k]),
        ),
      ),
    )
  })
  return { shape: keepDims ? kept : kept.filter((_, k) => !axes.includes(k)), elements }
}

/** A tensor of elements in row-major order. */
export function tensorOf(elements: readonly number[], shape: Shape, dtype: DType = 'float64'): Tensor {
  return tensor(elements, { shape, dtype })
}

/** Expects a tensor of just this shape, dtype and elements; floats may differ in the last bits where `ulps` says so. */
export function expectTensor(
  actual: Value,
  shape: Shape,
  dtype: DType,
  elements: readonly number[],
  tolerance = 0,
): void {
  expect(actual).toBeInstanceOf(TensorClass)
  const result = actual as Tensor
  expect({ shape: result.shape, dtype: result.dtype, size: result.size }).toEqual({
    shape,
    dtype,
    size: elements.length,
  })
  const got = Array.from(result.data)
  if (tolerance === 0) expect(got.map(withoutSign)).toEqual(elements.map(withoutSign))
  else got.forEach((x, k) => expectClose(x, elements[k], tolerance))
}

/** 0 and −0 count as the same. */
function withoutSign(x: number): number {
  return x === 0 ? 0 : x
}

/** Expects equality to within `tolerance`, relative where the numbers are greater than 1. */
export function expectClose(actual: number, expected: number, tolerance: number): void {
  if (Object.is(actual, expected) || actual === expected) return
  const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected))
  if (!(error <= tolerance))
    throw new Error(`got ${actual}, wants ${expected} (error ${error}, allowed ${tolerance})`)
}
