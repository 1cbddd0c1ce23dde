/** Writes operations that no kernel is for, or none for their dtypes, in terms of others. */
import type { Spec, Value, Variable } from '@tapegrad/autograd'
import {
  abs,
  cast,
  div,
  greater,
  less,
  logicalAnd,
  max,
  mul,
  pow,
  reshape,
  round,
  sqrt,
  square,
  sum,
  where,
} from '@tapegrad/autograd'
import { isFloat } from '@tapegrad/autograd/tracing'
import { evaluate } from '../evaluate.js'
import type { OperationNode, Program } from '../program.js'
import { traceProgram } from '../trace.js'
import type { Builder } from './rewrite.js'
import { rewriteProgram } from './rewrite.js'

export function expand(program: Program): Program {
  return rewriteProgram(program, (node, builder) => {
    if (node.kind !== 'operation') return builder.add(node)
    const specs = node.inputs.map((input) => builder.nodes[input].spec)
    const expansion = expansions[node.operation]?.(node, specs)
    if (expansion === undefined) return builder.add(node)
    return inline(
      builder,
      traceProgram((inputs) => [expansion(...inputs)], specs),
      node.inputs,
    )
  })
}

/** Adds the nodes of a program of one result, and gives its position. */
function inline(builder: Builder, { nodes, outputs }: Program, inputs: readonly number[]): number {
  const positions: number[] = []
  for (const node of nodes)
    positions.push(
      node.kind === 'input'
        ? inputs[node.position]
        : builder.add({ ...node, inputs: node.inputs.map((input) => positions[input]) } as typeof node),
    )
  return positions[outputs[0]]
}

/** The same computation in other operations, or undefined where the node can stay. */
type Expansion = (
  node: OperationNode,
  inputs: readonly Spec[],
) => ((...inputs: readonly Variable[]) => Value) | undefined

const expansions: Readonly<Record<string, Expansion>> = {
  /** Products are of floats of one dtype. Integers are exact in float64, in which eager multiplies them too. */
  matmul: (node, inputs) => {
    const { dtype } = node.spec
    const working = isFloat(dtype) ? dtype : 'float64'
    if (inputs.every((input) => input.dtype === working)) return undefined
    return (a, b) => cast(evaluate(node, [cast(a, working), cast(b, working)]), dtype)
  },

  /** Running sums are of the dtype of the result. */
  cumsum: (node, [{ dtype }]) =>
    dtype === node.spec.dtype ? undefined : (x) => evaluate(node, [cast(x, node.spec.dtype)]),

  /** Powers of integers: in float64, rounded so that an error in the last place doesn't count when the rest is cut off. */
  pow: ({ spec: { dtype } }) =>
    isFloat(dtype) ? undefined : (x, y) => cast(round(pow(cast(x, 'float64'), cast(y, 'float64'))), dtype),

  /** Divided by the largest element, no square overflows; where that is 0 or not finite, it is the norm itself. */
  norm: ({ attributes, spec }, [input]) => {
    if (input.kind === 'number') return (x) => abs(x)
    const { axes, keepDims } = attributes as { axes: readonly number[]; keepDims: boolean }
    return (x) => {
      const elements = abs(cast(x, spec.dtype))
      if (axes.some((axis) => input.shape[axis] === 0)) return sum(elements, { axis: axes, keepDims })
      const largest = max(elements, { axis: axes, keepDims: true })
      const isUsual = logicalAnd(greater(largest, 0), less(largest, Infinity))
      const scale = where(isUsual, largest, 1)
      const squares = sum(square(div(elements, scale)), { axis: axes, keepDims: true })
      return reshape(where(isUsual, mul(scale, sqrt(squares)), largest), spec.shape)
    }
  },
}

/** The operations that become others, whatever they are applied to. */
export const expandedOperations: readonly string[] = ['norm']
