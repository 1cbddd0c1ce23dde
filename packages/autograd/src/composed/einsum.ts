/** einsum: sums of products along labelled axes, made of transposes, reshapes, sums and matrix products. */
import { sumOf } from '../dtype.js'
import { promoteBeside } from '../elementwise.js'
import { mul } from '../primitives/arithmetic.js'
import { cast } from '../primitives/cast.js'
import { matmul } from '../primitives/linearAlgebra.js'
import { sum } from '../primitives/reductions.js'
import type { JoinAll } from '../primitives/shape.js'
import { checkList, reshape, transpose } from '../primitives/shape.js'
import { sizeOf } from '../shape.js'
import type { Spec, Value } from '../value.js'
import { shapeOf, specOf } from '../value.js'
import type { EinsumPlan } from './einsumSpec.js'
import { parseEinsum } from './einsumSpec.js'
import { diagonal } from './matrixParts.js'

/**
 * A value whose axes have labels, no two the same. Axes of size 1 are left out: a product broadcasts along them
 * anyhow, and the result gets them back at the end.
 */
interface Labelled {
  readonly value: Value
  readonly labels: readonly string[]
}

/**
 * Sums of products by Einstein's convention: `einsum('ij,jk->ik', a, b)` is Σⱼ a[i, j] · b[j, k]. One term an
 * operand names its axes by letters; those missing from the result are summed over. Without `->` the result has
 * the letters that appear just once, in the order of the alphabet. A letter twice in one term takes the diagonal;
 * `...` stands for any further axes, which broadcast, and come first in a result that isn't given. As in NumPy,
 * sizes of 1 broadcast too.
 *
 * The operands are multiplied in pairs, the cheapest first, by `matmul` wherever the pair has an axis to sum over.
 * Dtypes are promoted before; bool and uint8 give int32. The result is always a tensor or variable.
 *
 * Throws ArgumentError where the specification can't be read or names another number of operands, ShapeError where
 * it doesn't fit their shapes.
 */
export function einsum<A extends readonly Value[]>(spec: string, ...values: A): JoinAll<A[number]>
export function einsum(spec: string, ...values: Value[]): Value {
  checkList('einsum', values)
  const plan = parseEinsum(spec, values.map(shapeOf))
  const dtype = sumOf(values.map(specOf).reduce(promotedSpec).dtype)
  let operands = values.map((x, k) => labelled(cast(x, dtype), plan.operands[k]))
  while (operands.length > 1) {
    const pair = cheapestPair(operands)
    const others = operands.filter((operand) => !pair.includes(operand))
    const kept = new Set([...plan.output, ...others.flatMap(({ labels }) => labels)])
    operands = [...others, contract(...pair, kept)]
  }
  return arranged(operands[0], plan)
}

function promotedSpec(x: Spec, y: Spec): Spec {
  const kind = x.kind === 'number' && y.kind === 'number' ? 'number' : 'tensor'
  return { kind, shape: [], dtype: promoteBeside(x, y) }
}

/** A value with its labels: of repeated ones the diagonal, axes of size 1 left out. */
function labelled(value: Value, names: readonly string[]): Labelled {
  const shape = shapeOf(value)
  const wide = shape.map((_, axis) => axis).filter((axis) => shape[axis] !== 1)
  const squeezed = reshape(
    value,
    wide.map((axis) => shape[axis]),
  )
  return withDiagonals({ value: squeezed, labels: wide.map((axis) => names[axis]) })
}

function withDiagonals({ value, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, axis) => labels.indexOf(label) < axis)
  if (second === -1) return { value, labels }
  const first = labels.indexOf(labels[second])
  const others = labels.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second)
  return withDiagonals({
    value: diagonal(transpose(value, [...others, first, second])),
    labels: [...others.map((axis) => labels[axis]), labels[first]],
  })
}

/** The pair whose product has the fewest terms; of equals, the first. */
function cheapestPair(operands: readonly Labelled[]): [Labelled, Labelled] {
  const pairs = operands.flatMap((a, k) => operands.slice(k + 1).map((b): [Labelled, Labelled] => [a, b]))
  const costs = pairs.map(([a, b]) => sizeOf(sizesAlong(a, a.labels)) * sizeOf(sizesAlong(b, without(b, a))))
  return pairs[costs.indexOf(Math.min(...costs))]
}

function without(a: Labelled, b: Labelled): string[] {
  return a.labels.filter((label) => !b.labels.includes(label))
}

function sizesAlong({ value, labels }: Labelled, wanted: readonly string[]): number[] {
  return wanted.map((label) => shapeOf(value)[labels.indexOf(label)])
}

/** Σ over the axes with these labels. */
function sumOver({ value, labels }: Labelled, summed: readonly string[]): Labelled {
  if (summed.length === 0) return { value, labels }
  return {
    value: sum(value, { axis: summed.map((label) => labels.indexOf(label)) }),
    labels: labels.filter((label) => !summed.includes(label)),
  }
}

/** The product of two values, summed over the axes that are not kept. */
function contract(a: Labelled, b: Labelled, kept: ReadonlySet<string>): Labelled {
  const isDone = (label: string): boolean => !kept.has(label)
  const left = sumOver(a, without(a, b).filter(isDone))
  const right = sumOver(b, without(b, a).filter(isDone))
  const shared = left.labels.filter((label) => right.labels.includes(label))
  const batch = shared.filter((label) => kept.has(label))
  const inner = shared.filter(isDone)
  const isMatrixProduct = left.labels.length > shared.length || right.labels.length > shared.length
  // Without rows and columns, a batch would be many products of single elements.
  return inner.length > 0 && (isMatrixProduct || batch.length === 0)
    ? multiplyMatrices(left, right, batch, inner)
    : sumOver(multiplyElements(left, right), inner)
}

function multiplyElements(a: Labelled, b: Labelled): Labelled {
  const labels = [...a.labels, ...without(b, a)]
  return { value: mul(spread(a, labels), spread(b, labels)), labels }
}

/** The value with an axis for each of the labels, of size 1 for those it lacks. */
function spread(x: Labelled, labels: readonly string[]): Value {
  const own = labels.filter((label) => x.labels.includes(label))
  return reshape(
    inOrder(x, own),
    labels.map((label) => (own.includes(label) ? sizesAlong(x, [label])[0] : 1)),
  )
}

function inOrder({ value, labels }: Labelled, order: readonly string[]): Value {
  return transpose(
    value,
    order.map((label) => labels.indexOf(label)),
  )
}

function multiplyMatrices(
  a: Labelled,
  b: Labelled,
  batch: readonly string[],
  inner: readonly string[],
): Labelled {
  const rows = without(a, b)
  const columns = without(b, a)
  const [left, transposeA] = asMatrices(a, batch, rows, inner)
  const [right, transposeB] = asMatrices(b, batch, inner, columns)
  const sizes = [...sizesAlong(a, [...batch, ...rows]), ...sizesAlong(b, columns)]
  return {
    value: reshape(matmul(left, right, { transposeA, transposeB }), sizes),
    labels: [...batch, ...rows, ...columns],
  }
}

/** The value as matrices [...batch, rows, columns], or their transposes where its axes already lie that way. */
function asMatrices(
  x: Labelled,
  batch: readonly string[],
  rows: readonly string[],
  columns: readonly string[],
): [matrices: Value, transposed: boolean] {
  const isTransposed = [...batch, ...columns, ...rows].every((label, axis) => label === x.labels[axis])
  const [outer, inner] = isTransposed ? [columns, rows] : [rows, columns]
  const matrices = reshape(inOrder(x, [...batch, ...outer, ...inner]), [
    ...sizesAlong(x, batch),
    sizeOf(sizesAlong(x, outer)),
    sizeOf(sizesAlong(x, inner)),
  ])
  return [matrices, isTransposed]
}

/** The result: summed over what it lacks, its axes in order, those of size 1 put back. */
function arranged(x: Labelled, { output, sizes }: EinsumPlan): Value {
  const summed = sumOver(
    x,
    x.labels.filter((label) => !output.includes(label)),
  )
  const order = output.filter((label) => summed.labels.includes(label))
  return reshape(
    inOrder(summed, order),
    output.map((label) => sizes.get(label)!),
  )
}
