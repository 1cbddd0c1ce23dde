/** Which buffers a kernel reads. */
import type { Expression } from './expression.js'
import type { Kernel } from './kernel.js'

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
