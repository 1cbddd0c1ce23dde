/** Identities that hold for every value, NaN, infinities and −0 included; transposes go into matrix products. */
import type { Spec } from '@tapegrad/autograd'
import type { OperationNode, Program } from '../program.js'
import type { Builder } from './rewrite.js'
import { rewriteProgram } from './rewrite.js'

export function simplify(program: Program): Program {
  return rewriteProgram(program, (node, builder) => {
    if (node.kind !== 'operation') return builder.add(node)
    const equal = identities[node.operation]?.(node, builder)
    // An identity may lose a broadcast or a promotion; then it is none.
    return equal !== undefined && sameSpec(builder.nodes[equal].spec, node.spec) ? equal : builder.add(node)
  })
}

/** Gives the position of an equal value, adding nodes where it takes some, or undefined. */
type Identity = (node: OperationNode, builder: Builder) => number | undefined

const identities: Readonly<Record<string, Identity>> = {
  mul: ({ inputs: [x, y] }, builder) =>
    isConstant(builder, y, 1) ? x : isConstant(builder, x, 1) ? y : undefined,
  div: ({ inputs: [x, y] }, builder) => (isConstant(builder, y, 1) ? x : undefined),
  sub: ({ inputs: [x, y] }, builder) => (isConstant(builder, y, 0) ? x : undefined),
  neg: ({ inputs: [x] }, builder) => operationAt(builder, x, 'neg')?.inputs[0],
  cast: ({ inputs: [x] }) => x,
  stopGradient: ({ inputs: [x] }) => x,
  broadcastTo: ({ inputs: [x] }) => x,
  reshape: (node, builder) => {
    const inner = operationAt(builder, node.inputs[0], 'reshape')
    if (inner === undefined) return node.inputs[0]
    const [original] = inner.inputs
    const isBack = sameSpec(builder.nodes[original].spec, node.spec)
    return isBack ? original : builder.add({ ...node, inputs: [original] })
  },
  transpose: (node, builder) => {
    const { axes } = node.attributes as { readonly axes: readonly number[] }
    if (axes.every((axis, k) => axis === k)) return node.inputs[0]
    const inner = operationAt(builder, node.inputs[0], 'transpose')
    if (inner === undefined) return undefined
    const { axes: innerAxes } = inner.attributes as { readonly axes: readonly number[] }
    const composed = axes.map((axis) => innerAxes[axis])
    if (composed.every((axis, k) => axis === k)) return inner.inputs[0]
    return builder.add({ ...node, inputs: inner.inputs, attributes: { axes: composed } })
  },
  matmul: (node, builder) => {
    const [a, b] = node.inputs
    const { transposeA, transposeB } = node.attributes as {
      readonly transposeA: boolean
      readonly transposeB: boolean
    }
    const left = matrixTransposeAt(builder, a)
    const right = matrixTransposeAt(builder, b)
    if (left === undefined && right === undefined) return undefined
    return builder.add({
      ...node,
      inputs: [left ?? a, right ?? b],
      attributes: {
        transposeA: transposeA !== (left !== undefined),
        transposeB: transposeB !== (right !== undefined),
      },
    })
  },
}

function operationAt({ nodes }: Builder, index: number, operation: string): OperationNode | undefined {
  const node = nodes[index]
  return node.kind === 'operation' && node.operation === operation ? node : undefined
}

/** What the node is the matrix transpose of: its last two axes swapped, the others in place. */
function matrixTransposeAt(builder: Builder, index: number): number | undefined {
  const node = operationAt(builder, index, 'transpose')
  if (node === undefined) return undefined
  const { axes } = node.attributes as { readonly axes: readonly number[] }
  const rank = axes.length
  const swapsLastTwo = axes.every((axis, k) => axis === (k < rank - 2 ? k : 2 * rank - 3 - k))
  return swapsLastTwo ? node.inputs[0] : undefined
}

/** Whether the node is a constant all of whose elements are `value`, not −0. */
export function isConstant({ nodes }: Builder, index: number, value: number): boolean {
  const node = nodes[index]
  if (node.kind !== 'constant') return false
  return typeof node.value === 'number'
    ? Object.is(node.value, value)
    : node.value.size === 1 && Object.is(node.value.data[0], value)
}

function sameSpec(a: Spec, b: Spec): boolean {
  return (
    a.kind === b.kind &&
    a.dtype === b.dtype &&
    a.shape.length === b.shape.length &&
    a.shape.every((extent, axis) => extent === b.shape[axis])
  )
}
