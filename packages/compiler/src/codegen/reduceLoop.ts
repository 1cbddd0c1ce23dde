/** Code for reductions: along the innermost loop by vectors, across it by vectors, or one element at a time. */
import type { Body, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import { for_, func, i32, local, set, v128 } from '@tapegrad/kernels/assembler'
import type { Expression } from '../lowering/expression.js'
import { mapPositions, positionsIn } from '../lowering/expression.js'
import type { ReduceKernel } from '../lowering/kernel.js'
import type { Linear } from '../lowering/linear.js'
import type { Accumulator } from './accumulator.js'
import { positionAccumulator, scalarAccumulator, vectorAccumulator } from './accumulator.js'
import { Emitter, lanesOf, storeScalar } from './emitter.js'
import type { Layout } from './layout.js'
import { mergeLoops } from './loops.js'
import { elementBytes } from './machine.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'
import { setIndices, vectorDTypeOf } from './mapLoop.js'

/** A reduction with its loops merged, at least one over what is kept and one over what is reduced. */
interface Reduction {
  readonly kernel: ReduceKernel
  readonly layout: Layout
  readonly kept: readonly number[]
  readonly reduced: readonly number[]
  /** The element, by forms of the kept loops and then the reduced ones. */
  readonly value: Expression
}

export function reduceLoop(kernel: ReduceKernel, layout: Layout): KernelCode {
  const reduction = withMergedLoops(kernel, layout)
  const across = acrossLoop(reduction)
  const isAlong = isContiguousAlong(reduction.value, reduction.kept.length + reduction.reduced.length - 1)
  return across !== undefined && !isAlong ? across : alongLoop(reduction)
}

/** What is kept and what is reduced is merged apart, for the code between the two comes once for each result. */
function withMergedLoops(kernel: ReduceKernel, layout: Layout): Reduction {
  const positions = positionsIn(kernel.value)
  const count = kernel.kept.length
  const first = ({ offset, steps }: Linear): Linear => ({ offset, steps: steps.slice(0, count) })
  const last = ({ offset, steps }: Linear): Linear => ({ offset, steps: steps.slice(count) })
  const kept = mergeLoops(kernel.kept, positions.map(first))
  const reduced = mergeLoops(kernel.reduced, positions.map(last))
  return {
    kernel,
    layout,
    kept: kept.extents,
    reduced: reduced.extents,
    value: mapPositions(kernel.value, (position) => ({
      offset: position.offset,
      steps: [...kept.merge(first(position)).steps, ...reduced.merge(last(position)).steps],
    })),
  }
}

/** Whether every element that changes with a loop is next to the one before. */
function isContiguousAlong(value: Expression, loop: number): boolean {
  return positionsIn(value).every(({ steps }) => steps[loop] === 0 || steps[loop] === 1)
}

/** For each result, runs through its elements, by vectors where they lie side by side. */
function alongLoop({ kernel, layout, kept, reduced, value }: Reduction): KernelCode {
  const { reducer, dtype, buffer } = kernel
  const indices = [...kept, ...reduced].map((_, loop) => local('i32', `i${loop}`))
  const index = indices[indices.length - 1]
  const count = reduced[reduced.length - 1]
  const emitter = new Emitter(layout, indices)
  const isPosition = reducer === 'argmax' || reducer === 'argmin'
  const scalar = isPosition ? positionAccumulator(reducer, value.dtype) : scalarAccumulator(reducer, dtype)
  const vectorDType = isPosition ? undefined : vectorDTypeOf(value, 1, count)
  const vector = isPosition || vectorDType === undefined ? undefined : vectorAccumulator(reducer, vectorDType)

  const takeElement = taken(scalar, (body) => emitter.scalar(value, body))
  const innermost = (): Body => {
    if (vector === undefined || vectorDType === undefined)
      return [emitter.prelude, for_(index, 0, count, 1, takeElement)]
    const lanes = lanesOf[vectorDType]
    const takeVector = taken(vector, (body) => emitter.vector(value, vectorDType, body))
    const whole = count - (count % lanes)
    return [
      emitter.prelude,
      for_(index, 0, whole, lanes, takeVector),
      whole === count ? [] : for_(index, whole, count, 1, takeElement),
    ]
  }
  const reducedLoops = nested(reduced.slice(0, -1), indices.slice(kept.length, -1), innermost())
  return {
    run: func('reduce', rangeParameters, 'none', ({ begin, end }) => {
      const row = local('i32', 'row')
      return [
        for_(row, begin, end, 1, [
          setIndices(row, kept, indices),
          scalar.reset,
          vector?.reset ?? [],
          reducedLoops,
          vector?.handOver(scalar) ?? [],
          storeScalar(dtype, addressOf(layout, buffer, row, elementBytes[dtype]), scalar.result()),
        ]),
      ]
    }),
    total: kept.reduce((product, extent) => product * extent, 1),
    grain: 1,
    isLoop: true,
  }
}

/** For as many neighbouring results as a vector has, runs through their elements together; undefined where they don't lie so. */
function acrossLoop({ kernel, layout, kept, reduced, value }: Reduction): KernelCode | undefined {
  const { reducer, dtype, buffer } = kernel
  if (reducer === 'argmax' || reducer === 'argmin') return undefined
  const across = kept.length - 1
  const width = kept[across]
  // The loop across becomes the innermost one of the forms.
  const reordered = mapPositions(value, (position) => moveToEnd(position, across))
  const vectorDType = vectorDTypeOf(reordered, 1, width)
  if (vectorDType === undefined) return undefined

  const indices = [...kept.slice(0, -1), ...reduced, width].map((_, loop) => local('i32', `i${loop}`))
  const index = indices[indices.length - 1]
  const emitter = new Emitter(layout, indices)
  const scalar = scalarAccumulator(reducer, dtype)
  const vector = vectorAccumulator(reducer, vectorDType)
  const takeVector = taken(vector, (body) => emitter.vector(reordered, vectorDType, body))
  const takeElement = taken(scalar, (body) => emitter.scalar(reordered, body))
  const runThrough = (take: Body): Body => nested(reduced, indices.slice(across, -1), [emitter.prelude, take])
  const lanes = lanesOf[vectorDType]
  const bytes = elementBytes[dtype]

  const columns = (row: Local<'i32'> | number, start: Code<'i32'>, end: Local<'i32'> | number): Body => {
    const vectorEnd = local('i32', 'vectorEnd')
    const place = (): Code<'i32'> => addressOf(layout, buffer, i32.add(i32.mul(row, width), index), bytes)
    return [
      set(vectorEnd, i32.add(start, i32.and(i32.sub(end, start), -lanes))),
      for_(index, start, vectorEnd, lanes, [
        vector.reset,
        runThrough(takeVector),
        v128.store(place(), vector.result() as Code<'v128'>),
      ]),
      for_(index, vectorEnd, end, 1, [
        scalar.reset,
        runThrough(takeElement),
        storeScalar(dtype, place(), scalar.result()),
      ]),
    ]
  }
  const outer = kept.slice(0, -1)
  if (outer.length === 0)
    return {
      run: func('reduce', rangeParameters, 'none', ({ begin, end }) => columns(0, begin, end)),
      total: width,
      grain: 1,
      isLoop: true,
    }
  return {
    run: func('reduce', rangeParameters, 'none', ({ begin, end }) => {
      const row = local('i32', 'row')
      return [for_(row, begin, end, 1, [setIndices(row, outer, indices), columns(row, i32.const(0), width)])]
    }),
    total: outer.reduce((product, extent) => product * extent, 1),
    grain: 1,
    isLoop: true,
  }
}

function taken(accumulator: Accumulator, emit: (body: Body[]) => Code): Body {
  const body: Body[] = []
  const value = emit(body)
  return [...body, accumulator.take(value)]
}

function moveToEnd({ offset, steps }: Linear, loop: number): Linear {
  return { offset, steps: [...steps.slice(0, loop), ...steps.slice(loop + 1), steps[loop]] }
}

/** Loops within one another, the first outermost. */
export function nested(extents: readonly number[], indices: readonly Local<'i32'>[], body: Body): Body {
  return extents.reduceRight<Body>((inner, extent, loop) => for_(indices[loop], 0, extent, 1, inner), body)
}

function addressOf(layout: Layout, buffer: number, element: Code<'i32'>, bytes: number): Code<'i32'> {
  return i32.add(i32.mul(element, bytes), layout.addressOf(buffer))
}
