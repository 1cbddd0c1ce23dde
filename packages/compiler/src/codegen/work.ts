/** How much work a kernel is, in elements times operations: what is worth sharing among threads, and what takes the time. */
import { sizeOf } from '@tapegrad/autograd/tracing'
import type { Expression } from '../lowering/expression.js'
import type { Kernel } from '../lowering/kernel.js'

/** A multiply-add of a matrix product costs a fraction of an elementwise operation. */
const productCost = 1 / 8

/** Elementary functions cost several instructions' time. */
const elementary = new Set([
  ...[
    'exp',
    'expm1',
    'log',
    'log1p',
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
    'atan',
    'sinh',
    'cosh',
    'tanh',
    'erf',
  ],
  ...['sigmoid', 'softplus', 'pow', 'atan2', 'logGamma', 'digamma', 'polygamma'],
])

export function workOf(kernel: Kernel): number {
  switch (kernel.kind) {
    case 'map':
      return sizeOf(kernel.loops) * costOf(kernel.value)
    case 'reduce':
      return sizeOf([...kernel.kept, ...kernel.reduced]) * costOf(kernel.value)
    case 'matmul':
      return kernel.m * kernel.n * kernel.k * kernel.batch.count * productCost
    case 'packLeft':
      return kernel.count * kernel.m * kernel.k
    case 'packRight':
      return kernel.n * kernel.k
    case 'scatter':
      return sizeOf(kernel.loops) * (costOf(kernel.value) + costOf(kernel.place))
    case 'cumulative':
      return kernel.outer * kernel.count * kernel.inner
    case 'random':
      return kernel.count * 16
    case 'nonzeros':
      return sizeOf(kernel.loops) / (kernel.isCompressed === true ? 4 : 1)
    case 'copy':
      return kernel.bytes / 16
  }
}

function costOf(expression: Expression): number {
  switch (expression.kind) {
    case 'apply':
      return expression.operands.reduce(
        (cost, operand) => cost + costOf(operand),
        elementary.has(expression.operation) ? 8 : 1,
      )
    case 'place':
    case 'convert':
      return 1 + costOf(expression.operand)
    case 'gather':
      return 1 + costOf(expression.place)
    default:
      return 1
  }
}
