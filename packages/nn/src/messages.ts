/** How this package's error messages name what they got. */
import type { Shape } from '@tapegrad/autograd'
import { dtypeOf, isValue, kindOf, shapeOf } from '@tapegrad/autograd'
import { formatShape } from '@tapegrad/autograd/tracing'

/** `float32 [100, 784]`, `number 3`, or what else an argument is that should have been a value. */
export function describe(x: unknown): string {
  if (isValue(x))
    return kindOf(x) === 'number' ? `number ${String(x)}` : `${dtypeOf(x)} ${formatShape(shapeOf(x))}`
  if (Array.isArray(x)) return 'a plain array (make a tensor of it: tensor(…))'
  return x === null ? 'null' : typeof x
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}
