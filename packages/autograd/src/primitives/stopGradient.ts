/** stopGradient: a value that derivatives don't pass through. */
import { defineUnary } from '../primitive.js'
import type { Join, Value } from '../value.js'

const stop = defineUnary<undefined>({
  name: 'stopGradient',
  infer: ([x]) => x,
  number: (x) => x,
  tensor: (x) => x,
  reverse: null,
  forward: null,
})

/** `x` itself, but a constant to every derivative, in reverse and in forward mode and at every order. */
export function stopGradient<A extends Value>(x: A): Join<A>
export function stopGradient(x: Value): Value {
  return stop(x, undefined)
}
