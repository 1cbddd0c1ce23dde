/** Placeholder: what stands on a symbolic tape for a value whose data isn't there yet. */
import { TapeError } from './errors.js'
import type { DType } from './dtype.js'
import type { Shape } from './shape.js'
import { sizeOf } from './shape.js'
import type { Kind, Spec } from './value.js'
import { formatSpec } from './value.js'

/** A kind, shape and dtype. Reading its data is an error. */
export class Placeholder implements Spec {
  readonly kind: Kind
  readonly shape: Shape
  readonly dtype: DType

  constructor({ kind, shape, dtype }: Spec) {
    this.kind = kind
    this.shape = shape
    this.dtype = dtype
  }

  get size(): number {
    return sizeOf(this.shape)
  }

  get rank(): number {
    return this.shape.length
  }

  get data(): never {
    throw this.unknownError('data')
  }

  item(): never {
    throw this.unknownError('item()')
  }

  toArray(): never {
    throw this.unknownError('toArray()')
  }

  toString(): string {
    return `${formatSpec(this)}, not known yet`
  }

  private unknownError(what: string): TapeError {
    return new TapeError(
      'SYMBOLIC',
      `${what}: a value of ${formatSpec(this)} was read while its function is traced, when there is no data yet; ` +
        'decide by its shape, or choose between values with where(…)',
    )
  }
}
