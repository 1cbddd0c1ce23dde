/** Evaluates programs by calling the primitives, node by node: what passes and compiled code are held against. */
import type { Spec, Tensor } from '@tapegrad/autograd'
import { cast } from '@tapegrad/autograd'
import { isFloat } from '@tapegrad/autograd/tracing'
import { evaluate } from '../../src/evaluate.js'
import type { OperationNode, Program } from '../../src/program.js'

export type Concrete = number | Tensor

/** The value of every node. */
export function interpretNodes({ nodes }: Program, inputs: readonly Concrete[]): Concrete[] {
  const values: Concrete[] = []
  for (const node of nodes)
    values.push(
      node.kind === 'input'
        ? inputs[node.position]
        : node.kind === 'constant'
          ? node.value
          : (evaluate(
              node,
              node.inputs.map((input) => values[input]),
            ) as Concrete),
    )
  return values
}

/** The results. */
export function interpret(program: Program, inputs: readonly Concrete[]): Concrete[] {
  const values = interpretNodes(program, inputs)
  return program.outputs.map((output) => values[output])
}

/** What becomes of a node's value before others use it. */
type Disturb = (value: Concrete, spec: Spec) => Concrete

/**
 * The value of every node with all floats in float64, also those that the program has in float32. `disturb` may
 * change them on the way, as rounding does.
 */
export function referenceNodes(
  { nodes }: Program,
  inputs: readonly Concrete[],
  disturb: Disturb = (value) => value,
): Concrete[] {
  const values: Concrete[] = []
  nodes.forEach((node, index) => {
    if (node.kind === 'operation') {
      const operands = node.inputs.map((input) => values[input])
      values[index] = disturb(widened(wideOperation(node, operands), node.spec), node.spec)
    } else values[index] = widened(node.kind === 'input' ? inputs[node.position] : node.value, node.spec)
  })
  return values
}

/** Where integers become float32, they become float64 before the operation, which then computes in it. */
function wideOperation(node: OperationNode, operands: Concrete[]): Concrete {
  const { operation, attributes, spec } = node
  const wideAttributes =
    spec.dtype === 'float32' && isDTyped(attributes)
      ? { ...attributes, ...widenedAttributes(attributes) }
      : attributes
  const keeps = keepsOperands[operation] ?? []
  const wide =
    spec.kind === 'tensor' && spec.dtype === 'float32'
      ? operands.map((operand, k) => (keeps.includes(k) ? operand : wideTensor(operand)))
      : operands
  return evaluate({ ...node, attributes: wideAttributes }, wide) as Concrete
}

/** Conditions and indices, which decide on no dtype. */
const keepsOperands: Readonly<Record<string, readonly number[]>> = {
  where: [0],
  take: [1],
  takeAlongAxis: [1],
  scatterAdd: [1],
  scatterAddAlongAxis: [1],
  oneHot: [0],
}

function isDTyped(attributes: unknown): attributes is { dtype?: string; spec?: Spec } {
  return typeof attributes === 'object' && attributes !== null
}

function widenedAttributes(attributes: { dtype?: string; spec?: Spec }): object {
  return {
    ...(attributes.dtype === undefined ? {} : { dtype: 'float64' }),
    ...(attributes.spec === undefined ? {} : { spec: { ...attributes.spec, dtype: 'float64' } }),
  }
}

function wideTensor(x: Concrete): Concrete {
  return typeof x === 'number' ? x : cast(x, 'float64')
}

function widened(value: Concrete, { dtype }: Spec): Concrete {
  return isFloat(dtype) ? wideTensor(value) : value
}

/** For each node whether it, or what it depends on, is in float32. */
export function isSingle({ nodes }: Program): boolean[] {
  const single: boolean[] = []
  nodes.forEach(({ spec, inputs }, index) => {
    single[index] = spec.dtype === 'float32' || inputs.some((input) => single[input])
  })
  return single
}
