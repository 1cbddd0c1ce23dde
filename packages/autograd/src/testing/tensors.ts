/** Arbitrary tensors, which shrink to small ones with the elements that matter, and these to round numbers. */
import fc from 'fast-check'
import type { DType, Shape } from '../index.js'
import { Tensor, tensor as makeTensor } from '../index.js'
import { sizeOf } from '../shape.js'
import type { ElementConstraints } from './elements.js'
import { element } from './elements.js'
import { printable } from './printable.js'
import { shape as anyShape } from './shapes.js'

export interface TensorConstraints extends ElementConstraints {
  /** The shape, or an arbitrary of shapes; any shape by default. */
  readonly shape?: Shape | fc.Arbitrary<Shape> | undefined
}

export interface TensorsConstraints extends ElementConstraints {
  /** The shapes that belong together. */
  readonly shapes: fc.Arbitrary<readonly Shape[]>
}

/** A tensor whose elements lie between `min` and `max` and away from `avoid`, by construction. */
export function tensor({ shape, ...constraints }: TensorConstraints = {}): fc.Arbitrary<Tensor> {
  const shapes = shapeArbitrary(shape).map(
    (only): readonly Shape[] => [only],
    (list) => (list as readonly Shape[])[0],
  )
  return tensors({ ...constraints, shapes }).map(
    ([only]) => only,
    (only) => [only as Tensor],
  )
}

/**
 * Several tensors, one for each of `shapes`, that shrink together: `tensors({ shapes: broadcastableShapes() })`.
 * As an argument of a property they arrive as one list, `([a, b]) => add(a, b)`.
 */
export function tensors({ shapes, ...constraints }: TensorsConstraints): fc.Arbitrary<readonly Tensor[]> {
  return new TensorsArbitrary(shapes, element(constraints), constraints.dtype ?? 'float64')
}

function shapeArbitrary(wanted: TensorConstraints['shape']): fc.Arbitrary<Shape> {
  if (wanted === undefined) return anyShape()
  return isArbitrary(wanted) ? wanted : fc.constant(wanted)
}

function isArbitrary(x: Shape | fc.Arbitrary<Shape>): x is fc.Arbitrary<Shape> {
  return !Array.isArray(x)
}

/** So many of the elements: the first, the last, or the outermost. */
const partsToKeep = [
  (elements: readonly number[], size: number) => elements.slice(0, size),
  (elements: readonly number[], size: number) => elements.slice(elements.length - size),
  (elements: readonly number[], size: number) =>
    elements.toSpliced(Math.ceil(size / 2), elements.length - size),
] as const

/**
 * Chaining shapes and elements would draw new elements for each smaller shape, and so lose those that fail. Here a
 * smaller tensor keeps a part of the elements there are.
 */
class TensorsArbitrary extends fc.Arbitrary<readonly Tensor[]> {
  constructor(
    private readonly shapes: fc.Arbitrary<readonly Shape[]>,
    private readonly elements: fc.Arbitrary<number>,
    private readonly dtype: DType,
  ) {
    super()
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<readonly Tensor[]> {
    const shapes = this.shapes.generate(random, bias)
    const data = shapes.value.map((shape) =>
      Array.from({ length: sizeOf(shape) }, () => this.elements.generate(random, bias).value),
    )
    return this.made(data, shapes)
  }

  override canShrinkWithoutContext(value: unknown): value is readonly Tensor[] {
    return (
      Array.isArray(value) &&
      value.every((x) => x instanceof Tensor && x.dtype === this.dtype) &&
      this.shapes.canShrinkWithoutContext(value.map((x: Tensor) => x.shape)) &&
      value.every((x: Tensor) => [...x.data].every((each) => this.elements.canShrinkWithoutContext(each)))
    )
  }

  /** `context` is the shapes as they were drawn, which say how they shrink. */
  override shrink(value: readonly Tensor[], context: unknown): fc.Stream<fc.Value<readonly Tensor[]>> {
    const data = value.map((x) => Array.from(x.data))
    const shapes =
      context instanceof fc.Value
        ? (context as fc.Value<readonly Shape[]>)
        : new fc.Value<readonly Shape[]>(
            value.map((x) => x.shape),
            undefined,
          )
    return this.smaller(data, shapes).join(this.rounder(data, shapes))
  }

  private smaller(
    data: readonly number[][],
    { value, context }: fc.Value<readonly Shape[]>,
  ): fc.Stream<fc.Value<readonly Tensor[]>> {
    return this.shapes.shrink(value, context).flatMap((shapes) => {
      const sizes = shapes.value.map(sizeOf)
      // Without an empty axis a shape has more elements than there are.
      if (sizes.some((size, k) => size > data[k].length)) return fc.Stream.nil()
      return fc.Stream.of(
        ...partsToKeep.map((part) =>
          this.made(
            data.map((elements, k) => part(elements, sizes[k])),
            shapes,
          ),
        ),
      )
    })
  }

  private rounder(
    data: readonly number[][],
    shapes: fc.Value<readonly Shape[]>,
  ): fc.Stream<fc.Value<readonly Tensor[]>> {
    const places = data.flatMap((elements, k) => elements.map((element, i) => ({ k, i, element })))
    return fc
      .stream(places[Symbol.iterator]())
      .flatMap(({ k, i, element }) =>
        this.elements
          .shrink(element, undefined)
          .map(({ value }) => this.made(data.with(k, data[k].with(i, value)), shapes)),
      )
  }

  private made(data: readonly number[][], shapes: fc.Value<readonly Shape[]>): fc.Value<readonly Tensor[]> {
    const made = data.map((elements, k) =>
      printable(makeTensor(elements, { shape: shapes.value[k], dtype: this.dtype })),
    )
    return new fc.Value(made, shapes)
  }
}

export interface DistinctTensorConstraints {
  /** The shape, or an arbitrary of shapes; any shape by default. */
  readonly shape?: Shape | fc.Arbitrary<Shape> | undefined
  /** float32, or float64 as by default. */
  readonly dtype?: 'float32' | 'float64' | undefined
}

/**
 * A tensor no two elements of which are closer than 1/2, in any order and around 0: what has kinks where elements
 * meet, such as `max` and `sort`, is smooth there.
 */
export function distinctTensor({
  shape,
  dtype = 'float64',
}: DistinctTensorConstraints = {}): fc.Arbitrary<Tensor> {
  return tensor({ shape, dtype, min: 0, max: 1 }).map((drawn) => {
    const keys = Array.from(drawn.data)
    const order = keys.map((_, k) => k).sort((a, b) => keys[a] - keys[b])
    const spread = new Array<number>(keys.length)
    order.forEach((k, rank) => {
      spread[k] = (rank - Math.floor(keys.length / 2) + keys[k]) / 2
    })
    return printable(makeTensor(spread, { shape: drawn.shape, dtype }))
  })
}
