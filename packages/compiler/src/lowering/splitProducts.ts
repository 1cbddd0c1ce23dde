/** Which products are cut along their inner axis, so that each thread has a part of the right side to itself. */
import { sizeOf, stridesOf } from '@tapegrad/autograd/tracing'
import type { LoweredNode, OperationNode } from '../program.js'
import type { Expression } from './expression.js'
import { mapLoads, mapPositions } from './expression.js'
import type { Kernel, MapKernel, MatmulKernel, ReduceKernel } from './kernel.js'
import { fillsInOrder } from './kernel.js'
import type { Linear } from './linear.js'
import type { LoweredProgram } from './lower.js'
import { mostPackedAlone } from './packSides.js'
import { buffersRead } from './reads.js'
import { withoutUnused } from './withoutUnused.js'

/** Parts have at least so many steps along the inner axis: shorter ones spend their time on the ends of loops. */
const leastSteps = 64

/** Narrower products don't make up for a left side that is written once more. */
const leastColumns = 16

/** The inner axis has to be so many times as long as the result has rows, for the parts' results are added up. */
const leastDepth = 2

/**
 * The program with products of few rows and a long inner axis cut into so many parts along it: each part multiplies its
 * columns of the left side, which are put together in memory, by its rows of the right side, and the parts' results are
 * added up where they are used. The products with the same left side transposed, such as the derivative by the right
 * side, are cut alike: part by part they make the rows of what the others read. So a thread that does a part finds in
 * its cache what it has left there, and no other thread has to fetch it.
 *
 * Only left sides that are known as the program begins are cut so, for others come row by row from the threads.
 */
export function splitProducts(lowered: LoweredProgram, parts: number): LoweredProgram {
  if (parts === 1) return lowered
  return leftSides(lowered).reduce(
    (split, left) => (isWorthSplitting(split, left, parts) ? splitBy(split, left, parts) : split),
    lowered,
  )
}

/** A matrix that products have on their left. */
interface Left {
  readonly buffer: number
  readonly rows: number
  readonly columns: number
  readonly products: readonly MatmulKernel[]
}

function leftSides({ kernels }: LoweredProgram): Left[] {
  const products = kernels.filter((kernel) => kernel.kind === 'matmul')
  return [...new Set(products.map(({ a }) => a))].map((buffer) => {
    const own = products.filter(({ a }) => a === buffer)
    const { m, k, transposeA } = own[0]
    const [rows, columns] = transposeA ? [k, m] : [m, k]
    return { buffer, rows, columns, products: own }
  })
}

function isWorthSplitting(lowered: LoweredProgram, left: Left, parts: number): boolean {
  const { rows, columns, products } = left
  const plain = products.filter(({ transposeA }) => !transposeA)
  return (
    columns % parts === 0 &&
    columns / parts >= leastSteps &&
    columns >= leastDepth * rows &&
    plain.length > 0 &&
    plain.every(({ n, k, transposeB }) => !transposeB && n >= leastColumns && n * k <= mostPackedAlone) &&
    products.every(
      ({ batch, a, b, m, k, transposeA }) =>
        batch.count === 1 &&
        a !== b &&
        (transposeA ? m === columns && k === rows : m === rows && k === columns),
    ) &&
    isKnownAtOnce(lowered, left)
  )
}

/** Whether the matrix is an input or a constant, or made of such for the products alone. */
function isKnownAtOnce({ program, kernels, buffers }: LoweredProgram, left: Left): boolean {
  const isGiven = (buffer: number): boolean => program.nodes[buffer]?.kind !== 'operation'
  if (isGiven(left.buffer)) return true
  const maker = makerOf(kernels, left)
  const isResult = program.outputs.some((output) => buffers.get(output) === left.buffer)
  return (
    maker !== undefined &&
    !isResult &&
    [...buffersRead(maker)].every(isGiven) &&
    kernels.filter((kernel) => buffersRead(kernel).has(left.buffer)).length === left.products.length
  )
}

/** The kernel that makes the matrix, row by row, if it is a loop. */
function makerOf(kernels: readonly Kernel[], { buffer, rows, columns }: Left): MapKernel | undefined {
  const writers = kernels.filter((kernel) => kernel.buffer === buffer)
  const [maker] = writers
  if (writers.length !== 1 || maker.kind !== 'map') return undefined
  return maker.loops.length === 2 && fillsInOrder(maker, rows, columns) ? maker : undefined
}

function splitBy({ program, kernels, buffers }: LoweredProgram, left: Left, parts: number): LoweredProgram {
  const nodes = [...program.nodes]
  const named = new Map(buffers)
  const add = (node: OperationNode): number => {
    const buffer = nodes.push(node) - 1
    named.set(buffer, buffer)
    return buffer
  }
  const { buffer, rows, columns } = left
  const width = columns / parts
  const { dtype } = left.products[0]
  const matrix = add(nodeOf('splitColumns', [buffer], parts, [rows, width], dtype))
  const maker = makerOf(kernels, left)
  const filling = fillParts(matrix, maker?.value ?? given(nodes, left), left, parts)

  let split = kernels.flatMap((kernel): Kernel[] => (kernel === maker ? [filling] : [kernel]))
  if (maker === undefined) split = [filling, ...split]
  for (const product of left.products) {
    const batch = { count: parts, extents: [parts], a: [1] }
    if (product.transposeA) {
      const part: MatmulKernel = { ...product, a: matrix, m: width, batch: { ...batch, b: [0] } }
      split = split.map((kernel) => (kernel === product ? part : kernel))
      continue
    }
    const { m, n } = product
    const results = add(nodeOf('splitProduct', [matrix, product.b], parts, [m, n], dtype))
    const part: MatmulKernel = {
      ...product,
      buffer: results,
      a: matrix,
      k: width,
      batch: { ...batch, b: [1] },
    }
    split = addUp(
      split.map((kernel) => (kernel === product ? part : kernel)),
      { program, buffers, product, part },
    )
  }
  return withoutUnused({ program: { ...program, nodes }, kernels: split, buffers: named })
}

function nodeOf(
  operation: string,
  inputs: readonly number[],
  parts: number,
  shape: readonly number[],
  dtype: MatmulKernel['dtype'],
): OperationNode {
  const spec = { kind: 'tensor', shape: [parts, ...shape], dtype } as const
  return { kind: 'operation', operation, inputs, attributes: { parts }, spec }
}

/** The elements of a matrix that is there already, in its own loops. */
function given(nodes: readonly LoweredNode[], { buffer, columns }: Left): Expression {
  return {
    kind: 'load',
    buffer,
    dtype: nodes[buffer].spec.dtype,
    position: { offset: 0, steps: [columns, 1] },
  }
}

/** The loop that writes the matrix part after part, each of its columns row by row. */
function fillParts(buffer: number, value: Expression, { rows, columns }: Left, parts: number): MapKernel {
  const width = columns / parts
  const byParts = ({ offset, steps: [row, column] }: Linear): Linear => ({
    offset,
    steps: [width * column, row, column],
  })
  const loops = [parts, rows, width]
  return {
    kind: 'map',
    buffer,
    loops,
    store: { offset: 0, steps: stridesOf(loops) },
    value: mapPositions(value, byParts),
    parts,
  }
}

interface SplitProduct {
  readonly program: LoweredProgram['program']
  readonly buffers: LoweredProgram['buffers']
  readonly product: MatmulKernel
  readonly part: MatmulKernel
}

/** The kernels with the sum of the parts in the place of the product: in the loop that reads it if that is one alone. */
function addUp(kernels: readonly Kernel[], { program, buffers, product, part }: SplitProduct): Kernel[] {
  const readers = kernels.filter((kernel) => buffersRead(kernel).has(product.buffer))
  const [reader] = readers
  const isResult = program.outputs.some((output) => buffers.get(output) === product.buffer)
  if (readers.length === 1 && !isResult && (reader.kind === 'map' || reader.kind === 'reduce'))
    return kernels.map((kernel) => (kernel === reader ? withSum(reader, product, part) : kernel))
  const { buffer, m, n, dtype } = product
  const position: Linear = { offset: 0, steps: [n, 1] }
  const sum: MapKernel = {
    kind: 'map',
    buffer,
    loops: [m, n],
    store: position,
    value: sumOfParts(part, position, dtype),
  }
  return kernels.flatMap((kernel) => (kernel === part ? [part, sum] : [kernel]))
}

function withSum<K extends MapKernel | ReduceKernel>(
  reader: K,
  product: MatmulKernel,
  part: MatmulKernel,
): K {
  const value = mapLoads(reader.value, (load) =>
    load.buffer === product.buffer ? sumOfParts(part, load.position, load.dtype) : load,
  )
  return { ...reader, value }
}

/** The elements of all parts that belong to the same element of the product, added up in order. */
function sumOfParts(
  { buffer, m, n, batch: { count } }: MatmulKernel,
  { offset, steps }: Linear,
  dtype: MatmulKernel['dtype'] | Expression['dtype'],
): Expression {
  const loads = Array.from({ length: count }, (_, part): Expression => ({
    kind: 'load',
    buffer,
    dtype,
    position: { offset: offset + part * sizeOf([m, n]), steps },
  }))
  return loads.reduce((sum, load) => ({
    kind: 'apply',
    operation: 'add',
    operandDType: dtype,
    dtype,
    operands: [sum, load],
  }))
}
