/** compile: a function traced once for each kind of arguments, and run as WebAssembly from then on. */
import type { Accepted, Peeled, Spec, Value, Variable } from '@tapegrad/autograd'
import { isValue, mapTree } from '@tapegrad/autograd'
import { assemble } from './assemble.js'
import { createMemory, maximumPages, ProgramInstance, readValue, writeValue } from './instance.js'
import { lower } from './lowering/lower.js'
import { optimize } from './passes/index.js'
import { hasVariables, signatureOf } from './signature.js'
import { traceProgram } from './trace.js'

/** A value's place in the memory of a program. */
interface Place {
  readonly address: number
  readonly spec: Spec
}

/** A program compiled for one kind of arguments. */
interface Compiled {
  readonly instance: ProgramInstance
  readonly inputs: readonly Place[]
  /** The results in their structure: places where there are values. */
  readonly outputs: readonly Place[]
  readonly structure: unknown
}

/**
 * A function that does what `f` does, compiled: traced once for each structure, kinds, shapes and dtypes of its
 * arguments, and run as one WebAssembly program. Numbers among the arguments are inputs, not constants; leaves
 * that are no values are traced with. Called on Variables, it runs `f` itself.
 *
 * Throws CompileError where `f` uses an operation that can't be compiled or a Variable of a tape of its own, and
 * TapeError of code SYMBOLIC where it reads the data of a traced value.
 */
export function compile<P extends Variable[], R>(
  f: (...args: P) => R,
): <A extends Accepted<P>>(...args: A) => Peeled<R>
export function compile<P extends unknown[], R>(
  f: (...args: P) => R,
): <A extends Accepted<P>>(...args: A) => Peeled<R>
export function compile(f: (...args: never[]) => unknown): (...args: unknown[]) => unknown {
  const programs = new Map<string, Compiled>()
  return (...args) => {
    if (hasVariables(args)) return f(...(args as never[]))
    const { values, specs, key } = signatureOf(args)
    let compiled = programs.get(key)
    if (compiled === undefined) {
      compiled = compileFor(f, args, specs)
      programs.set(key, compiled)
    }
    return runCompiled(compiled, values)
  }
}

function compileFor(
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  specs: readonly Spec[],
): Compiled {
  let structure: unknown
  const program = traceProgram((inputs) => {
    let next = 0
    const result = f(...(mapTree(args, (leaf) => (isValue(leaf) ? inputs[next++] : leaf)) as never[]))
    const values: Value[] = []
    structure = mapTree(result, (leaf) => (isValue(leaf) ? new Slot(values.push(leaf) - 1) : leaf))
    return values
  }, specs)
  const lowered = lower(optimize(program))
  const assembled = assemble(lowered, { threads: 1, maximumPages })
  const instance = new ProgramInstance(assembled, createMemory(assembled.memoryBytes, false))
  const { nodes, outputs } = lowered.program
  const placeOf = (index: number): Place => ({
    address: assembled.addresses.get(index)!,
    spec: nodes[index].spec,
  })
  const inputs = nodes.flatMap((node, index) => (node.kind === 'input' ? [placeOf(index)] : []))
  return { instance, inputs, outputs: outputs.map(placeOf), structure }
}

/** The place of the n-th value in a result. */
class Slot {
  constructor(readonly position: number) {}
}

function runCompiled({ instance, inputs, outputs, structure }: Compiled, values: readonly Value[]): unknown {
  inputs.forEach(({ address, spec }, k) => {
    writeValue(instance.memory, address, spec, values[k] as Exclude<Value, Variable>)
  })
  instance.execute()
  return mapTree(structure, (leaf) => {
    if (!(leaf instanceof Slot)) return leaf
    const { address, spec } = outputs[leaf.position]
    return readValue(instance.memory, address, spec)
  })
}
