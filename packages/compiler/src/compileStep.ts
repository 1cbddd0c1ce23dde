/** compileStep: a step of a loop as a program that keeps its state in its own memory. */
import type { Spec, Tensor } from '@tapegrad/autograd'
import { isValue, mapTree } from '@tapegrad/autograd'
import { sizeOf } from '@tapegrad/autograd/tracing'
import type { CompressedRows } from '@tapegrad/kernels'
import { assemble } from './assemble.js'
import { elementBytes } from './codegen/machine.js'
import type { CompileOptions } from './compile.js'
import type { CompiledCallOptions } from './compiledCall.js'
import { CompiledCall } from './compiledCall.js'
import { CompileError } from './errors.js'
import { generatorsOf, putTogether, takenApart } from './generators.js'
import { createMemory, growMemory, maximumPages, ProgramInstance } from './instance.js'
import { explain } from './explain.js'
import type { LoweredProgram } from './lowering/lower.js'
import { lower } from './lowering/lower.js'
import { planProducts } from './lowering/planProducts.js'
import { updateState } from './lowering/updateState.js'
import { Pattern } from './pattern.js'
import { inputIndices, MemoryPlace, placesOf } from './places.js'
import { alignedFor, roomFor } from './plan.js'
import { inputChecks } from './rangeChecks.js'
import { hasVariables, signatureOf } from './signature.js'
import { stateDifference } from './stateDifference.js'
import { threadCount } from './threads.js'
import { traceCall } from './tracedCall.js'

/** A step compiled for one kind of inputs. */
interface Entry {
  readonly call: CompiledCall
  readonly lowered: LoweredProgram
}

/** What a step returns: the new state, of the old one's structure, and outputs of any. */
export interface StepResult<S, O> {
  readonly state: S
  readonly outputs: O
}

/** A compiled step with its state. */
export interface CompiledStep<S, I extends readonly unknown[], O> {
  /** Runs the step: the state becomes the new one, and the outputs are given, copied out. */
  step(...inputs: I): O
  /** The state, copied out of the program's memory. */
  readonly state: S
  /**
   * What was compiled, for each kind of inputs so far: the program, the fused kernels with their shares of the
   * estimated work, and the memory plan.
   */
  explain(): string
  /** Ends the program's workers; it then runs on this thread alone. */
  dispose(): void
}

/**
 * A program of `step`, which takes a state and inputs and returns the new state and outputs. The state stays in the
 * program's memory, in one place whatever the inputs, and is updated there; it can be read at any time. Traced once
 * for each structure, kinds, shapes and dtypes of the inputs. Tensors that `step` captures are copied into that
 * memory once.
 *
 * Throws CompileError as `compile` does, and where the new state has another structure, shape or dtype than the old. A
 * step throws IndexError for an index out of bounds: before anything changes where the index is an input, or is picked
 * by inputs from constants or inputs, and else after the state has become a wrong one.
 */
export function compileStep<S, I extends readonly unknown[], O>(
  step: (state: S, ...inputs: I) => StepResult<unknown, O>,
  initialState: S,
  options: CompileOptions = {},
): CompiledStep<S, I, O> {
  const program = new StepProgram(
    withPlainTrees(step as unknown as Step),
    takenApart(initialState),
    threadCount(options.threads),
  )
  return {
    step: (...inputs) => program.step(inputs) as O,
    get state() {
      return putTogether(program.state) as S
    },
    explain: () => program.explain(),
    dispose: () => {
      program.dispose()
    },
  }
}

/** The step on trees without generators; the outputs come with the counters of those among the inputs. */
function withPlainTrees(step: Step): Step {
  return (state, ...inputs) => {
    const whole = (inputs as readonly unknown[]).map(putTogether) as never[]
    const result: unknown = step(putTogether(state), ...whole)
    checkResult(result)
    const counters = generatorsOf(whole).map(({ counter }) => counter)
    return { state: takenApart(result.state), outputs: [takenApart(result.outputs), counters] }
  }
}

function checkResult(result: unknown): asserts result is StepResult<unknown, unknown> {
  if (typeof result !== 'object' || result === null || !('state' in result) || !('outputs' in result))
    throw new CompileError(
      'STEP_RESULT',
      'compileStep: the step returned something else than { state, outputs }',
    )
}

type Step = (state: unknown, ...inputs: never[]) => StepResult<unknown, unknown>

class StepProgram {
  private readonly memory: WebAssembly.Memory
  private readonly statePlaces: readonly MemoryPlace[]
  private readonly entries = new Map<string, Entry>()
  private readonly constants = new Map<Tensor | CompressedRows, number>()
  /** Most steps are of the kind of the last one. */
  private recent: { readonly pattern: Pattern; readonly call: CompiledCall } | undefined
  /** The first byte that no entry uses yet. */
  private end: number

  constructor(
    private readonly stepFunction: Step,
    private readonly initialState: unknown,
    private readonly threads: number,
  ) {
    if (hasVariables(initialState))
      throw new CompileError(
        'STATE',
        'compileStep: the initial state holds Variables; wants numbers and Tensors',
      )
    const { values, specs } = signatureOf(initialState)
    let end = 64
    const addresses = specs.map((spec) => {
      const address = alignedFor(bytesOf(spec), end)
      end = address + roomFor(bytesOf(spec))
      return address
    })
    this.end = end
    this.memory = createMemory(end, threads > 1)
    this.statePlaces = specs.map((spec, k) => new MemoryPlace(this.memory, addresses[k], spec))
    this.statePlaces.forEach((place, k) => {
      place.write(values[k] as number | Tensor)
    })
  }

  step(inputs: readonly unknown[]): unknown {
    const values = this.recent?.pattern.valuesOf(inputs)
    if (values !== undefined) return this.recent!.call.run(inputs, values)
    const plain = takenApart(inputs) as readonly unknown[]
    if (hasVariables(plain))
      throw new CompileError(
        'STEP_INPUT',
        'step: the inputs hold Variables; a compiled step is not differentiated, it takes numbers and Tensors',
      )
    const [pattern, call] = [new Pattern(inputs), this.callFor(plain)]
    this.recent = { pattern, call }
    return call.run(inputs, pattern.valuesOf(inputs)!)
  }

  get state(): unknown {
    let next = 0
    return mapTree(this.initialState, (leaf) => {
      if (!isValue(leaf)) return leaf
      return this.statePlaces[next++].read()
    })
  }

  explain(): string {
    if (this.entries.size === 0)
      return 'nothing is compiled yet: the first step with inputs of a kind compiles it'
    return [...this.entries.values()]
      .map(({ call, lowered }) => explain({ lowered, assembled: call.instance.assembled }))
      .join('\n\n')
  }

  dispose(): void {
    for (const { call } of this.entries.values()) call.instance.dispose()
  }

  private callFor(inputs: readonly unknown[]): CompiledCall {
    const { key } = signatureOf(inputs)
    const entry = this.entries.get(key) ?? this.compileFor(inputs)
    this.entries.set(key, entry)
    return entry.call
  }

  private compileFor(inputs: readonly unknown[]): Entry {
    const args = [this.initialState, ...inputs]
    const traced = traceCall(this.checkedStep as (...args: never[]) => unknown, args, signatureOf(args).specs)
    const nodes = inputIndices(traced.program)
    const states = nodes.slice(0, this.statePlaces.length)
    const checkInputs = inputChecks(traced.program, states.length)
    const updated = updateState(lower(traced.program), states)
    const lowered = planProducts(updated.lowered, this.threads, updated.inPlace)
    const { program, buffers } = lowered

    const fixed = new Map(states.map((state, k) => [state, this.statePlaces[k].address]))
    for (const [buffer, state] of updated.inPlace) fixed.set(buffer, fixed.get(state)!)
    program.nodes.forEach((node, index) => {
      const known =
        'value' in node && typeof node.value !== 'number' ? this.constants.get(node.value) : undefined
      if (known !== undefined && buffers.has(index)) fixed.set(index, known)
    })
    const shared = this.threads > 1
    const assembled = assemble(lowered, {
      threads: this.threads,
      shared,
      maximumPages,
      fixed,
      start: this.end,
    })
    growMemory(this.memory, assembled.memoryBytes)
    const instance = new ProgramInstance(assembled, this.memory, this.threads)
    this.end = assembled.memoryBytes
    for (const { value, address } of assembled.constants)
      if (typeof value !== 'number') this.constants.set(value, address)

    // The new state stays where it is; only what is asked for is copied out.
    const [, structure] = traced.structure as readonly [
      state: unknown,
      outputs: CompiledCallOptions['structure'],
    ]
    const call = new CompiledCall({
      instance,
      checkInputs,
      inputs: placesOf(nodes.slice(states.length), program, assembled, this.memory),
      outputs: placesOf(program.outputs, program, assembled, this.memory),
      structure,
    })
    return { call, lowered }
  }

  /** The step, with its results in an order that puts the state first. */
  private readonly checkedStep = (state: unknown, ...inputs: never[]): readonly [unknown, unknown] => {
    const result = this.stepFunction(state, ...inputs)
    const difference = stateDifference(this.initialState, result.state)
    if (difference !== undefined)
      throw new CompileError(
        'STEP_STATE',
        `compileStep: the new state differs from the old one in structure, shapes or dtypes: ${difference}`,
      )
    return [result.state, result.outputs]
  }
}

function bytesOf({ shape, dtype }: Spec): number {
  return sizeOf(shape) * elementBytes[dtype]
}
