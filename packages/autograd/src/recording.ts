/** A tape's entries as columns: operation ids, input positions, values and, where there are any, attributes. */
import type { Primitive } from './primitive.js'
import { firstPrimitiveId, primitiveOf } from './primitive.js'
import type { Tensor } from './tensor.js'
import type { Value } from './value.js'
import type { Variable } from './variable.js'

/** Entries that no operation made. */
export const variableId = 0
export const constantId = 1

type GrowingColumn = Float64Array | Int32Array | Uint16Array

/** A copy of the column with room for at least `length` elements, and for twice as many as it has. */
function grown<C extends GrowingColumn>(column: C, length: number): C {
  const larger = new (column.constructor as new (length: number) => C)(Math.max(length, 2 * column.length))
  larger.set(column)
  return larger
}

/**
 * Typed arrays hold what they can: an entry of a scalar program costs some twenty bytes and no object. Values
 * that are no numbers are in a list of their own, made when the first one comes.
 */
export class Recording {
  length = 0
  private ids = new Uint16Array(16)
  /** Where the inputs of each entry end in `inputs`; they begin where those of the entry before end. */
  private ends = new Int32Array(16)
  private inputs = new Int32Array(32)
  private numbers = new Float64Array(16)
  private objects: (Tensor | Variable | undefined)[] | undefined
  private readonly attributes = new Map<number, unknown>()

  /** Adds an entry without inputs. Like the other ways to add, gives its position. */
  addLeaf(id: number, value: Value): number {
    return this.add(id, value, undefined, this.inputStart(this.length))
  }

  addUnary(id: number, value: Value, attributes: unknown, x: number): number {
    const end = this.inputStart(this.length)
    this.reserveInputs(end + 1)
    this.inputs[end] = x
    return this.add(id, value, attributes, end + 1)
  }

  addBinary(id: number, value: Value, attributes: unknown, x: number, y: number): number {
    const end = this.inputStart(this.length)
    this.reserveInputs(end + 2)
    this.inputs[end] = x
    this.inputs[end + 1] = y
    return this.add(id, value, attributes, end + 2)
  }

  addVariadic(id: number, value: Value, attributes: unknown, inputs: readonly number[]): number {
    const end = this.inputStart(this.length)
    this.reserveInputs(end + inputs.length)
    this.inputs.set(inputs, end)
    return this.add(id, value, attributes, end + inputs.length)
  }

  private add(id: number, value: Value, attributes: unknown, end: number): number {
    const index = this.length++
    if (index === this.ids.length) this.growEntries()
    this.ids[index] = id
    this.ends[index] = end
    if (typeof value === 'number') this.numbers[index] = value
    if (this.objects !== undefined || typeof value !== 'number') this.addObject(index, value)
    if (attributes !== undefined) this.attributes.set(index, attributes)
    return index
  }

  /** The columns with one element an entry grow together. */
  private growEntries(): void {
    this.ids = grown(this.ids, this.length)
    this.ends = grown(this.ends, this.length)
    this.numbers = grown(this.numbers, this.length)
  }

  private reserveInputs(length: number): void {
    if (length > this.inputs.length) this.inputs = grown(this.inputs, length)
  }

  private addObject(index: number, value: Value): void {
    this.objects ??= new Array<undefined>(index).fill(undefined)
    this.objects.push(typeof value === 'number' ? undefined : value)
  }

  /** Where the inputs of entry `index` begin. */
  private inputStart(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]
  }

  /** Lets go of all values but those of constants, from which and new inputs they can be computed again. */
  forgetValues(): void {
    const { objects } = this
    if (objects !== undefined)
      for (let index = 0; index < this.length; index++)
        if (!this.isConstant(index)) objects[index] = undefined
  }

  valueAt(index: number): Value {
    return this.objects?.[index] ?? this.numbers[index]
  }

  isLeaf(index: number): boolean {
    return this.ids[index] < firstPrimitiveId
  }

  isConstant(index: number): boolean {
    return this.ids[index] === constantId
  }

  /** The primitive that made the entry, which is no leaf. */
  primitiveAt(index: number): Primitive {
    return primitiveOf(this.ids[index])
  }

  inputCount(index: number): number {
    return this.ends[index] - this.inputStart(index)
  }

  /** The position of the k-th input of the entry. */
  inputAt(index: number, k: number): number {
    return this.inputs[this.inputStart(index) + k]
  }

  inputsOf(index: number): number[] {
    return Array.from(this.inputs.subarray(this.inputStart(index), this.ends[index]))
  }

  attributesAt(index: number): unknown {
    return this.attributes.get(index)
  }
}
