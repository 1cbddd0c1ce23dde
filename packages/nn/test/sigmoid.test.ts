import type { DType, Tensor, Variable } from '@tapegrad/autograd'
import { Tape, assertGradient, grad, jvp, sum, tensor } from '@tapegrad/autograd'
import { Sigmoid, composedSigmoid } from '@tapegrad/nn'
import fc from 'fast-check'
import type { Matrix } from './book.js'
import { BookSigmoid } from './book.js'
import { expectClose, leadingShapes, numbersIn, randomTensor, seeds } from './values.js'

const fused = new Sigmoid()
const composed = new Sigmoid({ fused: false })

describe.each([
  ['fused', fused],
  ['composed', composed],
])('%s', (_, layer) => {
  test('has the derivatives that differences have', () => {
    fc.assert(
      fc.property(leadingShapes, seeds, (shape, seed) => {
        assertGradient((x: Variable) => layer.forward({}, x), [randomTensor(seed, shape)])
      }),
      { numRuns: 50 },
    )
  })

  test('agrees with the hand-written layer, forward and backward', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const x = randomTensor(seed, [3, 2])
        const upstream = randomTensor(seed + 1, [3, 2])
        const book = new BookSigmoid()
        const expected = tensor(book.forward(x.toArray() as Matrix), { dtype: 'float64' })
        const dx = tensor(book.backward(upstream.toArray() as Matrix), { dtype: 'float64' })
        const tape = new Tape()
        const input = tape.variable(x)
        const y = layer.forward({}, input)
        expectClose(y, expected, 1e-14)
        expectClose(tape.gradient(y, input, { upstream }), dx, 1e-14)
      }),
    )
  })

  test.each<DType>(['float32', 'float64'])('stays finite for large %s, derivatives too', (dtype) => {
    const x = tensor([-1e30, -1000, -100, 0, 100, 1000, 1e30], { dtype })
    const first = grad((z: Variable) => sum(layer.forward({}, z)))
    const second = grad((z: Variable) => sum(first(z)))
    expect(numbersIn([layer.forward({}, x), first(x), second(x)]).every(Number.isFinite)).toBe(true)
    expectClose(layer.forward({}, x), tensor([0, 0, 0, 0.5, 1, 1, 1]), 1e-7)
  })
})

test('fused and composed have equal values, first and second derivatives, and tangents', () => {
  fc.assert(
    fc.property(leadingShapes, seeds, (shape, seed) => {
      const x = randomTensor(seed, shape, 3)
      const direction = randomTensor(seed + 1, shape)
      const all = (layer: Sigmoid): unknown[] => {
        const f = (z: Variable): Variable => layer.forward({}, z)
        const first = (z: Tensor | Variable): Tensor | Variable => grad((u: Variable) => sum(f(u).mul(u)))(z)
        return [
          layer.forward({}, x),
          first(x),
          grad((z: Variable) => sum(first(z).mul(direction)))(x),
          jvp(f, [x], [direction]),
        ]
      }
      expectClose(all(fused), all(composed), 1e-12)
    }),
    { numRuns: 50 },
  )
})

test('is one entry of a tape fused, and the nodes of the graph composed', () => {
  const operations = (layer: Sigmoid): string[] => {
    const tape = new Tape()
    layer.forward({}, tape.variable(0.5))
    return tape.entries.map(({ operation }) => operation).filter((name) => name !== 'constant')
  }
  expect(operations(fused)).toEqual(['variable', 'sigmoid'])
  expect(operations(composed)).toEqual(['variable', 'maximum', 'neg', 'exp', 'add', 'div'])
})

test('is also a function of numbers', () => {
  expect(composedSigmoid(0)).toBe(0.5)
  expect(fused.forward({}, 0)).toBe(0.5)
})
