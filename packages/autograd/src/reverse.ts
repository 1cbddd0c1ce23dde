/** The reverse walk: replays a recording backward, multiplying local derivatives by the chain rule. */
import { Adjoints } from './adjoints.js'
import { checkOperation } from './anomaly.js'
import { fit } from './fit.js'
import type { Primitive } from './primitive.js'
import type { Recording } from './recording.js'
import type { Tape } from './tape.js'
import type { Value } from './value.js'
import { isDifferentiable, specOf } from './value.js'

/** Where a walk begins: an entry, and the derivative that arrives there. */
export interface Arrival {
  readonly target: number
  readonly upstream: Value
}

/**
 * The derivatives by each entry of `sources`, given what arrives at one or several targets: for each source the sum
 * over all targets; undefined where no path of derivatives leads from it to any. Rules run only for entries on such
 * a path, and only for the inputs that lie on it; once for an entry, however many targets it leads to.
 */
export function reverseWalk(
  tape: Tape,
  arrivals: readonly Arrival[],
  sources: readonly number[],
): (Value | undefined)[] {
  const targets = arrivals.map(({ target }) => target)
  const last = targets.reduce((greatest, target) => Math.max(greatest, target))
  const first = [...targets, ...sources].reduce((least, position) => Math.min(least, position))
  return new ReverseWalk(tape, first, last, sources).run(arrivals)
}

class ReverseWalk {
  private readonly recording: Recording
  private readonly adjoints: Adjoints
  /** For each entry from `first` to `last`, 1 where it depends on a source by a path of derivatives. */
  private readonly depends: Uint8Array

  constructor(
    private readonly tape: Tape,
    private readonly first: number,
    private readonly last: number,
    private readonly sources: readonly number[],
  ) {
    this.recording = tape.recording
    this.adjoints = new Adjoints(last - first + 1)
    this.depends = new Uint8Array(last - first + 1)
    for (const source of sources) if (source <= last) this.depends[source - first] = 1
    for (let index = first; index <= last; index++)
      if (this.depends[index - first] === 0 && this.isOnPath(index)) this.depends[index - first] = 1
  }

  run(arrivals: readonly Arrival[]): (Value | undefined)[] {
    const { recording, adjoints, first, last, sources } = this
    const isSource = new Set(sources)
    for (const { target, upstream } of arrivals)
      if (this.depends[target - first] === 1) adjoints.accumulate(target - first, upstream)
    for (let index = last; index >= first; index--) {
      if (!adjoints.has(index - first) || recording.isLeaf(index)) continue
      const flow = adjoints.get(index - first)
      if (!isSource.has(index)) adjoints.release(index - first)
      this.passOn(index, flow)
    }
    return sources.map((source) =>
      source <= last && adjoints.has(source - first) ? adjoints.get(source - first) : undefined,
    )
  }

  /** Whether an entry that is no source depends on one through a rule. */
  private isOnPath(index: number): boolean {
    const { recording } = this
    if (recording.isLeaf(index)) return false
    const primitive = recording.primitiveAt(index)
    const count = recording.inputCount(index)
    for (let k = 0; k < count; k++)
      if (this.isWanted(recording.inputAt(index, k)) && hasRule(primitive, k))
        return isDifferentiable(recording.valueAt(index))
    return false
  }

  private isWanted(input: number): boolean {
    return input >= this.first && this.depends[input - this.first] === 1
  }

  /** Hands the derivative that arrives at an entry on to those inputs that lie on a path. */
  private passOn(index: number, flow: Value): void {
    const { recording } = this
    const primitive = recording.primitiveAt(index)
    const output = recording.valueAt(index)
    const attributes = recording.attributesAt(index)
    switch (primitive.arity) {
      case 1: {
        const input = recording.inputAt(index, 0)
        if (primitive.reverse !== null && this.isWanted(input))
          this.add(index, 0, flow, primitive.reverse(flow, recording.valueAt(input), output, attributes))
        return
      }
      case 2: {
        const [xRule, yRule] = primitive.reverse
        const x = recording.inputAt(index, 0)
        const y = recording.inputAt(index, 1)
        const xValue = recording.valueAt(x)
        const yValue = recording.valueAt(y)
        if (xRule !== null && this.isWanted(x))
          this.add(index, 0, flow, xRule(flow, xValue, yValue, output, attributes))
        if (yRule !== null && this.isWanted(y))
          this.add(index, 1, flow, yRule(flow, xValue, yValue, output, attributes))
        return
      }
      case 'variadic': {
        if (primitive.reverse === null) return
        const inputs = recording.inputsOf(index)
        const values = inputs.map((input) => recording.valueAt(input))
        const wanted = inputs.map((input, k) => this.isWanted(input) && isDifferentiable(values[k]))
        if (!wanted.includes(true)) return
        const derivatives = primitive.reverse(flow, values, output, attributes, wanted)
        derivatives.forEach((derivative, k) => {
          if (derivative !== null && wanted[k]) this.add(index, k, flow, derivative)
        })
      }
    }
  }

  /** Adds what arrives at the k-th input of an entry to what has arrived there before. */
  private add(index: number, k: number, flow: Value, derivative: Value): void {
    const input = this.recording.inputAt(index, k)
    const value = this.recording.valueAt(input)
    const fitted =
      typeof derivative === 'number' && typeof value === 'number'
        ? derivative
        : fit(derivative, specOf(value))
    if (this.tape.detectsAnomalies) this.check(index, k, flow, fitted)
    this.adjoints.accumulate(input - this.first, fitted)
  }

  private check(index: number, k: number, flow: Value, derivative: Value): void {
    const { recording, tape } = this
    const name = recording.primitiveAt(index).label(recording.attributesAt(index))
    const inputs = recording.inputsOf(index).map((input) => recording.valueAt(input))
    checkOperation(
      `derivative of ${name} by input ${k}`,
      [flow, ...inputs],
      derivative,
      tape.originAt(index) ?? '',
    )
  }
}

function hasRule(primitive: Primitive, k: number): boolean {
  return primitive.arity === 2 ? primitive.reverse[k] !== null : primitive.reverse !== null
}
