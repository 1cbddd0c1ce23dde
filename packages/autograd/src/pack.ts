/**
 * How an entry of a tape has several results: they are laid end to end in one float64 vector, which holds every
 * dtype exactly, and each is taken out by an `element` entry. A single result stands for itself.
 */
import { allocate } from './dtype.js'
import { defineUnary } from './primitive.js'
import { cast } from './primitives/cast.js'
import { concat, pad, reshape } from './primitives/shape.js'
import { sizeOf } from './shape.js'
import { Tensor } from './tensor.js'
import type { Spec, Value } from './value.js'
import { specOf } from './value.js'

/** Values, of which there is at least one, end to end in one vector. Differentiable. */
export function pack(values: readonly Value[]): Value {
  if (values.length === 1) return values[0]
  return concat(values.map((value) => reshape(cast(value, 'float64'), [-1])))
}

/** The values of the given specs out of what `pack` made of them, recorded as one `element` entry each. */
export function unpack(packed: Value, specs: readonly Spec[]): Value[] {
  if (specs.length === 1) return [packed]
  let offset = 0
  return specs.map((spec) => {
    const result = element(packed, { offset, spec })
    offset += sizeOf(spec.shape)
    return result
  })
}

const element = defineUnary<{ readonly offset: number; readonly spec: Spec }>({
  name: 'element',
  infer: (_inputs, { spec }) => spec,
  tensor: ({ data }, { kind, shape, dtype }, { offset }) => {
    if (kind === 'number') return data[offset]
    const out = allocate(dtype, sizeOf(shape))
    out.set(data.subarray(offset, offset + out.length))
    return new Tensor(out, shape, dtype)
  },
  reverse: (upstream, packed, _output, { offset, spec }) => {
    const flat = reshape(cast(upstream, 'float64'), [-1])
    const size = sizeOf(spec.shape)
    return pad(flat, [[offset, specOf(packed).shape[0] - offset - size]])
  },
  forward: 'linear',
})
