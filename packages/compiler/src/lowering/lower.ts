/** Turns a program into kernels: loop nests that fill buffers, each value's own or that of a result. */
import type { Shape } from '@tapegrad/autograd'
import { broadcastStrides, sizeOf, stridesOf } from '@tapegrad/autograd/tracing'
import type { LoweredNode, OperationNode, Program } from '../program.js'
import type { Expression } from './expression.js'
import { converted, placeOn } from './expression.js'
import type { Kernel, MatmulKernel, Reducer } from './kernel.js'
import type { Access } from './linear.js'
import { constantLinear, identityAccess, positionIn } from './linear.js'
import { LoopExpressions } from './loopExpression.js'
import { storedNodes } from './storage.js'

/** The kernels of a program, in order, and where each value is. */
export interface LoweredProgram {
  readonly program: Program<LoweredNode>
  readonly kernels: readonly Kernel[]
  /** For each node whose elements are in memory, the node whose buffer they are in: itself, or one it renames. */
  readonly buffers: ReadonlyMap<number, number>
}

/** Throws CompileError where an operation can't be compiled. */
export function lower(program: Program): LoweredProgram {
  const isStored = storedNodes(program)
  const buffers = new Map<number, number>()
  const kernels: Kernel[] = []
  program.nodes.forEach((node, index) => {
    if (isStored[index] === 0) return
    const renamed = node.kind === 'operation' ? renamedBuffer(node, program, buffers) : undefined
    // Only afterwards is the value in its buffer.
    if (node.kind === 'operation' && renamed === undefined)
      kernels.push(...kernelsOf(node, index, { program, buffers }))
    buffers.set(index, renamed ?? index)
  })
  return { program, kernels, buffers }
}

/** The buffer that has just the node's elements, in order, already. */
function renamedBuffer(
  { operation, inputs, spec }: OperationNode,
  { nodes }: Program,
  buffers: ReadonlyMap<number, number>,
): number | undefined {
  const [input] = inputs
  const isSame = operation === 'reshape' || operation === 'toNumber' || operation === 'stopGradient'
  return isSame && nodes[input].spec.dtype === spec.dtype ? buffers.get(input) : undefined
}

interface Context {
  readonly program: Program
  readonly buffers: ReadonlyMap<number, number>
}

type LoweringRule = (node: OperationNode, index: number, context: Context) => readonly Kernel[]

function kernelsOf(node: OperationNode, index: number, context: Context): readonly Kernel[] {
  const rule = lowerings[node.operation]
  if (rule !== undefined) return rule(node, index, context)
  const { shape, dtype } = node.spec
  const access = identityAccess(shape.length)
  const value = expressionsOver(shape.length, context).compute(node, access)
  return [mapInto(index, shape, shape, access, converted(value, dtype))]
}

function expressionsOver(loops: number, { program, buffers }: Context): LoopExpressions {
  return new LoopExpressions(program, buffers, loops)
}

/** Stores `value` in the part of a buffer of `shape` that `access` indexes. */
function mapInto(buffer: number, shape: Shape, loops: Shape, access: Access, value: Expression): Kernel {
  return { kind: 'map', buffer, loops, store: positionIn(shape, access, loops.length), value }
}

function shapeAt({ program }: Context, index: number): Shape {
  return program.nodes[index].spec.shape
}

/** A reduction over axes: loops over the kept axes first, then over the reduced ones. */
function reduction(reducer: Reducer): LoweringRule {
  return ({ inputs: [x], attributes, spec }, index, context) => {
    const { axes } = attributes as { readonly axes: readonly number[] }
    const shape = shapeAt(context, x)
    const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
    const order = [...kept, ...axes]
    const loops = identityAccess(shape.length)
    const access = shape.map((_, axis) => loops[order.indexOf(axis)])
    const value = expressionsOver(shape.length, context).of(x, access)
    const isArgument = reducer === 'argmax' || reducer === 'argmin'
    // The position in a number is a number too, and 0.
    if (isArgument && spec.kind === 'number') return [filled(index, spec.shape, spec.dtype, 0)]
    return [
      {
        kind: 'reduce',
        buffer: index,
        reducer,
        kept: kept.map((axis) => shape[axis]),
        reduced: axes.map((axis) => shape[axis]),
        dtype: spec.dtype,
        value: isArgument ? value : converted(value, spec.dtype),
      },
    ]
  }
}

interface Along {
  readonly axis: number
  readonly extent: number
}

const lowerings: Readonly<Record<string, LoweringRule>> = {
  sum: reduction('sum'),
  max: reduction('max'),
  min: reduction('min'),
  argmax: reduction('argmax'),
  argmin: reduction('argmin'),

  matmul: ({ inputs: [a, b], attributes, spec }, index, context) => {
    const { transposeA, transposeB } = attributes as {
      readonly transposeA: boolean
      readonly transposeB: boolean
    }
    const operands = [a, b].map((operand) => shapeAt(context, operand))
    const batch = spec.shape.slice(0, -2)
    const [m, n] = spec.shape.slice(-2)
    const [rows, columns] = operands[0].slice(-2)
    const k = transposeA ? rows : columns
    if (sizeOf(spec.shape) === 0) return []
    if (k === 0) return [filled(index, spec.shape, spec.dtype, 0)]
    const [aSteps, bSteps] = operands.map((shape) => broadcastStrides(shape.slice(0, -2), batch))
    return [
      {
        kind: 'matmul',
        buffer: index,
        a: context.buffers.get(a)!,
        b: context.buffers.get(b)!,
        dtype: spec.dtype as MatmulKernel['dtype'],
        m,
        n,
        k,
        transposeA,
        transposeB,
        batch: { count: sizeOf(batch), extents: batch, a: aSteps, b: bSteps },
      },
    ]
  },

  concat: ({ inputs, attributes, spec }, index, context) => {
    const { axis } = attributes as { readonly axis: number }
    let start = 0
    return inputs.map((input) => {
      const shape = shapeAt(context, input)
      const access = identityAccess(shape.length)
      const place = access.with(axis, { ...access[axis], offset: start })
      start += shape[axis]
      const value = expressionsOver(shape.length, context).of(input, access)
      return mapInto(index, spec.shape, shape, place, converted(value, spec.dtype))
    })
  },

  pad: ({ inputs: [x], attributes, spec }, index, context) => {
    const { padding, value } = attributes as {
      readonly padding: readonly (readonly number[])[]
      readonly value: number
    }
    const shape = shapeAt(context, x)
    const access = identityAccess(shape.length)
    const place = access.map((at, axis) => ({ ...at, offset: padding[axis][0] }))
    const inside = expressionsOver(shape.length, context).of(x, access)
    return [filled(index, spec.shape, spec.dtype, value), mapInto(index, spec.shape, shape, place, inside)]
  },

  scatterAdd: (node, index, context) => {
    const { axis } = node.attributes as Along
    const [rank, indexRank] = node.inputs.map((input) => shapeAt(context, input).length)
    const access = identityAccess(rank)
    return scatter(node, index, context, {
      indices: access.slice(axis, axis + indexRank),
      store: [...access.slice(0, axis), constantLinear(0, rank), ...access.slice(axis + indexRank)],
    })
  },

  scatterAddAlongAxis: (node, index, context) => {
    const { axis } = node.attributes as Along
    const access = identityAccess(node.spec.shape.length)
    return scatter(node, index, context, {
      indices: access,
      store: access.with(axis, constantLinear(0, access.length)),
    })
  },

  drawFractions: ({ inputs: [low, high, counter], attributes }, index, { buffers }) => [
    {
      kind: 'random',
      buffer: index,
      count: (attributes as { readonly count: number }).count,
      key: [buffers.get(low)!, buffers.get(high)!],
      counter: buffers.get(counter)!,
    },
  ],

  cumsum: ({ inputs: [x], attributes, spec }, index, context) => {
    const { axis, reverse } = attributes as { readonly axis: number; readonly reverse: boolean }
    const { shape, dtype } = spec
    return [
      {
        kind: 'cumulative',
        buffer: index,
        source: context.buffers.get(x)!,
        dtype,
        outer: sizeOf(shape.slice(0, axis)),
        count: shape[axis],
        inner: sizeOf(shape.slice(axis + 1)),
        reverse,
      },
    ]
  },
}

/** The operations that are loops of their own. */
export const loweredOperations: readonly string[] = Object.keys(lowerings)

/** Zeros, and each element of the first operand added where the second says; `store` leaves out the axis of the places. */
function scatter(
  { inputs: [x, indices], attributes, spec }: OperationNode,
  index: number,
  context: Context,
  access: { readonly indices: Access; readonly store: Access },
): readonly Kernel[] {
  const { axis, extent } = attributes as Along
  const zeros = filled(index, spec.shape, spec.dtype, 0)
  // Where there is no place to add to, not even a wrong index may be stored at.
  if (sizeOf(spec.shape) === 0) return [zeros]
  const loops = shapeAt(context, x)
  const expressions = expressionsOver(loops.length, context)
  return [
    zeros,
    {
      kind: 'scatter',
      buffer: index,
      dtype: spec.dtype,
      loops,
      value: expressions.of(x, identityAccess(loops.length)),
      store: positionIn(spec.shape, access.store, loops.length),
      place: placeOn(expressions.of(indices, access.indices), extent, { countsFromEnd: true }),
      stride: stridesOf(spec.shape)[axis],
    },
  ]
}

function filled(buffer: number, shape: Shape, dtype: Expression['dtype'], value: number): Kernel {
  const constant: Expression = converted({ kind: 'constant', dtype: 'float64', value }, dtype)
  return mapInto(buffer, shape, shape, identityAccess(shape.length), constant)
}
