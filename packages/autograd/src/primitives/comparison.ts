/** Comparisons and logic, which have no derivatives, and where, which picks by them. */
import type { BinaryOperation, RowKernel, UnaryOperation } from '../elementwise.js'
import { forEachRow } from '../broadcastLoop.js'
import { allocate } from '../dtype.js'
import { defineBinaryElementwise, defineUnaryElementwise, promoteBeside, zeroOf } from '../elementwise.js'
import { defineVariadic } from '../primitive.js'
import { broadcastShapes, sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { Join, Value } from '../value.js'

function defineComparison(
  name: string,
  holds: (x: number, y: number) => boolean,
  row?: RowKernel,
): BinaryOperation {
  return defineBinaryElementwise({
    name,
    dtype: 'bool',
    number: (x, y) => (holds(x, y) ? 1 : 0),
    row,
    derivative: [null, null],
  })
}

/** Whether x = y elementwise, with broadcasting: bool; of numbers 1 or 0. NaN equals nothing. */
export const equal: BinaryOperation = defineComparison('equal', (x, y) => x === y)

/** Whether x ≠ y elementwise, with broadcasting: bool; of numbers 1 or 0. */
export const notEqual: BinaryOperation = defineComparison('notEqual', (x, y) => x !== y)

/** Whether x > y elementwise, with broadcasting: bool; of numbers 1 or 0. */
export const greater: BinaryOperation = defineComparison(
  'greater',
  (x, y) => x > y,
  (out, o, x, p, xStep, y, q, yStep, count) => {
    for (let i = 0; i < count; i++) out[o + i] = x[p + i * xStep] > y[q + i * yStep] ? 1 : 0
  },
)

/** Whether x ≥ y elementwise, with broadcasting: bool; of numbers 1 or 0. */
export const greaterEqual: BinaryOperation = defineComparison('greaterEqual', (x, y) => x >= y)

/** Whether x < y elementwise, with broadcasting: bool; of numbers 1 or 0. */
export const less: BinaryOperation = defineComparison('less', (x, y) => x < y)

/** Whether x ≤ y elementwise, with broadcasting: bool; of numbers 1 or 0. */
export const lessEqual: BinaryOperation = defineComparison('lessEqual', (x, y) => x <= y)

/** Whether x and y are both other than 0, elementwise: bool; of numbers 1 or 0. */
export const logicalAnd: BinaryOperation = defineComparison('logicalAnd', (x, y) => x !== 0 && y !== 0)

/** Whether x or y is other than 0, elementwise: bool; of numbers 1 or 0. */
export const logicalOr: BinaryOperation = defineComparison('logicalOr', (x, y) => x !== 0 || y !== 0)

/** Whether x is 0, elementwise: bool; of numbers 1 or 0. */
export const logicalNot: UnaryOperation = defineUnaryElementwise({
  name: 'logicalNot',
  dtype: 'bool',
  number: (x) => (x === 0 ? 1 : 0),
  derivative: null,
})

const select = defineVariadic<undefined>({
  name: 'where',
  infer: ([condition, a, b]) => {
    if ([condition, a, b].every(({ kind }) => kind === 'number')) return condition
    // Numbers give way to tensors in dtype, and among a and b only: the condition's dtype doesn't count.
    const shape = broadcastShapes('where', condition.shape, broadcastShapes('where', a.shape, b.shape))
    const dtype = a.kind === 'number' && b.kind === 'number' ? 'float32' : promoteBeside(a, b)
    return { kind: 'tensor', shape, dtype }
  },
  number: ([condition, a, b]) => (condition !== 0 ? a : b),
  tensor: ([condition, a, b], { shape, dtype }) => {
    const out = allocate(dtype, sizeOf(shape))
    const shapes = [condition.shape, a.shape, b.shape]
    forEachRow(shape, shapes, (o, [c, p, q], [cStep, pStep, qStep], count) => {
      for (let i = 0; i < count; i++)
        out[o + i] = condition.data[c + i * cStep] !== 0 ? a.data[p + i * pStep] : b.data[q + i * qStep]
    })
    return new Tensor(out, shape, dtype)
  },
  reverse: (upstream, [condition], _output, _attributes, position) => {
    if (position === 0) return null
    return position === 1 ? where(condition, upstream, 0) : where(condition, 0, upstream)
  },
  forward: (tangent, [condition], output, _attributes, position) => {
    if (position === 0) return null
    const zero = zeroOf(output)
    return position === 1 ? where(condition, tangent, zero) : where(condition, zero, tangent)
  },
})

/**
 * `a` where the condition is other than 0, else `b`, elementwise; all three broadcast. The dtype is that of `a`
 * and `b` together. The derivative goes to the one that was picked; the condition has none.
 */
export function where<C extends Value, A extends Value, B extends Value>(
  condition: C,
  a: A,
  b: B,
): Join<Join<C, A>, B>
export function where(condition: Value, a: Value, b: Value): Value {
  return select([condition, a, b], undefined)
}
