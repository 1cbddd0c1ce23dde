/** compile: a function traced once for each kind of arguments, and run as WebAssembly from then on. */
import type { Accepted, Peeled, Spec, Tensor, Value, Variable } from '@tapegrad/autograd'
import { assemble } from './assemble.js'
import { moveOn, putTogether, takenApart, withoutGenerators } from './generators.js'
import { createMemory, maximumPages, ProgramInstance } from './instance.js'
import { lower } from './lowering/lower.js'
import { planProducts } from './lowering/planProducts.js'
import { inputIndices, placesOf } from './places.js'
import { inputChecks } from './rangeChecks.js'
import type { Pattern } from './signature.js'
import { hasVariables, patternOf, signatureOf } from './signature.js'
import { threadCount } from './threads.js'
import { filled, traceCall } from './tracedCall.js'

export interface CompileOptions {
  /** How many threads run it: the cores up to 8 by default, 1 in a page that isn't isolated from other origins. */
  readonly threads?: number | undefined
}

/** A program compiled for one kind of arguments: puts values in, runs, takes results out. */
type Compiled = (values: readonly Value[]) => unknown

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
  const programs = new Map<string, Compiled>()
  const find = (plain: readonly unknown[]): Compiled => {
    const { specs, key } = signatureOf(plain)
    const known = programs.get(key)
    if (known !== undefined) return known
    const compiled = compileFor(withoutGenerators(f), plain, specs, threads)
    programs.set(key, compiled)
    return compiled
  }
  let recent: { readonly pattern: Pattern; readonly compiled: Compiled } | undefined
  return (...args) => {
    const plain = takenApart(args) as readonly unknown[]
    let values = recent?.pattern.valuesOf(plain)
    if (values === undefined) {
      if (hasVariables(args)) return f(...(args as never[]))
      recent = { pattern: patternOf(plain), compiled: find(plain) }
      values = recent.pattern.valuesOf(plain)!
    }
    const [result, counters] = recent!.compiled(values) as ReturnType<ReturnType<typeof withoutGenerators>>
    moveOn(args, counters)
    return putTogether(result)
  }
}

function compileFor(
  f: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  specs: readonly Spec[],
  threads: number,
): Compiled {
  const { program, structure } = traceCall(f, args, specs)
  const checkInputs = inputChecks(program)
  const shared = threads > 1
  const lowered = planProducts(lower(program), threads)
  const assembled = assemble(lowered, { threads, shared, maximumPages })
  const instance = new ProgramInstance(assembled, createMemory(assembled.memoryBytes, shared), threads)
  const { memory } = instance
  const inputs = placesOf(inputIndices(program), program, assembled, memory)
  const outputs = placesOf(program.outputs, program, assembled, memory)
  return (values) => {
    checkInputs(values)
    inputs.forEach((place, k) => {
      place.write(values[k] as number | Tensor)
    })
    instance.execute()
    return filled(structure, (position) => outputs[position].read())
  }
}
