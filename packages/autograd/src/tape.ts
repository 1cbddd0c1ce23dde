/** Tape: an ordered recording of operations, and the derivatives that the chain rule gets out of it. */
import { checkOperation, whereCalled } from './anomaly.js'
import type { Entry } from './entries.js'
import { entriesOf, formatEntries } from './entries.js'
import { TapeError } from './errors.js'
import { gradientOf } from './gradient.js'
import { Level } from './level.js'
import type { BinaryPrimitive, UnaryPrimitive, VariadicPrimitive } from './primitive.js'
import { constantId, Recording, variableId } from './recording.js'
import type { MapLeaves } from './tree.js'
import type { Value } from './value.js'
import { checkValue } from './value.js'
import { Variable } from './variable.js'

export interface TapeOptions {
  /**
   * Throw AnomalyError at the first operation, forward or backward, that makes NaN or Infinity out of finite
   * input. Costs time and memory while on; nothing while off.
   */
  readonly detectAnomaly?: boolean
}

export interface GradientOptions {
  /** The derivative arriving at the target, of its shape; needed unless the target is a scalar. */
  readonly upstream?: Value
}

/**
 * Records every operation one of whose inputs is a Variable of this tape, in order. There is no current tape:
 * any number may be open at once, across `await` too.
 */
export class Tape extends Level {
  /** @internal */
  readonly recording = new Recording()
  private readonly names = new Map<number, string>()
  /** Where each entry was recorded, kept by a tape that detects anomalies. */
  private readonly origins: string[] | undefined
  private closed = false
  private forgotten = false

  constructor({ detectAnomaly = false }: TapeOptions = {}) {
    super()
    if (detectAnomaly) this.origins = []
  }

  /** The number of entries. */
  get length(): number {
    return this.recording.length
  }

  /** The recording, entry by entry: reads as an array, but each entry is made only when it is looked at. */
  get entries(): readonly Entry[] {
    return entriesOf(this)
  }

  /** One line an entry: position, name, operation with inputs and attributes, shape and dtype or number. */
  override toString(): string {
    return formatEntries(this)
  }

  /** A new variable to differentiate by. Its value may be a Variable of an older tape, which then sees all of it. */
  variable(value: Value, name?: string): TapeVariable {
    return this.addLeaf('variable', variableId, value, name)
  }

  /** A value on this tape that has no derivative; operations make one for each input that is no Variable of it. */
  constant(value: Value, name?: string): TapeVariable {
    return this.addLeaf('constant', constantId, value, name)
  }

  /**
   * The derivatives of `target` by each of `sources`, ∂target/∂source, by one walk backward over the entries
   * between them. Sources are Variables of this tape, intermediates too: one, or a tree of them; the answer has
   * the same structure, each derivative the kind, shape and dtype of its source. Zeros where the target doesn't
   * depend on a source. A target that is no scalar needs `upstream`; then the answer is the product of `upstream`
   * and the Jacobian.
   *
   * Throws TapeError where target or sources aren't on this tape or `upstream` is missing, ShapeError where its
   * shape isn't the target's, DTypeError where target or a source holds integers.
   */
  gradient<S>(
    target: Variable,
    sources: S,
    { upstream }: GradientOptions = {},
  ): MapLeaves<S, Variable, Value> {
    return gradientOf('tape.gradient', this, [{ target, upstream }], sources) as MapLeaves<S, Variable, Value>
  }

  /** Ends the recording: operations on its variables are errors from now on. */
  close(): void {
    this.closed = true
  }

  /** @internal Closes the tape and lets go of all values but those of constants. */
  forget(): void {
    this.close()
    this.forgotten = true
    this.recording.forgetValues()
  }

  /** @internal The value of a variable that a user reads. */
  read(index: number): Value {
    if (this.forgotten)
      throw new TapeError(
        'FORGOTTEN',
        'a variable was read after the checkpointed function that made it had returned; return what you need from it',
      )
    return this.recording.valueAt(index)
  }

  /** @internal */
  nameAt(index: number): string | undefined {
    return this.names.get(index)
  }

  /** @internal Where entry `index` was recorded, known to a tape that detects anomalies. */
  originAt(index: number): string | undefined {
    return this.origins?.[index]
  }

  get detectsAnomalies(): boolean {
    return this.origins !== undefined
  }

  /** @internal */
  override applyUnary<A>(primitive: UnaryPrimitive<A>, x: Variable, attributes: A): TapeVariable {
    const position = this.positionOf(primitive.label(attributes), x)
    const input = this.recording.valueAt(position)
    const value =
      typeof input === 'number' && primitive.number !== undefined
        ? primitive.number(input, attributes)
        : primitive.call(input, attributes)
    if (this.origins !== undefined) this.watch(primitive.label(attributes), [input], value)
    return new TapeVariable(this, this.recording.addUnary(primitive.id, value, attributes, position))
  }

  /** @internal */
  override applyBinary<A>(primitive: BinaryPrimitive<A>, x: Value, y: Value, attributes: A): TapeVariable {
    const xPosition = this.positionOf(primitive.label(attributes), x)
    const yPosition = this.positionOf(primitive.label(attributes), y)
    const xInput = this.recording.valueAt(xPosition)
    const yInput = this.recording.valueAt(yPosition)
    const value =
      typeof xInput === 'number' && typeof yInput === 'number' && primitive.number !== undefined
        ? primitive.number(xInput, yInput, attributes)
        : primitive.call(xInput, yInput, attributes)
    if (this.origins !== undefined) this.watch(primitive.label(attributes), [xInput, yInput], value)
    return new TapeVariable(
      this,
      this.recording.addBinary(primitive.id, value, attributes, xPosition, yPosition),
    )
  }

  /** @internal */
  override applyVariadic<A>(primitive: VariadicPrimitive<A>, xs: readonly Value[], attributes: A): Variable {
    const positions = xs.map((x) => this.positionOf(primitive.label(attributes), x))
    const inputs = positions.map((position) => this.recording.valueAt(position))
    const value = primitive.call(inputs, attributes)
    if (this.origins !== undefined) this.watch(primitive.label(attributes), inputs, value)
    return new TapeVariable(this, this.recording.addVariadic(primitive.id, value, attributes, positions))
  }

  /** Where an input is on this tape; what isn't yet becomes a constant. */
  protected positionOf(name: string, x: Value): number {
    if (this.closed) throw closedError(name)
    if (x instanceof TapeVariable && x.tape === this) return x.index
    return this.addConstant(x)
  }

  protected addConstant(value: Value): number {
    this.origins?.push('')
    return this.recording.addLeaf(constantId, value)
  }

  private addLeaf(what: string, id: number, value: Value, name: string | undefined): TapeVariable {
    checkValue(`tape.${what}`, value)
    if (this.closed) throw closedError(`tape.${what}`)
    if (value instanceof Variable && value.level.age >= this.age)
      throw new TapeError(
        'NOT_OUTER',
        `tape.${what}: the value is a Variable of ${value.level === this ? 'this very' : 'a younger'} tape; ` +
          'wants a number, a Tensor, or a Variable of an older tape',
      )
    this.origins?.push('')
    const index = this.recording.addLeaf(id, value)
    if (name !== undefined) this.names.set(index, name)
    return new TapeVariable(this, index)
  }

  private watch(name: string, inputs: readonly Value[], value: Value): void {
    const origin = whereCalled()
    checkOperation(name, inputs, value, origin)
    this.origins?.push(origin)
  }
}

/** A value on a tape: no more than the tape and a position on it. */
export class TapeVariable extends Variable {
  constructor(
    override readonly tape: Tape,
    override readonly index: number,
  ) {
    super()
  }

  override get level(): Level {
    return this.tape
  }

  override get value(): Value {
    return this.tape.read(this.index)
  }

  override get name(): string | undefined {
    return this.tape.nameAt(this.index)
  }
}

function closedError(name: string): TapeError {
  return new TapeError(
    'TAPE_CLOSED',
    `${name}: the tape is closed; a variable was used after the grad, vjp or the like that made it had returned. ` +
      'Return what you need from the function instead of keeping its variables',
  )
}
