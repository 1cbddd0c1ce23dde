/** Arbitrary trees. */
import { fc, test } from '@fast-check/jest'
import { Tensor } from '@tapegrad/autograd'
import { element, tensor, tree } from '@tapegrad/autograd/testing'

const parameters = tree({ layers: [{ W: tensor({ shape: [2, 3] }), rate: element() }], name: 'net' })

test.prop([parameters])('have what is drawn in the places of arbitraries, all else as it is', (drawn) => {
  const { layers, name } = drawn
  const [{ W, rate }] = layers
  expect(W).toBeInstanceOf(Tensor)
  expect(W.shape).toEqual([2, 3])
  expect(typeof rate).toBe('number')
  expect(name).toBe('net')
  expect(Object.getPrototypeOf(drawn)).toBe(Object.prototype)
})

test('are typed as what is drawn', () => {
  const typed: fc.Arbitrary<{ layers: [{ W: Tensor; rate: number }]; name: 'net' }> = parameters
  const single: fc.Arbitrary<Tensor> = tree(tensor())
  expect([typed, single]).toHaveLength(2)
})

test('shrink leaf by leaf', () => {
  const { counterexample } = fc.check(
    fc.property(parameters, () => false),
    { seed: 1 },
  )
  expect(fc.stringify(counterexample)).toBe(
    `[{"layers":[{"W":tensor([[0, 0, 0], [0, 0, 0]], { dtype: 'float64' }),"rate":0}],"name":"net"}]`,
  )
})
