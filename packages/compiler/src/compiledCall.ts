/** A call compiled for one kind of arguments: puts values in, runs the program, takes the results out. */
import type { Value } from '@tapegrad/autograd'
import { moveOn } from './generators.js'
import type { ProgramInstance } from './instance.js'
import type { Concrete } from './pattern.js'
import type { MemoryPlace } from './places.js'
import type { CheckInputs } from './rangeChecks.js'
import type { Result } from './result.js'
import { resultOf } from './result.js'

export interface CompiledCallOptions {
  readonly instance: ProgramInstance
  readonly checkInputs: CheckInputs
  readonly inputs: readonly MemoryPlace[]
  readonly outputs: readonly MemoryPlace[]
  /** The structure of the result, and of the counters that drawing from the generators among the arguments has moved on. */
  readonly structure: readonly [result: unknown, counters: readonly unknown[]]
}

export class CompiledCall {
  readonly instance: ProgramInstance
  private readonly checkInputs: CheckInputs
  private readonly inputs: readonly MemoryPlace[]
  private readonly outputs: readonly MemoryPlace[]
  private readonly result: Result
  private readonly counters: Result | undefined

  constructor({
    instance,
    checkInputs,
    inputs,
    outputs,
    structure: [result, counters],
  }: CompiledCallOptions) {
    this.instance = instance
    this.checkInputs = checkInputs
    this.inputs = inputs
    this.outputs = outputs
    this.result = resultOf(result)
    this.counters = counters.length === 0 ? undefined : resultOf(counters)
  }

  /** The result for arguments and their values; the generators among the arguments are moved on. */
  run(args: readonly unknown[], values: readonly Concrete[]): unknown {
    this.checkInputs(values)
    for (let k = 0; k < this.inputs.length; k++) this.inputs[k].write(values[k])
    this.instance.execute()
    if (this.counters !== undefined) moveOn(args, this.counters.filled(this.outputs) as readonly Value[])
    return this.result.filled(this.outputs)
  }
}
