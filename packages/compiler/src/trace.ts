/** Traces a function: runs it on a symbolic tape, and reads the tape as a program. */
import type { Spec, Value, Variable } from '@tapegrad/autograd'
import { isValue, Tensor } from '@tapegrad/autograd'
import { Placeholder, SymbolicTape, TapeVariable, whileTracing } from '@tapegrad/autograd/tracing'
import { CompileError } from './errors.js'
import type { Node, Program } from './program.js'

/**
 * The program that `f` runs on values of the given specs. `f` gets one variable for each, and returns the values
 * whose data is wanted. Gradients that it takes inside are recorded like everything else.
 *
 * Throws CompileError where `f` uses a variable of another tape, and whatever `f` throws: reading the data of a
 * traced value is a TapeError of code SYMBOLIC.
 */
export function traceProgram(
  f: (inputs: readonly Variable[]) => readonly Value[],
  specs: readonly Spec[],
): Program {
  const tape = new SymbolicTape()
  const inputs = specs.map((spec) => tape.input(spec))
  const results = whileTracing(() => f(inputs))
  const nodes = readTape(tape)
  const outputs = results.map((result) => {
    if (result instanceof TapeVariable && result.tape === tape) return result.index
    nodes.push(constantNode(result))
    return nodes.length - 1
  })
  tape.close()
  return { nodes, outputs }
}

function readTape({ recording }: SymbolicTape): Node[] {
  let position = 0
  return Array.from({ length: recording.length }, (_, index): Node => {
    const value = recording.valueAt(index)
    // A leaf with a value is a constant, also one that the function has put on the tape as a variable.
    if (recording.isLeaf(index) && !isPlaceholder(value)) return constantNode(value)
    const spec = bareSpec(value as Spec)
    if (recording.isLeaf(index)) return { kind: 'input', inputs: [], position: position++, spec }
    return {
      kind: 'operation',
      operation: recording.primitiveAt(index).name,
      inputs: recording.inputsOf(index),
      attributes: recording.attributesAt(index),
      spec,
    }
  })
}

/** Whether it stands on the tape for a value that isn't known yet. */
function isPlaceholder(value: unknown): boolean {
  return value instanceof Placeholder
}

function constantNode(value: Value): Node {
  if (typeof value === 'number')
    return { kind: 'constant', inputs: [], value, spec: { kind: 'number', shape: [], dtype: 'float64' } }
  if (value instanceof Tensor) return { kind: 'constant', inputs: [], value, spec: bareSpec(value) }
  throw new CompileError(
    'FOREIGN_VARIABLE',
    `compile: the function uses ${isValue(value) ? 'a Variable of another tape' : 'something that is no value'}; ` +
      'pass it as an argument, or use its value',
  )
}

function bareSpec({ kind, shape, dtype }: Spec): Spec {
  return { kind, shape: [...shape], dtype }
}
