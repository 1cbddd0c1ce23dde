/** Tensor: an immutable n-d array, contiguous and row-major, in ordinary garbage-collected memory. */
import type { DType, TypedArray } from './dtype.js'
import { ArgumentError, ShapeError } from './errors.js'
import { formatTensor } from './format.js'
import type { OperationMethods } from './methods.js'
import type { Shape } from './shape.js'
import { formatShape } from './shape.js'

/** Nested plain arrays of numbers; a scalar is a bare number. */
export type NestedNumbers = number | readonly NestedNumbers[]

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the methods are attached by methods.ts
export class Tensor {
  /** Keeps TypeScript from taking a Variable, which reads alike, for a Tensor. */
  declare protected readonly brand: 'Tensor'

  /**
   * @internal Made by `tensor(…)` and by operations, which see to it that `data` fits `shape` and `dtype`.
   * `data` is shared with whoever passed it and is not to be written to.
   */
  constructor(
    readonly data: TypedArray,
    readonly shape: Shape,
    readonly dtype: DType,
  ) {}

  get kind(): 'tensor' {
    return 'tensor'
  }

  get size(): number {
    return this.data.length
  }

  get rank(): number {
    return this.shape.length
  }

  /** The only element of a tensor of size 1. Throws ShapeError for any other size. */
  item(): number {
    if (this.data.length !== 1)
      throw new ShapeError(
        'NOT_ONE_ELEMENT',
        `item: a tensor of shape ${formatShape(this.shape)} has ${this.size} elements, not one; read toArray() or data`,
      )
    return this.data[0]
  }

  /** The elements as nested plain arrays, a bare number for a scalar. */
  toArray(): NestedNumbers {
    let offset = 0
    const build = (axis: number): NestedNumbers =>
      axis === this.rank
        ? this.data[offset++]
        : Array.from({ length: this.shape[axis] }, () => build(axis + 1))
    return build(0)
  }

  /** Dtype, shape and elements, with the middle of long axes left out. */
  toString(): string {
    return formatTensor(this)
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString()
    return refuseArithmetic('tensor')
  }
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type -- see above
export interface Tensor extends OperationMethods<Tensor> {}

/** JavaScript's operators would silently turn tensors and variables into NaN. */
export function refuseArithmetic(what: 'tensor' | 'variable'): never {
  throw new ArgumentError(
    'OPERATOR',
    `${what}: JavaScript's operators (*, +, <, …) don't work on a ${what}; write mul(x, 2) or x.mul(2), add, less, …`,
  )
}
