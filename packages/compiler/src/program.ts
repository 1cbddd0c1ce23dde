/** A traced program: a list of nodes in the order of computation, each named by its position. */
import type { Spec, Tensor } from '@tapegrad/autograd'
import type { CompressedRows } from '@tapegrad/kernels'

/** An argument of the program. */
export interface InputNode {
  readonly kind: 'input'
  readonly inputs: readonly []
  /** Which argument it is, counted over all leaves. */
  readonly position: number
  readonly spec: Spec
}

/** A value that is the same in every run. */
export interface ConstantNode {
  readonly kind: 'constant'
  readonly inputs: readonly []
  readonly value: number | Tensor
  readonly spec: Spec
}

/** A primitive of autograd, applied to earlier nodes. */
export interface OperationNode {
  readonly kind: 'operation'
  readonly operation: string
  readonly inputs: readonly number[]
  readonly attributes: unknown
  readonly spec: Spec
}

/** A constant of bytes that a lowered program has in memory in compressed rows. */
export interface CompressedNode {
  readonly kind: 'compressed'
  readonly inputs: readonly []
  readonly value: CompressedRows
  readonly spec: Spec
}

export type Node = InputNode | ConstantNode | OperationNode

export type LoweredNode = Node | CompressedNode

export interface Program<N extends LoweredNode = Node> {
  readonly nodes: readonly N[]
  /** The positions of the results. */
  readonly outputs: readonly number[]
}

/** For each node, the positions of those that use it, each once; being a result is no use. */
export function usersOf({ nodes }: Program): number[][] {
  const users: number[][] = nodes.map(() => [])
  nodes.forEach(({ inputs }, index) => {
    for (const input of new Set<number>(inputs)) users[input].push(index)
  })
  return users
}

/** One line a node, such as `%3 = mul(%0, %1): float32 [2, 3]`. */
export function formatProgram({ nodes, outputs }: Program<LoweredNode>): string {
  const width = String(Math.max(0, nodes.length - 1)).length
  const lines = nodes.map(
    (node, index) => `%${String(index).padEnd(width)} = ${formatNode(node)}: ${formatSpec(node.spec)}`,
  )
  return [...lines, `results: ${outputs.map((output) => `%${output}`).join(', ')}`].join('\n')
}

function formatNode(node: LoweredNode): string {
  switch (node.kind) {
    case 'input':
      return `input ${node.position}`
    case 'constant':
      return `constant${formatConstant(node.value)}`
    case 'compressed':
      return `constant in compressed rows of ${node.value.columns} elements`
    case 'operation': {
      const attributes = node.attributes === undefined ? [] : [formatAttributes(node.attributes)]
      return `${node.operation}(${[...node.inputs.map((input) => `%${input}`), ...attributes].join(', ')})`
    }
  }
}

function formatConstant(value: number | Tensor): string {
  if (typeof value === 'number') return ` ${formatNumber(value)}`
  return value.size === 1 ? ` ${formatNumber(value.data[0])}` : ''
}

/** Attributes as text: equal for equal ones; NaN, infinities and −0 too can be told apart. */
export function formatAttributes(attributes: unknown): string {
  return JSON.stringify(attributes, (_key, value: unknown) =>
    typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
      ? formatNumber(value)
      : value,
  )
}

/** A number as text that tells −0 from 0. */
export function formatNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

export function formatSpec({ kind, shape, dtype }: Spec): string {
  return kind === 'number' ? 'number' : `${dtype} [${shape.join(', ')}]`
}
