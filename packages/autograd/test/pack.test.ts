import { fc, test } from '@fast-check/jest'
import type { DType, Shape, Tensor, Value, Variable } from '@tapegrad/autograd'
import { Tape, Tensor as TensorClass, concat, grad, jvp, mul, reshape, sum, tensor } from '@tapegrad/autograd'
import { allocate } from '../src/dtype.js'
import { pack, unpack } from '../src/pack.js'
import { bareSpecOf } from '../src/value.js'
import { dtype, shape } from './support/arbitraries.js'
import { plain } from './support/plain.js'

/** A number, or a tensor of any dtype and shape, whose elements every dtype holds. */
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.double({ noNaN: true }),
  fc.tuple(dtype, shape, fc.nat(1)).map(([dtype, shape, offset]: [DType, Shape, number]): Tensor => {
    const data = allocate(
      dtype,
      shape.reduce((a, b) => a * b, 1),
    )
    return new TensorClass(
      data.map((_: number, i: number) => (i + offset) % 2),
      shape,
      dtype,
    )
  }),
)
const values = fc.array(value, { minLength: 1, maxLength: 4 })

describe('pack and unpack', () => {
  test.prop([values])('undo each other, whatever the kinds, shapes and dtypes', (xs) => {
    expect(plain(unpack(pack(xs), xs.map(bareSpecOf)))).toEqual(plain(xs))
  })

  test.prop([fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 1 })])(
    'keep all bits of integers',
    (elements) => {
      const x = tensor(Int32Array.from(elements))
      expect(plain(unpack(pack([x, 0.1]), [x, bareSpecOf(0.1)]))).toEqual(plain([x, 0.1]))
    },
  )

  test('leave a single value as it is, without an entry', () => {
    const x = new Tape().variable(tensor([1, 2]))
    expect(pack([x])).toBe(x)
    expect(unpack(x, [x])).toEqual([x])
    expect(x.tape.length).toBe(1)
  })

  test('are differentiated part by part', () => {
    const f = (x: Variable, y: Variable): Value => {
      const specs = [x, y].map(bareSpecOf)
      const [a, b] = unpack(mul(pack([x, y]), tensor(Float64Array.of(1, 10, 100))), specs)
      return sum(mul(a, b))
    }
    const x = tensor([[2], [3]])
    expect(grad(f, [0, 1])(x, 5)).toEqual([tensor([[500], [5000]]), 3200])
    expect(jvp(f, [x, 5], [tensor([[1], [0]]), 0]).tangent).toEqual(tensor(500))
    expect(sum(concat([reshape(x, [-1])]))).toEqual(tensor(5))
  })
})
