/** compile: a function traced once for each kind of arguments, and run as WebAssembly from then on. */
import type { Accepted, Peeled, Spec, Variable } from '@tapegrad/autograd'
import { assemble } from './assemble.js'
import type { CompiledCallOptions } from './compiledCall.js'
import { CompiledCall } from './compiledCall.js'
import { takenApart, withoutGenerators } from './generators.js'
import { createMemory, maximumPages, ProgramInstance } from './instance.js'
import { lower } from './lowering/lower.js'
import { planProducts } from './lowering/planProducts.js'
import { Pattern } from './pattern.js'
import { inputIndices, placesOf } from './places.js'
import { inputChecks } from './rangeChecks.js'
import { hasVariables, signatureOf } from './signature.js'
import { threadCount } from './threads.js'
import { traceCall } from './tracedCall.js'

export interface CompileOptions {
  /** How many threads run it: the cores up to 8 by default, 1 in a page that isn't isolated from other origins. */
  readonly threads?: number | undefined
}

/**
 * A function that does what `f` does, compiled: traced once for each structure, kinds, shapes and dtypes of its
 * arguments, and run as one WebAssembly program. Numbers among the arguments are inputs, not constants, and generators
 * of random numbers are drawn from and moved on; other leaves that are no values are traced with. Called on Variables,
 * it runs `f` itself.
 *
 * Throws CompileError where `f` uses an operation that can't be compiled or a Variable of a tape of its own, and
 * TapeError of code SYMBOLIC where it reads the data of a traced value.
 */
export function compile<P extends Variable[], R>(
  f: (...args: P) => R,
  options?: CompileOptions,
): <A extends Accepted<P>>(...args: A) => Peeled<R>
export function compile<P extends unknown[], R>(
  f: (...args: P) => R,
  options?: CompileOptions,
): <A extends Accepted<P>>(...args: A) => Peeled<R>
export function compile(
  f: (...args: never[]) => unknown,
  options: CompileOptions = {},
): (...args: unknown[]) => unknown {
  const threads = threadCount(options.threads)
  const calls = new Map<string, CompiledCall>()
  const callFor = (plain: readonly unknown[]): CompiledCall => {
    const { specs, key } = signatureOf(plain)
    const known = calls.get(key)
    if (known !== undefined) return known
    const compiled = compileFor(withoutGenerators(f), plain, specs, threads)
    calls.set(key, compiled)
    return compiled
  }
  // Most calls are of the kind of the last one.
  let recent: { readonly pattern: Pattern; readonly call: CompiledCall } | undefined
  return (...args) => {
    const values = recent?.pattern.valuesOf(args)
    if (values !== undefined) return recent!.call.run(args, values)
    const plain = takenApart(args) as readonly unknown[]
    if (hasVariables(plain)) return f(...(args as never[]))
    const [pattern, call] = [new Pattern(args), callFor(plain)]
    recent = { pattern, call }
    return call.run(args, pattern.valuesOf(args)!)
  }
}

function compileFor(
  f: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  specs: readonly Spec[],
  threads: number,
): CompiledCall {
  const { program, structure } = traceCall(f, args, specs)
  const checkInputs = inputChecks(program)
  const shared = threads > 1
  const lowered = planProducts(lower(program), threads)
  const assembled = assemble(lowered, { threads, shared, maximumPages })
  const instance = new ProgramInstance(assembled, createMemory(assembled.memoryBytes, shared), threads)
  const { memory } = instance
  return new CompiledCall({
    instance,
    checkInputs,
    inputs: placesOf(inputIndices(program), program, assembled, memory),
    outputs: placesOf(program.outputs, program, assembled, memory),
    structure: structure as CompiledCallOptions['structure'],
  })
}
