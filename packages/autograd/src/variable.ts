/** Variable: a value that a level of differentiation watches. */
import type { DType, TypedArray } from './dtype.js'
import type { Level } from './level.js'
import type { OperationMethods } from './methods.js'
import type { Shape } from './shape.js'
import type { Tape } from './tape.js'
import type { NestedNumbers, Tensor } from './tensor.js'
import { refuseArithmetic } from './tensor.js'
import type { Kind, Value } from './value.js'

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the methods are attached by methods.ts
export abstract class Variable {
  /** @internal The tape or, in forward mode, the tangents that it belongs to. */
  abstract readonly level: Level
  /** Its value with this level peeled off: a number, a Tensor, or a Variable of an outer level. */
  abstract readonly value: Value
  /** The tape it is on. Throws TapeError in forward mode, which keeps none. */
  abstract readonly tape: Tape
  /** Its position on the tape. Throws TapeError in forward mode. */
  abstract readonly index: number
  /** The name it was given with `tape.variable(value, name)`. */
  abstract readonly name: string | undefined

  get kind(): Kind {
    const { value } = this
    return typeof value === 'number' ? 'number' : value.kind
  }

  get shape(): Shape {
    const { value } = this
    return typeof value === 'number' ? [] : value.shape
  }

  get dtype(): DType {
    const { value } = this
    return typeof value === 'number' ? 'float64' : value.dtype
  }

  get size(): number {
    const { value } = this
    return typeof value === 'number' ? 1 : value.size
  }

  get rank(): number {
    return this.shape.length
  }

  /** The elements, read through all levels; a number's as a Float64Array of one. */
  get data(): TypedArray {
    const concrete = concreteOf(this)
    return typeof concrete === 'number' ? Float64Array.of(concrete) : concrete.data
  }

  /** The only element, read through all levels. Throws ShapeError where there isn't exactly one. */
  item(): number {
    const concrete = concreteOf(this)
    return typeof concrete === 'number' ? concrete : concrete.item()
  }

  /** The elements as nested plain arrays, read through all levels. */
  toArray(): NestedNumbers {
    const concrete = concreteOf(this)
    return typeof concrete === 'number' ? concrete : concrete.toArray()
  }

  toString(): string {
    const label = this.name === undefined ? '' : ` ${this.name}`
    return `Variable${label}: ${String(concreteOf(this))}`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString()
    return refuseArithmetic('variable')
  }
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type -- see above
export interface Variable extends OperationMethods<Variable> {}

/** The number or tensor below all levels. */
export function concreteOf(x: Value): number | Tensor {
  let value = x
  while (value instanceof Variable) value = value.value
  return value
}
