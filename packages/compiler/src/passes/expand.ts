/** Writes operations that no kernel is for, or none for their dtypes, in terms of others. */
import type { Spec, Value, Variable } from '@tapegrad/autograd'
import {
  abs,
  cast,
  div,
  greater,
  less,
  logicalAnd,
  matmul,
  max,
  mul,
  pad,
  pow,
  reshape,
  round,
  slice,
  sqrt,
  square,
  sum,
  take,
  where,
} from '@tapegrad/autograd'
import { isFloat, sizeOf } from '@tapegrad/autograd/tracing'
import { evaluate } from '../evaluate.js'
import type { OperationNode, Program } from '../program.js'
import { traceProgram } from '../trace.js'
import type { Builder } from './rewrite.js'
import { rewriteProgram } from './rewrite.js'
import type { PlacedWindows } from './windowTable.js'
import { windowTable } from './windowTable.js'

export function expand(program: Program): Program {
  return rewriteProgram(program, (node, builder) => {
    if (node.kind !== 'operation') return builder.add(node)
    const specs = node.inputs.map((input) => builder.nodes[input].spec)
    const expansion = expansions[node.operation]?.(node, specs)
    if (expansion === undefined) return builder.add(node)
    return inline(
      builder,
      // What the operation becomes may have to be written in terms of others in its turn.
      expand(traceProgram((inputs) => [expansion(...inputs)], specs)),
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

  windows: ({ attributes, spec }, [{ shape }]) => {
    const { fill, ...placed } = attributes as PlacedWindows & { readonly fill: number }
    const planes = sizeOf(shape.slice(0, -placed.input.length))
    return (x) => reshape(windowsOf(x, planes, placed, fill), spec.shape)
  },

  mergeWindows: ({ attributes, spec }, [{ shape }]) => {
    const placed = attributes as PlacedWindows
    const planes = sizeOf(shape.slice(0, -placed.input.length - 1))
    const table = windowTable(placed)
    const size = sizeOf(placed.input)
    return (x) => {
      const rows = reshape(x, [planes, table.size])
      const sums = evaluate(scatterAdd(size + 1), [rows, table])
      return reshape(slice(sums, [0, 0], [planes, size]), spec.shape)
    }
  },

  /** The weights of each group, as a matrix, times what its windows read. */
  convolve: ({ attributes, spec }, [x, w]) => {
    const { groups, ...layout } = attributes as Omit<PlacedWindows, 'input' | 'window'> & {
      readonly groups: number
    }
    const placed = { ...layout, input: x.shape.slice(2), window: w.shape.slice(2) }
    const [batch, channels] = x.shape
    const [outChannels, ...weightsShape] = w.shape
    const depth = sizeOf(weightsShape)
    return (values, weights) => {
      const rows = windowsOf(cast(values, spec.dtype), batch * channels, placed, 0)
      const matrices = reshape(cast(weights, spec.dtype), [groups, outChannels / groups, depth])
      const products = matmul(matrices, reshape(rows, [batch, groups, depth, sizeOf(placed.output)]))
      return reshape(products, spec.shape)
    }
  },
}

/** The adjoint of taking along the last of two axes, of `extent` elements. */
function scatterAdd(extent: number): Pick<OperationNode, 'operation' | 'attributes'> {
  return { operation: 'scatterAdd', attributes: { axis: 1, extent } }
}

/** What each window reads, [planes, taps · windows], of planes of a value, one after another. */
function windowsOf(x: Value, planes: number, placed: PlacedWindows, fill: number): Value {
  const flat = reshape(x, [planes, sizeOf(placed.input)])
  // Who reads nothing, reads the element behind the others.
  const filled = pad(
    flat,
    [
      [0, 0],
      [0, 1],
    ],
    fill,
  )
  return take(filled, windowTable(placed), 1)
}

/** The operations that become others, whatever they are applied to. */
export const expandedOperations: readonly string[] = ['norm', 'windows', 'mergeWindows', 'convolve']
