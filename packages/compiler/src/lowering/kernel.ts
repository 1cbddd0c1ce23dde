/** The steps of a lowered program: each fills a buffer, and is one loop nest of the WebAssembly program. */
import type { DType, Shape } from '@tapegrad/autograd'
import { sizeOf, stridesOf } from '@tapegrad/autograd/tracing'
import type { Expression, Gather, Load } from './expression.js'
import type { Linear } from './linear.js'

/** buffer[store] = value for every index of the loops. */
export interface MapKernel {
  readonly kind: 'map'
  readonly buffer: number
  readonly loops: Shape
  readonly store: Linear
  readonly value: Expression
  /** Left undone where this list of nonzero elements is used in place of the buffer. */
  readonly unlessListed?: number | undefined
  /** How many parts threads share it by: its first loop; its first loops by default. */
  readonly parts?: number
}

/** Whether the kernel fills a matrix, row by row. In a loop that runs once any step will do. */
export function fillsInOrder({ loops, store }: MapKernel, rows: number, columns: number): boolean {
  return (
    loops.at(-1) === columns &&
    sizeOf(loops) === rows * columns &&
    store.offset === 0 &&
    stridesOf(loops).every((stride, loop) => loops[loop] === 1 || store.steps[loop] === stride)
  )
}

/** What a reduction does with its elements. */
export type Reducer = 'sum' | 'max' | 'min' | 'argmax' | 'argmin'

/** buffer[i] = the reduction of value over the inner loops, for every index i of the outer ones. */
export interface ReduceKernel {
  readonly kind: 'reduce'
  readonly buffer: number
  readonly dtype: DType
  readonly reducer: Reducer
  /** The first loops, over what is kept. */
  readonly kept: Shape
  /** The last loops, over what is reduced. */
  readonly reduced: Shape
  readonly value: Expression
}

/** The matrices of a batch: its axes, and how many matrices of each operand a step along each axis moves. */
export interface Batch {
  readonly count: number
  readonly extents: Shape
  readonly a: readonly number[]
  readonly b: readonly number[]
}

/** Whether the left sides of a batch, each used once, lie one after the other. */
export function isInRows({ count, extents, a }: Batch): boolean {
  return count === 1 || (extents.length === 1 && a[0] === 1)
}

/** What is done to a product as it is written: a bias, a buffer with an element for each column, is added, then relu applied. */
export interface ProductWriteBack {
  readonly bias?: number | undefined
  readonly relu: boolean
}

/** The list of a product's left side. */
export interface LeftList {
  readonly buffer: number
  /** The step of its places. */
  readonly step: number
  /** Whether it is made of compressed rows, and so always used; no two threads share a row of it. */
  readonly isCompressed?: boolean
}

/** buffer = a · b for each matrix of a batch. */
export interface MatmulKernel {
  readonly kind: 'matmul'
  readonly buffer: number
  readonly dtype: 'float32' | 'float64'
  readonly a: number
  readonly b: number
  readonly m: number
  readonly n: number
  readonly k: number
  readonly transposeA: boolean
  readonly transposeB: boolean
  /** Lists the elements of `a` that aren't zero, where it is worth looking for them. */
  readonly nonzeros?: LeftList
  /** The buffer of the packed left side, where several products share it. */
  readonly packedLeft?: number
  /** The buffer of the packed right side, where that is packed once for all threads. */
  readonly packedRight?: number
  /** Of single matrices alone. */
  readonly writeBack?: ProductWriteBack
  readonly batch: Batch
}

/** Packs a left side that several products share: one matrix after the other. */
export interface PackLeftKernel {
  readonly kind: 'packLeft'
  readonly buffer: number
  readonly dtype: 'float32' | 'float64'
  readonly a: number
  readonly m: number
  readonly k: number
  readonly count: number
  /** Left undone where this list of nonzero elements is used in its place. */
  readonly unlessListed: number | undefined
}

/** Packs a large right side of a product for all threads. */
export interface PackRightKernel {
  readonly kind: 'packRight'
  readonly buffer: number
  readonly dtype: 'float32' | 'float64'
  readonly b: number
  readonly n: number
  readonly k: number
  readonly transposeB: boolean
  /** Left undone where this list of nonzero elements is used, which wants the right side as it is. */
  readonly unlessListed: number | undefined
}

/** Adds the elements in `loops` into a buffer, each at store + place · stride. */
export interface ScatterKernel {
  readonly kind: 'scatter'
  readonly buffer: number
  readonly dtype: DType
  readonly loops: Shape
  readonly value: Expression
  readonly store: Linear
  readonly place: Expression
  readonly stride: number
}

/** Running sums along an axis: lines of `count` elements, `stride` apart. */
export interface CumulativeKernel {
  readonly kind: 'cumulative'
  readonly buffer: number
  readonly dtype: DType
  readonly source: number
  readonly outer: number
  readonly count: number
  readonly inner: number
  readonly reverse: boolean
}

/**
 * Lists, row by row, the elements of a float32 matrix that aren't zero, unless a sample of them says that they are
 * many. Which it is, every thread finds out for itself. What is read from compressed rows is always listed.
 */
export interface NonzerosKernel {
  readonly kind: 'nonzeros'
  readonly buffer: number
  /** The matrix, which is in memory only where the list isn't used, unless it is read from there. */
  readonly source: number
  /** Loops over its elements, the last one over the columns of a row. */
  readonly loops: Shape
  /** What an element is read from: a float32, or a byte; of compressed rows, where a row begins. */
  readonly leaf: Load | Gather
  /** The step of its places: what rows of the right sides are apart, in bytes, or a divisor of it where that differs. */
  readonly step: number
  readonly isCompressed?: boolean
  /** For bytes, the buffer of the 256 float32 that they stand for: 0 for 0, and no other. */
  readonly values?: number | undefined
  /** How many parts threads share it by: its rows by default. */
  readonly parts?: number | undefined
}

/** Random numbers in [0, 1) of the stream whose key and counter are in three buffers of numbers. */
export interface RandomKernel {
  readonly kind: 'random'
  readonly buffer: number
  readonly count: number
  readonly key: readonly [low: number, high: number]
  readonly counter: number
}

/** Copies a buffer as it is. */
export interface CopyKernel {
  readonly kind: 'copy'
  readonly buffer: number
  readonly source: number
  readonly bytes: number
}

export type Kernel =
  | MapKernel
  | ReduceKernel
  | MatmulKernel
  | PackLeftKernel
  | PackRightKernel
  | ScatterKernel
  | CumulativeKernel
  | NonzerosKernel
  | RandomKernel
  | CopyKernel
