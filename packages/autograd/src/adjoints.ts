/** The derivatives that a reverse walk has gathered so far, one for each entry it may still visit. */
import { Tensor } from './tensor.js'
import { sameShape } from './shape.js'
import { add } from './primitives/arithmetic.js'
import type { Value } from './value.js'

const none = 0
const isNumber = 1
/** An object that came from a rule, which may have given it to others too. */
const shared = 2
/** An object made here by adding, which later contributions may be added to in place. */
const owned = 3

export class Adjoints {
  private readonly numbers: Float64Array
  private readonly state: Uint8Array
  private objects: (Exclude<Value, number> | undefined)[] | undefined

  constructor(private readonly length: number) {
    this.numbers = new Float64Array(length)
    this.state = new Uint8Array(length)
  }

  has(index: number): boolean {
    return this.state[index] !== none
  }

  get(index: number): Value {
    return this.state[index] === isNumber ? this.numbers[index] : this.objects![index]!
  }

  /** Adds a contribution to the derivative of an entry. */
  accumulate(index: number, contribution: Value): void {
    const state = this.state[index]
    if (state === none) this.set(index, contribution, shared)
    else if (state === isNumber && typeof contribution === 'number') this.numbers[index] += contribution
    else {
      const sum = this.get(index)
      if (state === owned && addInPlace(sum, contribution)) return
      this.set(index, add(sum, contribution), owned)
    }
  }

  private set(index: number, value: Value, ownership: typeof shared | typeof owned): void {
    if (typeof value === 'number') {
      this.state[index] = isNumber
      this.numbers[index] = value
    } else {
      this.state[index] = ownership
      this.objects ??= new Array<undefined>(this.length).fill(undefined)
      this.objects[index] = value
    }
  }

  /** Lets go of a derivative that the walk has passed on, so that its memory can be used again. */
  release(index: number): void {
    if (this.objects !== undefined) this.objects[index] = undefined
  }
}

/** Whether `contribution` could be added into the buffer of `sum`. */
function addInPlace(sum: Value, contribution: Value): boolean {
  if (!(sum instanceof Tensor) || !(contribution instanceof Tensor)) return false
  if (sum.dtype !== contribution.dtype || !sameShape(sum.shape, contribution.shape)) return false
  const { data } = sum
  for (let i = 0; i < data.length; i++) data[i] += contribution.data[i]
  return true
}
