/** Draw: what random programs are drawn with, the same for the same seed on every machine. */
import type { DType, Shape } from '@tapegrad/autograd'
import { Tensor } from '@tapegrad/autograd'
import { allocate, isFloat, sizeOf } from '@tapegrad/autograd/tracing'

/** Sizes at which vectors are filled just not, just so, and just more than so. */
const sizesAroundVectors = [3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33]

export class Draw {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** A number in [0, 1): the mulberry32 generator. */
  unit(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let bits = this.state
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.unit() * (most - least + 1))
  }

  between(least: number, most: number): number {
    return least + this.unit() * (most - least)
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)]
  }

  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list]
    for (let k = result.length - 1; k > 0; k--) {
      const other = this.whole(0, k)
      ;[result[k], result[other]] = [result[other], result[k]]
    }
    return result
  }

  /** Some of the list, in its order; perhaps none, perhaps all. */
  some<T>(list: readonly T[]): T[] {
    return list.filter(() => this.chance(0.5))
  }

  dtype(): DType {
    return this.pick([
      'float32',
      'float32',
      'float32',
      'float32',
      'float64',
      'float64',
      'int32',
      'uint8',
      'bool',
    ])
  }

  /** A shape of at most `limit` elements: of any rank to 4, sometimes empty, long, or just around a vector's length. */
  shape(limit: number): Shape {
    const shape = Array.from({ length: this.pick([0, 1, 1, 2, 2, 2, 3, 3, 4]) }, () => this.extent())
    while (sizeOf(shape) > limit) shape[shape.indexOf(Math.max(...shape))] = this.whole(1, 3)
    return shape
  }

  private extent(): number {
    const kind = this.unit()
    if (kind < 0.03) return 0
    if (kind < 0.15) return 1
    if (kind < 0.7) return this.whole(2, 9)
    return kind < 0.95 ? this.pick(sizesAroundVectors) : this.whole(100, 400)
  }

  /** A tensor of small elements, floats with full mantissas. */
  tensor(shape: Shape, dtype: DType): Tensor {
    const data = allocate(dtype, sizeOf(shape))
    for (let k = 0; k < data.length; k++) data[k] = this.element(dtype)
    return new Tensor(data, shape, dtype)
  }

  element(dtype: DType): number {
    if (isFloat(dtype)) return this.between(-2, 2)
    return dtype === 'bool' ? this.whole(0, 1) : this.whole(dtype === 'uint8' ? 0 : -6, 6)
  }

  /** Indices into an axis: from the front or from the end. */
  indices(shape: Shape, extent: number): Tensor {
    const dtype = this.pick(['int32', 'int32', 'uint8'] as const)
    const data = allocate(dtype, sizeOf(shape))
    for (let k = 0; k < data.length; k++) data[k] = this.whole(dtype === 'uint8' ? 0 : -extent, extent - 1)
    return new Tensor(data, shape, dtype)
  }
}
