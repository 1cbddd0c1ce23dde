import fc from 'fast-check'
import { Tape, leavesOf, tensor } from '@tapegrad/autograd'
import type { Tensor } from '@tapegrad/autograd'
import { sgd } from '../src/index.js'

const rates = fc.double({ min: 1e-6, max: 10, noNaN: true })
const numbers = fc.array(fc.tuple(fc.float({ noNaN: true }), fc.float({ noNaN: true })), { maxLength: 20 })

const update = <P>(params: P, gradients: P, rate = 0.5): P =>
  sgd({ rate }).update(params, gradients, {}).params

describe('sgd', () => {
  test.each(['float32', 'float64'] as const)('subtracts rate · gradient from each element in %s', (dtype) => {
    const round = dtype === 'float32' ? Math.fround : (x: number): number => x
    fc.assert(
      fc.property(numbers, rates, (pairs, rate) => {
        const x = tensor(
          pairs.map(([value]) => value),
          { dtype },
        )
        const gradient = tensor(
          pairs.map(([, derivative]) => derivative),
          { dtype },
        )
        const updated = update(x, gradient, rate)
        expect(updated.dtype).toBe(dtype)
        expect(updated.shape).toEqual(x.shape)
        expect(Array.from(updated.data)).toEqual(
          pairs.map(([value, derivative]) => round(value - rate * derivative)),
        )
      }),
    )
  })

  test('leaves the parameters it was given as they were', () => {
    const x = tensor([1, 2])
    update({ x }, { x: tensor([3, 4]) })
    expect(x.toArray()).toEqual([1, 2])
  })

  test('updates numbers, and trees of any depth', () => {
    const params = { layers: [{ W: tensor([[1, 2]]), b: tensor([3]) }, { scale: 4 }] }
    const gradients = { layers: [{ W: tensor([[2, 2]]), b: tensor([2]) }, { scale: 2 }] }
    const updated = update(params, gradients)
    expect(
      leavesOf(updated).map((leaf) => (typeof leaf === 'number' ? leaf : (leaf as Tensor).toArray())),
    ).toEqual([[[0, 1]], [2], 3])
  })

  test('matches gradients to parameters by key, whatever their order', () => {
    const updated = update({ W: tensor([1]), b: tensor([10]) }, { b: tensor([2]), W: tensor([4]) })
    expect(updated.W.item()).toBe(-1)
    expect(updated.b.item()).toBe(9)
  })

  test('can be differentiated through', () => {
    const tape = new Tape()
    const x = tape.variable(tensor([3, 4]))
    const updated = update(x, x, 0.25)
    expect((tape.gradient(updated, x, { upstream: tensor([1, 2]) }) as Tensor).toArray()).toEqual([0.75, 1.5])
  })

  test('refuses rates that are no finite number above 0', () => {
    for (const rate of [0, -1, NaN, Infinity])
      expect(() => sgd({ rate })).toThrow(`sgd: rate is ${rate}; wants a finite number above 0`)
    expect(() => sgd({ rate: undefined as never })).toThrow('sgd: rate is undefined')
  })

  test('names the parameter that a gradient does not fit', () => {
    expect(() => update({ net: { W: tensor([1, 2]) } }, { net: { W: tensor([1]) } })).toThrow(
      'sgd: parameter net.W is float32 [2], its gradient float32 [1]; wants both alike',
    )
    expect(() => update(tensor([1]), tensor([1], { dtype: 'float64' }))).toThrow(
      'sgd: parameter is float32 [1], its gradient float64 [1]; wants both alike',
    )
  })
})
