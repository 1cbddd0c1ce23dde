/** Which buffers a kernel reads, and where. */
import type { Expression } from './expression.js'
import type { Kernel, MapKernel } from './kernel.js'

export function buffersRead(kernel: Kernel): Set<number> {
  switch (kernel.kind) {
    case 'map':
    case 'reduce':
      return new Set(buffersIn(kernel.value))
    case 'scatter':
      return new Set([...buffersIn(kernel.value), ...buffersIn(kernel.place)])
    case 'matmul':
      return new Set(
        [
          ...(kernel.nonzeros?.isCompressed === true ? [] : [kernel.a]),
          ...[kernel.b, kernel.nonzeros?.buffer, kernel.packedLeft, kernel.packedRight],
          kernel.writeBack?.bias,
        ].filter((buffer) => buffer !== undefined),
      )
    case 'packLeft':
      return new Set([kernel.a])
    case 'packRight':
      return new Set([kernel.b])
    case 'random':
      return new Set([...kernel.key, kernel.counter])
    case 'nonzeros':
      return new Set([...buffersIn(kernel.leaf), ...(kernel.values === undefined ? [] : [kernel.values])])
    case 'cumulative':
    case 'copy':
      return new Set([kernel.source])
  }
}

function buffersIn(expression: Expression): number[] {
  switch (expression.kind) {
    case 'load':
      return [expression.buffer]
    case 'gather':
      return [expression.buffer, ...buffersIn(expression.place)]
    case 'constant':
    case 'index':
      return []
    case 'apply':
      return expression.operands.flatMap(buffersIn)
    case 'place':
    case 'convert':
      return buffersIn(expression.operand)
  }
}

/** The kernels that read each buffer, in their order. */
export function readersOf(kernels: readonly Kernel[]): Map<number, Kernel[]> {
  const readers = new Map<number, Kernel[]>()
  for (const kernel of kernels)
    for (const buffer of buffersRead(kernel)) {
      const known = readers.get(buffer)
      if (known === undefined) readers.set(buffer, [kernel])
      else known.push(kernel)
    }
  return readers
}

/** Whether what a loop reads of a buffer is, for each element that it writes, the element at the same place at most. */
export function readsWhereItWrites({ store, value }: MapKernel, buffer: number): boolean {
  const visit = (e: Expression): boolean => {
    switch (e.kind) {
      case 'load':
        return (
          e.buffer !== buffer ||
          (e.position.offset === store.offset && e.position.steps.every((step, l) => step === store.steps[l]))
        )
      case 'gather':
        return e.buffer !== buffer && visit(e.place)
      case 'apply':
        return e.operands.every(visit)
      case 'place':
      case 'convert':
        return visit(e.operand)
      case 'constant':
      case 'index':
        return true
    }
  }
  return visit(value)
}
