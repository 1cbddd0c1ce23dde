/** Code for kernels that compute each element of a buffer by itself. */
import type { Body, Expression as Code, Local } from '@tapegrad/kernels/assembler'
import { for_, func, i32, local, set, v128 } from '@tapegrad/kernels/assembler'
import type { Expression } from '../lowering/expression.js'
import { mapPositions, positionsIn } from '../lowering/expression.js'
import type { MapKernel } from '../lowering/kernel.js'
import type { VectorDType } from './emitter.js'
import { canVectorize, Emitter, lanesOf, storeScalar } from './emitter.js'
import type { KernelCode } from './kernelCode.js'
import { rangeParameters } from './kernelCode.js'
import type { Layout } from './layout.js'
import { mergeLoops } from './loops.js'

export function mapLoop(kernel: MapKernel, layout: Layout): KernelCode {
  const { extents, merge } = mergeLoops(kernel.loops, [kernel.store, ...positionsIn(kernel.value)])
  const store = merge(kernel.store)
  const value = mapPositions(kernel.value, merge)

  const outer = extents.slice(0, -1)
  const inner = extents[extents.length - 1]
  const indices = extents.map((_, loop) => local('i32', `i${loop}`))
  const index = indices[indices.length - 1]
  const emitter = new Emitter(layout, indices)
  const { dtype } = value

  const storeElement = (): Body => {
    const body: Body[] = []
    const element = emitter.scalar(value, body)
    return [...body, storeScalar(dtype, emitter.address(kernel.buffer, dtype, store), element)]
  }
  const vectorDType = vectorDTypeOf(value, store.steps[store.steps.length - 1], inner)
  const storeVector = (as: VectorDType): Body => {
    const body: Body[] = []
    const elements = emitter.vector(value, as, body) as Code<'v128'>
    return [...body, v128.store(emitter.address(kernel.buffer, dtype, store), elements)]
  }
  const innerLoop = (start: Code<'i32'>, end: Local<'i32'> | number): Body => {
    if (vectorDType === undefined) {
      const body = storeElement()
      return [emitter.prelude, for_(index, start, end, 1, body)]
    }
    const lanes = lanesOf[vectorDType]
    const [vectors, elements] = [storeVector(vectorDType), storeElement()]
    const vectorEnd = local('i32', 'vectorEnd')
    return [
      emitter.prelude,
      set(vectorEnd, i32.add(start, i32.and(i32.sub(end, start), -lanes))),
      for_(index, start, vectorEnd, lanes, vectors),
      for_(index, vectorEnd, end, 1, elements),
    ]
  }

  const { unlessListed } = kernel
  if (outer.length === 0)
    return {
      run: func('map', rangeParameters, 'none', ({ begin, end }) => innerLoop(begin, end)),
      total: inner,
      grain: 1,
      isLoop: true,
      unlessListed,
    }
  return {
    run: func('map', rangeParameters, 'none', ({ begin, end }) => {
      const row = local('i32', 'row')
      return [for_(row, begin, end, 1, [setIndices(row, outer, indices), innerLoop(i32.const(0), inner)])]
    }),
    total: outer.reduce((product, extent) => product * extent, 1),
    grain: 1,
    isLoop: true,
    unlessListed,
  }
}

/** What vectors along the innermost loop hold, or undefined where it is walked one by one. */
export function vectorDTypeOf(value: Expression, storeStep: number, extent: number): VectorDType | undefined {
  const { dtype } = value
  const isVector = (dtype === 'float32' || dtype === 'float64') && storeStep === 1 && extent >= lanesOf[dtype]
  return isVector && canVectorize(value, dtype) ? dtype : undefined
}

/** The indices of loops that together are walked by one, `row`, the last of them fastest. */
export function setIndices(
  row: Local<'i32'>,
  extents: readonly number[],
  indices: readonly Local<'i32'>[],
): Body {
  if (extents.length === 1) return [set(indices[0], row)]
  const rest = local('i32', 'rest')
  const body: Body[] = [[set(rest, row)]]
  for (let loop = extents.length - 1; loop > 0; loop--)
    body.push([set(indices[loop], i32.rem_u(rest, extents[loop])), set(rest, i32.div_u(rest, extents[loop]))])
  return [...body, set(indices[0], rest)]
}
