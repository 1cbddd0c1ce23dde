/** Code for loops that follow one another over the same short rows: each row goes through all of them in registers. */
import type { Body, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import { for_, func, local, set, v128 } from '@tapegrad/kernels/assembler'
import { sizeOf } from '@tapegrad/autograd/tracing'
import type { Expression, Load } from '../lowering/expression.js'
import { mapPositions, visitLoads } from '../lowering/expression.js'
import type { Kernel, MapKernel, ReduceKernel } from '../lowering/kernel.js'
import type { Linear } from '../lowering/linear.js'
import { buffersRead } from '../lowering/reads.js'
import { scalarAccumulator, vectorAccumulator } from './accumulator.js'
import type { VectorDType } from './emitter.js'
import { Emitter, lanesOf, storeScalar } from './emitter.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'
import type { Layout } from './layout.js'
import { scalarType } from './machine.js'
import { setIndices, vectorDTypeOf } from './mapLoop.js'

/** More vectors of a row than this don't fit into registers. */
const mostVectors = 4

/** A kernel as loops over rows, whose product is the number of rows, and one over the elements of a row. */
interface Stage {
  readonly kernel: MapKernel | ReduceKernel
  readonly outer: readonly number[]
  readonly width: number
  readonly value: Expression
  /** Where its elements go, by the same loops: for a reduction by the rows alone. */
  readonly store: Linear
  /** What vectors of a row hold; undefined where each row is one number. */
  readonly vector: VectorDType | undefined
}

/** The kernel as a stage of a sweep through so many rows; undefined where it can't be one. */
export function stageOf(kernel: Kernel, rows: number): Stage | undefined {
  const form = kernel.kind === 'map' ? mapForm(kernel, rows) : reduceForm(kernel, rows)
  if (form === undefined) return undefined
  const { width, value, store } = form
  if (kernel.kind === 'map' && width === 1) return { ...form, vector: undefined }
  const storeStep = kernel.kind === 'map' ? store.steps[store.steps.length - 1] : 1
  const vector = vectorDTypeOf(value, storeStep, width)
  const isShort = vector !== undefined && width <= mostVectors * lanesOf[vector]
  return isShort ? { ...form, vector } : undefined
}

type Form = Omit<Stage, 'vector'>

function mapForm(kernel: MapKernel, rows: number): Form | undefined {
  const { loops, store, value, unlessListed } = kernel
  if (unlessListed !== undefined) return undefined
  if (loops.length > 1 && sizeOf(loops.slice(0, -1)) === rows)
    return { kernel, outer: loops.slice(0, -1), width: loops[loops.length - 1], value, store }
  if (sizeOf(loops) !== rows) return undefined
  const withColumn = ({ offset, steps }: Linear): Linear => ({ offset, steps: [...steps, 0] })
  return {
    kernel,
    outer: loops,
    width: 1,
    value: mapPositions(value, withColumn),
    store: withColumn(store),
  }
}

function reduceForm(kernel: Kernel, rows: number): Form | undefined {
  if (kernel.kind !== 'reduce' || kernel.reduced.length !== 1 || sizeOf(kernel.kept) !== rows)
    return undefined
  const { reducer, dtype, kept: outer, reduced, value } = kernel
  if (reducer === 'argmax' || reducer === 'argmin' || dtype !== value.dtype) return undefined
  const steps = outer.map((_, loop) => sizeOf(outer.slice(loop + 1)))
  return { kernel, outer, width: reduced[0], value, store: { offset: 0, steps: [...steps, 0] } }
}

/** What a stage has left in registers: the vectors of a row, or one number. */
interface Kept {
  readonly stage: Stage
  readonly registers: readonly Local[]
}

function isNumber({ kernel, vector }: Stage): boolean {
  return kernel.kind === 'reduce' || vector === undefined
}

/**
 * One loop over rows for all the stages. What a stage has computed of a row, later ones find in registers; it is
 * written to memory where `isNeeded` says that somebody else reads the buffer.
 */
export function rowSweep(
  stages: readonly Stage[],
  rows: number,
  layout: Layout,
  isNeeded: (buffer: number) => boolean,
): KernelCode {
  const row = local('i32', 'row')
  const kept = new Map<number, Kept>()
  const bodies = stages.map((stage) => {
    const { body, registers } = stageCode(stage, { row, layout, kept })
    kept.set(stage.kernel.buffer, { stage, registers })
    return { stage, body, registers }
  })
  const reread = new Set(stages.flatMap((stage) => rereadBuffers(stage, kept)))
  const code = bodies.map(({ stage, body, registers }): Body => {
    const { buffer } = stage.kernel
    return [body, isNeeded(buffer) || reread.has(buffer) ? stored(stage, registers, { row, layout }) : []]
  })
  return {
    run: func('sweep', rangeParameters, 'none', ({ begin, end }) => [for_(row, begin, end, 1, code)]),
    total: rows,
    grain: 1,
    isLoop: true,
  }
}

interface Row {
  readonly row: Local<'i32'>
  readonly layout: Layout
}

function stageCode(
  stage: Stage,
  { row, layout, kept }: Row & { readonly kept: ReadonlyMap<number, Kept> },
): { readonly body: Body; readonly registers: readonly Local[] } {
  const { kernel, outer, width, value, vector } = stage
  const { indices, column } = indicesOf(outer)
  const emitter = new Emitter(layout, [...indices, column])
  const loads = loadsIn(value).flatMap((load) => {
    const source = kept.get(load.buffer)
    return source !== undefined && isSameElement(load, stage, source.stage) ? [{ load, source }] : []
  })
  for (const { load, source } of loads) if (isNumber(source.stage)) emitter.know(load, source.registers[0])
  const bodies: Body[] = []
  if (vector === undefined) {
    const body: Body[] = []
    const number = local(scalarType(value.dtype), 'number')
    const code = emitter.scalar(value, body)
    bodies.push([...body, set(number as Local<'f32'>, code as Code<'f32'>)])
    return {
      body: [setIndices(row, outer, indices), set(column, 0), emitter.prelude, bodies],
      registers: [number],
    }
  }
  const vectors = columnsOf(width, vector).map((first, v) => {
    const body: Body[] = []
    const known = new Map<Expression, Code>(
      loads.flatMap(({ load, source }) => (isNumber(source.stage) ? [] : [[load, source.registers[v]]])),
    )
    const register = local('v128', `vector${v}`)
    const code = emitter.vector(value, vector, body, known) as Code<'v128'>
    bodies.push([set(column, first), ...body, set(register, code)])
    return register
  })
  const before: Body = [setIndices(row, outer, indices), emitter.prelude, bodies]
  if (kernel.kind === 'map') return { body: before, registers: vectors }
  const total = local(scalarType(vector), 'total')
  return { body: [before, reduced(kernel, width, vector, vectors, total)], registers: [total] }
}

/** The reduction of a row's vectors; the last one may repeat elements of the one before. */
function reduced(
  { reducer, dtype }: ReduceKernel,
  width: number,
  vector: VectorDType,
  vectors: readonly Local<'v128'>[],
  total: Local,
): Body {
  const scalar = scalarAccumulator(reducer, dtype)
  const lanes = vectorAccumulator(reducer as 'sum' | 'max' | 'min', vector)
  const repeated = vectors.length * lanesOf[vector] - width
  const fresh = (register: Local<'v128'>, v: number): Code =>
    reducer === 'sum' && repeated > 0 && v === vectors.length - 1
      ? v128.and(register, lanesFrom(repeated, vector))
      : register
  return [
    scalar.reset,
    lanes.reset,
    vectors.map((register, v) => lanes.take(fresh(register, v))),
    lanes.handOver(scalar),
    set(total as Local<'f32'>, scalar.result() as Code<'f32'>),
  ]
}

/** All bits of the lanes from one on. */
function lanesFrom(first: number, vector: VectorDType): Code<'v128'> {
  const laneBytes = 16 / lanesOf[vector]
  return v128.const(Uint8Array.from({ length: 16 }, (_, byte) => (byte < first * laneBytes ? 0 : 255)))
}

function stored(
  { kernel, outer, width, store, value, vector }: Stage,
  registers: readonly Local[],
  { row, layout }: Row,
): Body {
  const { indices, column } = indicesOf(outer)
  const emitter = new Emitter(layout, [...indices, column])
  const dtype = kernel.kind === 'reduce' ? kernel.dtype : value.dtype
  const address = emitter.address(kernel.buffer, dtype, store)
  const body =
    vector === undefined || kernel.kind === 'reduce'
      ? [set(column, 0), storeScalar(dtype, address, registers[0])]
      : columnsOf(width, vector).map((first, v) => [
          set(column, first),
          v128.store(address, registers[v] as Local<'v128'>),
        ])
  return [setIndices(row, outer, indices), emitter.prelude, body]
}

/** The first column of each vector of a row; the last vector ends with the row. */
function columnsOf(width: number, vector: VectorDType): number[] {
  const lanes = lanesOf[vector]
  return Array.from({ length: Math.ceil(width / lanes) }, (_, v) => Math.min(v * lanes, width - lanes))
}

function indicesOf(outer: readonly number[]): {
  readonly indices: readonly Local<'i32'>[]
  readonly column: Local<'i32'>
} {
  return { indices: outer.map((_, loop) => local('i32', `i${loop}`)), column: local('i32', 'column') }
}

function loadsIn(value: Expression): Load[] {
  const loads: Load[] = []
  visitLoads(value, (load) => loads.push(load))
  return loads
}

/** Whether a load is of the very element that the other stage has computed for the same row and column. */
function isSameElement({ position, dtype }: Load, stage: Stage, source: Stage): boolean {
  const step = position.steps[position.steps.length - 1]
  const isRowAlike =
    position.offset === source.store.offset &&
    position.steps.slice(0, -1).every((own, loop) => own === source.store.steps[loop]) &&
    stage.outer.length === source.outer.length &&
    stage.outer.every((extent, loop) => extent === source.outer[loop])
  if (isNumber(source)) return isRowAlike && step === 0
  // Vectors that are converted are loaded anew.
  const isAlike = stage.vector === source.vector && stage.vector === dtype && stage.width === source.width
  return isRowAlike && isAlike && step === 1
}

/** The buffers of earlier stages that a stage reads otherwise than element for element. */
function rereadBuffers(stage: Stage, kept: ReadonlyMap<number, Kept>): number[] {
  const loads = loadsIn(stage.value)
  return [...buffersRead(stage.kernel)].filter((buffer) => {
    const source = kept.get(buffer)
    if (source === undefined) return false
    const own = loads.filter((load) => load.buffer === buffer)
    return own.length === 0 || !own.every((load) => isSameElement(load, stage, source.stage))
  })
}
