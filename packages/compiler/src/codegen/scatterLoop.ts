/** Code for what one thread does alone: adding at computed places, and running sums. */
import type { Body, Expression as Code } from '@tapegrad/kernels/assembler'
import { for_, func, i32, if_, local, set } from '@tapegrad/kernels/assembler'
import { mapPositions, positionsIn } from '../lowering/expression.js'
import type { CumulativeKernel, ScatterKernel } from '../lowering/kernel.js'
import { scalarAccumulator } from './accumulator.js'
import { Emitter, loadScalar, storeScalar } from './emitter.js'
import type { Layout } from './layout.js'
import { mergeLoops } from './loops.js'
import { elementBytes, scalars } from './machine.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'
import { setIndices } from './mapLoop.js'
import { nested } from './reduceLoop.js'

/** buffer[store + place · stride] += value; one thread alone, for two may meet at one place. */
export function scatterLoop(kernel: ScatterKernel, layout: Layout): KernelCode {
  const { stride, dtype, buffer } = kernel
  const positions = [kernel.store, ...positionsIn(kernel.value), ...positionsIn(kernel.place)]
  const { extents, merge } = mergeLoops(kernel.loops, positions)
  const value = mapPositions(kernel.value, merge)
  const place = mapPositions(kernel.place, merge)
  const indices = extents.map((_, loop) => local('i32', `i${loop}`))
  const emitter = new Emitter(layout, indices)
  const target = local('i32', 'target')
  const body: Body[] = []
  const known = new Map()
  const at = emitter.scalar(place, body, known) as Code<'i32'>
  const element = emitter.scalar(value, body, known)
  const address = emitter.address(buffer, dtype, merge(kernel.store))
  const innermost: Body = [
    emitter.prelude,
    body,
    set(target, i32.add(address, i32.mul(at, stride * elementBytes[dtype]))),
    storeScalar(dtype, target, sumOf(dtype, loadScalar(dtype, target), element)),
  ]
  return {
    run: func('scatter', rangeParameters, 'none', ({ begin, end }) => [
      if_(i32.lt_s(begin, end), [nested(extents, indices, innermost)]),
    ]),
    total: 1,
    grain: 1,
  }
}

function sumOf(dtype: ScatterKernel['dtype'], x: Code, y: Code): Code {
  return dtype === 'float32' || dtype === 'float64'
    ? scalars[dtype].add(x, y)
    : i32.add(x as Code<'i32'>, y as Code<'i32'>)
}

/** Running sums, line by line; floats are summed in float64. */
export function cumulativeLoop(kernel: CumulativeKernel, layout: Layout): KernelCode {
  const { buffer, source, dtype, outer, count, inner, reverse } = kernel
  const bytes = elementBytes[dtype]
  const indices = [local('i32', 'i'), local('i32', 'j')]
  const line = local('i32', 'line')
  const step = local('i32', 'step')
  const position = local('i32', 'position')
  const total = scalarAccumulator('sum', dtype)
  const at = reverse ? i32.sub(count - 1, step) : step
  return {
    run: func('cumulate', rangeParameters, 'none', ({ begin, end }) => [
      for_(line, begin, end, 1, [
        setIndices(line, [outer, inner], indices),
        total.reset,
        for_(step, 0, count, 1, [
          set(
            position,
            i32.mul(i32.add(i32.mul(i32.add(i32.mul(indices[0], count), at), inner), indices[1]), bytes),
          ),
          total.take(loadScalar(dtype, i32.add(position, layout.addressOf(source)))),
          storeScalar(dtype, i32.add(position, layout.addressOf(buffer)), total.result()),
        ]),
      ]),
    ]),
    total: outer * inner,
    grain: 1,
  }
}
