/** toNumber: a value of one element as a number, so that the derivative by a number is a number. */
import { defineUnary } from '../primitive.js'
import type { Value } from '../value.js'
import { kindOf } from '../value.js'

const convert = defineUnary<undefined>({
  name: 'toNumber',
  infer: () => ({ kind: 'number', shape: [], dtype: 'float64' }),
  tensor: (x) => x.item(),
  reverse: (upstream) => upstream,
  forward: 'linear',
})

/** @internal The element of `x`, whose shape is []. Differentiable. */
export function toNumber(x: Value): Value {
  return kindOf(x) === 'number' ? x : convert(x, undefined)
}
