import { test } from '@fast-check/jest'
import * as autograd from '@tapegrad/autograd'
import { Tape, Tensor, Variable, add, matmul, relu, sum, tensor } from '@tapegrad/autograd'
import { allPrimitives } from '../src/primitive.js'

describe('methods', () => {
  const x = tensor([
    [1, -2],
    [3, 4],
  ])

  test('are the operations, with the value first', () => {
    expect(x.matmul(x).add(1).relu()).toEqual(relu(add(matmul(x, x), 1)))
    expect(x.sum({ axis: 0 })).toEqual(sum(x, { axis: 0 }))
    expect(x.clip(-1, 3).toArray()).toEqual([
      [1, -1],
      [3, 3],
    ])
    expect(x.split(2, 1).map((part) => part.shape)).toEqual([
      [2, 1],
      [2, 1],
    ])
  })

  test('record as the operations do', () => {
    const [chained, nested] = [new Tape(), new Tape()]
    chained.variable(x).matmul(x).add(1).relu().sum({ axis: 1 })
    sum(relu(add(matmul(nested.variable(x), x), 1)), { axis: 1 })
    expect(String(chained)).toBe(String(nested))
  })

  /** Their first argument is an order, not the value that they work on. */
  const ordered = ['polygamma']

  test('exist for every exported primitive of one or two values, on tensors and variables alike', () => {
    const names = allPrimitives()
      .filter(
        ({ name, arity }) => arity !== 'variadic' && Object.hasOwn(autograd, name) && !ordered.includes(name),
      )
      .map(({ name }) => name)
    expect(names.length).toBeGreaterThan(50)
    for (const name of names)
      for (const { prototype } of [Tensor, Variable])
        expect([name, typeof Reflect.get(prototype, name)]).toEqual([name, 'function'])
  })

  test('of a tensor and a variable are one and the same', () => {
    for (const name of Object.getOwnPropertyNames(Tensor.prototype)) {
      if (!Object.hasOwn(autograd, name)) continue
      expect(Reflect.get(Variable.prototype, name)).toBe(Reflect.get(Tensor.prototype, name))
    }
  })
})
