/** Writes a value as the expression of a loop: through views and elementwise operations down to what is stored. */
import type { Shape, Spec } from '@tapegrad/autograd'
import { sizeOf, stridesOf } from '@tapegrad/autograd/tracing'
import { notCompilable } from '../errors.js'
import type { OperationNode, Program } from '../program.js'
import { isDecision, isElementwise, operandDType } from './elementwise.js'
import type { Expression } from './expression.js'
import { converted, placeOn } from './expression.js'
import type { Access } from './linear.js'
import { broadcastAccess, constantLinear, positionIn, reshapeAccess, scaleLinear } from './linear.js'

/** Values as expressions of one kernel's loops. */
export class LoopExpressions {
  private readonly known = new Map<string, Expression>()

  constructor(
    private readonly program: Program,
    /** The buffer that each stored value is in. */
    private readonly buffers: ReadonlyMap<number, number>,
    private readonly loops: number,
  ) {}

  /** The element of a value that the loops reach by `access`. */
  of(index: number, access: Access): Expression {
    const key = `${index} ${JSON.stringify(access)}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    const expression = this.make(index, access)
    this.known.set(key, expression)
    return expression
  }

  private make(index: number, access: Access): Expression {
    const node = this.program.nodes[index]
    const { dtype, shape } = node.spec
    const buffer = this.buffers.get(index)
    if (buffer !== undefined)
      return { kind: 'load', buffer, dtype, position: positionIn(shape, access, this.loops) }
    if (node.kind === 'constant' && sizeOf(shape) === 1)
      return {
        kind: 'constant',
        dtype,
        value: typeof node.value === 'number' ? node.value : node.value.data[0],
      }
    if (node.kind !== 'operation') throw new Error(`internal: %${index} has no buffer`)
    return this.compute(node, access)
  }

  /** The element as it is computed, of a value that is stored too. */
  compute(node: OperationNode, access: Access): Expression {
    const { operation, spec } = node
    if (isElementwise(operation)) return this.elementwise(node, access)
    const rule = rules[operation]
    if (rule === undefined) throw notCompilable(operation)
    return converted(rule(node, access, this), spec.dtype)
  }

  private elementwise({ operation, inputs, spec }: OperationNode, access: Access): Expression {
    const dtype = operandDType(
      operation,
      inputs.map((input) => this.program.nodes[input].spec),
      spec,
    )
    const operands = inputs.map((input) => converted(this.broadcast(input, access), dtype))
    // Of numbers, what is true or false is the number 1 or 0.
    const result = isDecision(operation) ? 'bool' : dtype
    return converted({ kind: 'apply', operation, operandDType: dtype, dtype: result, operands }, spec.dtype)
  }

  /** The element of an operand that is broadcast to what `access` indexes. */
  broadcast(input: number, access: Access): Expression {
    return this.of(input, broadcastAccess(access, this.shapeOf(input), this.loops))
  }

  shapeOf(input: number): Shape {
    return this.specOf(input).shape
  }

  specOf(input: number): Spec {
    return this.program.nodes[input].spec
  }

  bufferOf(input: number): number {
    return this.buffers.get(input)!
  }

  get loopCount(): number {
    return this.loops
  }
}

/** The element that `access` reaches, in terms of the operands; of any dtype. */
type Rule = (node: OperationNode, access: Access, expressions: LoopExpressions) => Expression

interface Along {
  readonly axis: number
  readonly extent: number
}

const rules: Readonly<Record<string, Rule>> = {
  cast: ({ inputs: [x] }, access, expressions) => expressions.of(x, access),
  toNumber: ({ inputs: [x] }, access, expressions) => expressions.of(x, access),
  stopGradient: ({ inputs: [x] }, access, expressions) => expressions.of(x, access),
  broadcastTo: ({ inputs: [x] }, access, expressions) => expressions.broadcast(x, access),
  transpose: ({ inputs: [x], attributes }, access, expressions) => {
    const { axes } = attributes as { readonly axes: readonly number[] }
    return expressions.of(
      x,
      axes.map((_, axis) => access[axes.indexOf(axis)]),
    )
  },
  slice: ({ inputs: [x], attributes }, access, expressions) => {
    const { start } = attributes as { readonly start: readonly number[] }
    return expressions.of(
      x,
      access.map((index, axis) => ({ ...index, offset: index.offset + start[axis] })),
    )
  },
  flip: ({ inputs: [x], attributes, spec }, access, expressions) => {
    const { axes } = attributes as { readonly axes: readonly number[] }
    const flipped = access.map((index, axis) => {
      if (!axes.includes(axis)) return index
      const { offset, steps } = scaleLinear(index, -1)
      return { offset: offset + spec.shape[axis] - 1, steps }
    })
    return expressions.of(x, flipped)
  },
  reshape: ({ inputs: [x], spec }, access, expressions) =>
    expressions.of(x, reshapeAccess(expressions.shapeOf(x), spec.shape, access, expressions.loopCount)!),
  element: ({ inputs: [packed], attributes, spec }, access, expressions) => {
    const { offset } = attributes as { readonly offset: number }
    const position = positionIn(spec.shape, access, expressions.loopCount)
    return expressions.of(packed, [{ ...position, offset: position.offset + offset }])
  },
  where: ({ inputs: [condition, a, b], spec }, access, expressions) => ({
    kind: 'apply',
    operation: 'where',
    operandDType: spec.dtype,
    dtype: spec.dtype,
    operands: [
      converted(expressions.broadcast(condition, access), 'bool'),
      converted(expressions.broadcast(a, access), spec.dtype),
      converted(expressions.broadcast(b, access), spec.dtype),
    ],
  }),
  take: ({ inputs: [x, indices], attributes, spec }, access, expressions) => {
    const { axis, extent } = attributes as Along
    const shape = expressions.shapeOf(x)
    const indexRank = expressions.shapeOf(indices).length
    const along = access.slice(axis, axis + indexRank)
    const rest = [
      ...access.slice(0, axis),
      constantLinear(0, expressions.loopCount),
      ...access.slice(axis + indexRank),
    ]
    return {
      kind: 'gather',
      buffer: expressions.bufferOf(x),
      dtype: spec.dtype,
      position: positionIn(shape, rest, expressions.loopCount),
      place: placeOn(expressions.of(indices, along), extent, { countsFromEnd: true }),
      stride: stridesOf(shape)[axis],
    }
  },
  takeAlongAxis: ({ inputs: [x, indices], attributes, spec }, access, expressions) => {
    const { axis, extent } = attributes as Along
    const shape = expressions.shapeOf(x)
    const rest = access.with(axis, constantLinear(0, expressions.loopCount))
    return {
      kind: 'gather',
      buffer: expressions.bufferOf(x),
      dtype: spec.dtype,
      position: positionIn(shape, rest, expressions.loopCount),
      place: placeOn(expressions.of(indices, access), extent, { countsFromEnd: true }),
      stride: stridesOf(shape)[axis],
    }
  },
  oneHot: ({ inputs: [indices], attributes }, access, expressions) => {
    const { depth } = attributes as { readonly depth: number }
    return {
      kind: 'apply',
      operation: 'equal',
      operandDType: 'int32',
      dtype: 'bool',
      operands: [
        placeOn(expressions.of(indices, access.slice(0, -1)), depth, { countsFromEnd: false }),
        { kind: 'index', dtype: 'int32', position: access[access.length - 1] },
      ],
    }
  },
  /** Of two operands, the first of which is the order. */
  polygamma: ({ operation, inputs: [x], attributes, spec }, access, expressions) => {
    const { order } = attributes as { readonly order: number }
    const dtype = operandDType(operation, [expressions.specOf(x)], spec)
    const operand = converted(expressions.of(x, access), dtype)
    return order === 0
      ? { kind: 'apply', operation: 'digamma', operandDType: dtype, dtype, operands: [operand] }
      : {
          kind: 'apply',
          operation,
          operandDType: dtype,
          dtype,
          operands: [{ kind: 'constant', dtype, value: order }, operand],
        }
  },
}

/** The operations, beyond elementwise ones, that can be written into a loop. */
export const loopOperations: readonly string[] = Object.keys(rules)
