/** Code for matrix products: the kernels' packed panels, in the program's own memory. */
import type { Body, DefinedFunction, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import { call, for_, func, i32, if_, local, select, set } from '@tapegrad/kernels/assembler'
import type { TileShape } from '@tapegrad/kernels'
import { copyPanels, fastestShape, lanesOf, multiplyPanels, transposePanels } from '@tapegrad/kernels'
import type { MatmulKernel } from '../lowering/kernel.js'
import type { Layout } from './layout.js'
import { elementBytes } from './machine.js'
import type { KernelCode } from './mapLoop.js'
import { rangeParameters } from './mapLoop.js'
import { isSparse, multiplyByColumns, multiplyByRows } from './nonzeros.js'

/** Limits of a packed block of the left matrix, which shall stay in a second-level cache; rows fill whole panels. */
const packedRows = 120
const packedDepth = 384

/** The functions that all matrix products of one dtype in a module share. */
export interface MatmulFunctions {
  readonly shape: TileShape
  readonly packLeft: (transpose: boolean) => DefinedFunction<'none'>
  readonly packWide: (transpose: boolean) => DefinedFunction<'none'>
  readonly packNarrow: (transpose: boolean) => DefinedFunction<'none'>
  readonly multiplyWide: DefinedFunction<'none'>
  readonly multiplyNarrow: DefinedFunction<'none'>
}

export function matmulFunctions(dtype: 'float32' | 'float64', relaxed: boolean): MatmulFunctions {
  const shape = fastestShape(elementBytes[dtype] as 4 | 8, relaxed)
  const lanes = lanesOf(shape)
  const eitherWay = (width: number): ((transpose: boolean) => DefinedFunction<'none'>) => {
    const [copy, transposed] = [copyPanels(shape, width), transposePanels(shape, width)]
    return (transpose) => (transpose ? transposed : copy)
  }
  return {
    shape,
    packLeft: eitherWay(shape.rows),
    packWide: eitherWay(2 * lanes),
    packNarrow: eitherWay(lanes),
    multiplyWide: multiplyPanels(shape, 2),
    multiplyNarrow: multiplyPanels(shape, 1),
  }
}

/** How the right matrix is cut into panels. */
interface Panels {
  /** Steps along k that are worked on together. */
  readonly blockDepth: number
  /** Columns in wide panels; the others are in a narrow one. */
  readonly wideColumns: number
  /** Columns with the unused ones of the last panel. */
  readonly packedColumns: number
}

function panelsOf({ n, k }: MatmulKernel, shape: TileShape): Panels {
  const lanes = lanesOf(shape)
  const rest = n % (2 * lanes)
  const last = rest > lanes ? 2 * lanes : lanes
  return {
    // Blocks of equal depth, so that the last one isn't a thin rest.
    blockDepth: Math.ceil(k / Math.ceil(k / packedDepth)),
    wideColumns: rest > lanes ? n : n - rest,
    packedColumns: Math.ceil(n / last) * last,
  }
}

/** Bytes of the packed right matrix. */
export function packedRightBytes(kernel: MatmulKernel, { shape }: MatmulFunctions): number {
  return kernel.k * panelsOf(kernel, shape).packedColumns * shape.elementBytes
}

/** Bytes of a packed block of the left matrix, of which each thread has its own. */
export function packedLeftBytes({ shape }: MatmulFunctions): number {
  return packedRows * packedDepth * shape.elementBytes
}

/** Bytes that a result is written beyond its end: whole tiles of rows are stored. */
export function overrunBytes({ n, dtype }: MatmulKernel, { shape }: MatmulFunctions): number {
  return (shape.rows - 1) * n * elementBytes[dtype]
}

/**
 * A product in two steps: all threads pack the right matrix, then each multiplies its rows. Of a batch each matrix
 * goes through both; unless whole tiles fit, the next one overwrites what the one before has written too far.
 */
export function matmulLoops(
  kernel: MatmulKernel,
  functions: MatmulFunctions,
  layout: Layout,
): readonly KernelCode[] {
  return kernel.batch.flatMap(({ a, b }, matrix) => {
    const { m, n, k, dtype } = kernel
    const bytes = elementBytes[dtype]
    const addresses = {
      a: layout.addressOf(kernel.a) + a * m * k * bytes,
      b: layout.addressOf(kernel.b) + b * k * n * bytes,
      out: layout.addressOf(kernel.buffer) + matrix * m * n * bytes,
    }
    return [
      packRight(kernel, functions, layout, addresses.b),
      multiplyRows(kernel, functions, layout, addresses.a, addresses.out),
    ]
  })
}

function packRight(kernel: MatmulKernel, functions: MatmulFunctions, layout: Layout, b: number): KernelCode {
  const { n, k, transposeB } = kernel
  const { shape, packWide, packNarrow } = functions
  const { elementBytes: bytes } = shape
  const { blockDepth, wideColumns, packedColumns } = panelsOf(kernel, shape)
  const block = local('i32', 'block')
  const first = local('i32', 'first')
  const steps = local('i32', 'steps')
  const source = local('i32', 'source')
  const target = local('i32', 'target')
  const stride = (transposeB ? k : n) * bytes
  return {
    run: func('packRight', rangeParameters, 'none', ({ begin, end }) => [
      unlessSparse(kernel, layout, [
        for_(block, begin, end, 1, [
          set(first, i32.mul(block, blockDepth)),
          set(steps, smaller(i32.const(blockDepth), i32.sub(k, first))),
          set(source, i32.add(i32.mul(first, (transposeB ? 1 : n) * bytes), b)),
          set(target, i32.add(i32.mul(first, packedColumns * bytes), layout.sharedScratch)),
          call(packWide(transposeB), source, target, wideColumns, steps, stride),
          call(
            packNarrow(transposeB),
            i32.add(source, wideColumns * (transposeB ? k : 1) * bytes),
            i32.add(target, i32.mul(steps, wideColumns * bytes)),
            n - wideColumns,
            steps,
            stride,
          ),
        ]),
      ]),
    ]),
    total: Math.ceil(k / blockDepth),
    grain: 1,
  }
}

function multiplyRows(
  kernel: MatmulKernel,
  functions: MatmulFunctions,
  layout: Layout,
  a: number,
  result: number,
): KernelCode {
  const { m, n, k, transposeA } = kernel
  const { shape, packLeft, multiplyWide, multiplyNarrow } = functions
  const { elementBytes: bytes } = shape
  const { blockDepth, wideColumns, packedColumns } = panelsOf(kernel, shape)
  const first = local('i32', 'first')
  const steps = local('i32', 'steps')
  const row = local('i32', 'row')
  const rowEnd = local('i32', 'rowEnd')
  const rows = local('i32', 'rows')
  const left = local('i32', 'left')
  const right = local('i32', 'right')
  const out = local('i32', 'out')
  const [rowStep, depthStep] = transposeA ? [1, m] : [k, 1]
  return {
    run: func('multiplyRows', rangeParameters, 'none', ({ begin, end, thread }) => [
      set(rowEnd, smaller(i32.mul(end, shape.rows), i32.const(m))),
      ifSparse(kernel, layout, i32.mul(begin, shape.rows), rowEnd, [
        set(left, i32.add(i32.mul(thread, layout.threadScratchBytes), layout.threadScratch)),
        for_(first, 0, k, blockDepth, [
          set(steps, smaller(i32.const(blockDepth), i32.sub(k, first))),
          set(right, i32.add(i32.mul(first, packedColumns * bytes), layout.sharedScratch)),
          for_(row, i32.mul(begin, shape.rows), rowEnd, packedRows, [
            set(rows, smaller(i32.const(packedRows), i32.sub(rowEnd, row))),
            call(
              packLeft(!transposeA),
              i32.add(i32.add(i32.mul(row, rowStep * bytes), i32.mul(first, depthStep * bytes)), a),
              left,
              rows,
              steps,
              (transposeA ? m : k) * bytes,
            ),
            set(out, i32.add(i32.mul(row, n * bytes), result)),
            // The first block of steps sets the result, the others add to it.
            call(multiplyWide, left, right, out, rows, wideColumns, steps, n * bytes, first),
            call(
              multiplyNarrow,
              left,
              i32.add(right, i32.mul(steps, wideColumns * bytes)),
              i32.add(out, wideColumns * bytes),
              rows,
              n - wideColumns,
              steps,
              n * bytes,
              first,
            ),
          ]),
        ]),
      ]),
    ]),
    total: Math.ceil(m / shape.rows),
    grain: 1,
  }
}

function smaller(x: Code<'i32'>, y: Code<'i32'>): Code<'i32'> {
  return select(x, y, i32.lt_s(x, y))
}

/** The product by the list of nonzero elements where there is one, else densely. */
function ifSparse(
  kernel: MatmulKernel,
  layout: Layout,
  begin: Code<'i32'>,
  end: Local<'i32'>,
  dense: Body,
): Body {
  const { nonzeros, transposeA, m, k } = kernel
  if (nonzeros === undefined) return dense
  const multiply = transposeA ? multiplyByColumns : multiplyByRows
  return [if_(isSparse(layout, nonzeros, m * k), multiply(kernel, nonzeros, layout, begin, end), dense)]
}

function unlessSparse({ nonzeros, m, k }: MatmulKernel, layout: Layout, dense: Body): Body {
  return nonzeros === undefined ? dense : [if_(isSparse(layout, nonzeros, m * k), [], dense)]
}
