/** The matrix product, of which linear algebra is made. */
import { matmul as multiplyMatrices } from '@tapegrad/kernels'
import { broadcastStrides } from '../broadcastLoop.js'
import { allocate, isFloat } from '../dtype.js'
import { promoteBeside } from '../elementwise.js'
import { ShapeError } from '../errors.js'
import type { BinaryCall } from '../primitive.js'
import { defineBinary } from '../primitive.js'
import type { Shape } from '../shape.js'
import { broadcastShapes, formatShape, sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import type { JoinTensor, Join, Value } from '../value.js'
import { checkValue, shapeOf } from '../value.js'
import { cast } from './cast.js'
import { reshape } from './shape.js'

export interface MatmulOptions {
  /** Take the transpose of the last two axes of the left side. */
  readonly transposeA?: boolean | undefined
  /** Take the transpose of the last two axes of the right side. */
  readonly transposeB?: boolean | undefined
}

interface Transposes {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/** Rows and columns of the last two axes, after a transpose. */
function matrixSizes(shape: Shape, transposed: boolean): [rows: number, columns: number] {
  const [rows, columns] = shape.slice(-2)
  return transposed ? [columns, rows] : [rows, columns]
}

const product: BinaryCall<Transposes> = defineBinary({
  name: 'matmul',
  infer: ([a, b], { transposeA, transposeB }) => {
    const [m] = matrixSizes(a.shape, transposeA)
    const [, n] = matrixSizes(b.shape, transposeB)
    const batch = broadcastShapes('matmul (batch axes)', a.shape.slice(0, -2), b.shape.slice(0, -2))
    return { kind: 'tensor', shape: [...batch, m, n], dtype: promoteBeside(a, b) }
  },
  tensor: (a, b, { shape, dtype }, { transposeA, transposeB }) => {
    const [m, k] = matrixSizes(a.shape, transposeA)
    const n = shape[shape.length - 1]
    // The kernels multiply floats; integers are exact in float64 up to 2⁵³.
    const working = isFloat(dtype) ? dtype : 'float64'
    const left = (cast(a, working) as Tensor).data
    const right = (cast(b, working) as Tensor).data
    const out = allocate(working, sizeOf(shape))
    forEachMatrix(shape.slice(0, -2), a.shape.slice(0, -2), b.shape.slice(0, -2), (i, p, q) => {
      multiplyMatrices({
        a: left.subarray(p * m * k, (p + 1) * m * k) as Float32Array,
        b: right.subarray(q * k * n, (q + 1) * k * n) as Float32Array,
        out: out.subarray(i * m * n, (i + 1) * m * n) as Float32Array,
        m,
        n,
        k,
        transposeA,
        transposeB,
      })
    })
    const result = new Tensor(out, shape, working)
    return working === dtype ? result : (cast(result, dtype) as Tensor)
  },
  reverse: [
    (upstream, _a, b, _output, { transposeA, transposeB }) =>
      transposeA
        ? product(b, upstream, { transposeA: transposeB, transposeB: true })
        : product(upstream, b, { transposeA: false, transposeB: !transposeB }),
    (upstream, a, _b, _output, { transposeA, transposeB }) =>
      transposeB
        ? product(upstream, a, { transposeA: true, transposeB: transposeA })
        : product(a, upstream, { transposeA: !transposeA, transposeB: false }),
  ],
  forward: 'bilinear',
})

function formatMatrix(shape: Shape, transposed: boolean): string {
  return `${formatShape(shape)}${transposed ? 'ᵀ' : ''}`
}

/** Calls `visit` with the positions of each matrix of the result and of the two it is the product of. */
function forEachMatrix(
  batch: Shape,
  a: Shape,
  b: Shape,
  visit: (i: number, p: number, q: number) => void,
): void {
  const aStrides = broadcastStrides(a, batch)
  const bStrides = broadcastStrides(b, batch)
  let next = 0
  const walk = (axis: number, p: number, q: number): void => {
    if (axis === batch.length) visit(next++, p, q)
    else for (let i = 0; i < batch[axis]; i++) walk(axis + 1, p + i * aStrides[axis], q + i * bStrides[axis])
  }
  walk(0, 0, 0)
}

/**
 * The matrix product a · b over the last two axes; the axes before them broadcast as a batch. As in NumPy a
 * vector on the left is a row, on the right a column, and that axis is dropped from the result; `transposeA`
 * and `transposeB` don't change a vector. Shapes [m, k] · [k, n] give [m, n]. Integers stay integers, exact as long
 * as no sum of products goes beyond 2⁵³. A large float32 left side that is mostly zeros is multiplied without them, with
 * the same result.
 * Throws ShapeError where the inner dimensions differ, the batches don't broadcast, or a side is a scalar.
 */
export function matmul<A extends Value, B extends Value>(
  a: A,
  b: B,
  options?: MatmulOptions,
): JoinTensor<Join<A, B>>
export function matmul(a: Value, b: Value, options: MatmulOptions = {}): Value {
  checkValue('matmul: left side', a)
  checkValue('matmul: right side', b)
  const aShape = shapeOf(a)
  const bShape = shapeOf(b)
  if (aShape.length === 0 || bShape.length === 0)
    throw new ShapeError(
      'SCALAR_OPERAND',
      `matmul: got shapes ${formatShape(aShape)} · ${formatShape(bShape)}; wants vectors or matrices. For scalars use mul`,
    )
  const aIsVector = aShape.length === 1
  const bIsVector = bShape.length === 1
  const transposeA = !aIsVector && options.transposeA === true
  const transposeB = !bIsVector && options.transposeB === true
  const k = aIsVector ? aShape[0] : matrixSizes(aShape, transposeA)[1]
  const kOfB = bIsVector ? bShape[0] : matrixSizes(bShape, transposeB)[0]
  if (k !== kOfB)
    throw new ShapeError(
      'INNER_DIMENSIONS',
      `matmul: inner dimensions differ: ${formatMatrix(aShape, transposeA)} · ${formatMatrix(bShape, transposeB)} (${k} ≠ ${kOfB})`,
    )
  const left = aIsVector ? reshape(a, [1, aShape[0]]) : a
  const right = bIsVector ? reshape(b, [bShape[0], 1]) : b
  const full = product(left, right, { transposeA, transposeB })
  if (!aIsVector && !bIsVector) return full
  const shape = shapeOf(full)
  const kept = shape.filter(
    (_, axis) => !(aIsVector && axis === shape.length - 2) && !(bIsVector && axis === shape.length - 1),
  )
  return reshape(full, kept)
}
