/** cast: the same values in another dtype. */
import type { DType } from '../dtype.js'
import { allocate, checkDType } from '../dtype.js'
import { defineUnary } from '../primitive.js'
import { Tensor } from '../tensor.js'
import type { JoinTensor, Value } from '../value.js'
import { dtypeOf, kindOf } from '../value.js'

const convert = defineUnary<{ dtype: DType }>({
  name: 'cast',
  infer: ([x], { dtype }) => ({ kind: 'tensor', shape: x.shape, dtype }),
  tensor: (x, { shape, dtype }) => {
    const out = allocate(dtype, x.size)
    if (dtype === 'bool') for (let i = 0; i < out.length; i++) out[i] = x.data[i] === 0 ? 0 : 1
    else out.set(x.data)
    return new Tensor(out, shape, dtype)
  },
  // The levels cast derivatives back to the dtype of what they belong to.
  reverse: (upstream) => upstream,
  forward: (tangent) => tangent,
})

/**
 * `x` with its elements converted to `dtype` as JavaScript's typed arrays convert (towards zero, wrapping), to
 * bool by whether they are 0. A number becomes a scalar tensor. The derivative passes between floats and ends
 * at integers. Throws DTypeError for an unknown dtype.
 */
export function cast<A extends Value>(x: A, dtype: DType): JoinTensor<A>
export function cast(x: Value, dtype: DType): Value {
  checkDType('cast', dtype)
  const isDone = kindOf(x) === 'tensor' && dtypeOf(x) === dtype
  return isDone ? x : convert(x, { dtype })
}
