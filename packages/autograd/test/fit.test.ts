import { fc, test } from '@fast-check/jest'
import type { DType, Tensor, Value } from '@tapegrad/autograd'
import { ShapeError, Tape, broadcastTo, mul, specOf, sum, tensor } from '@tapegrad/autograd'
import { fit } from '../src/fit.js'
import { broadcastShapes } from '../src/shape.js'
import { broadcastablePair, wholeTensor } from './support/arbitraries.js'
import { expectError } from './support/errors.js'
import { plain } from './support/plain.js'

const spec = (shape: readonly number[], dtype: DType = 'float64') =>
  ({ kind: 'tensor', shape, dtype }) as const

/** Two tensors, the first of a shape that broadcasts to that of the second. */
const pair = broadcastablePair.chain(([a, b]) =>
  fc.tuple(wholeTensor(a), wholeTensor(broadcastShapes('fit', a, b))),
)

describe('fit', () => {
  test.prop([pair])('is the adjoint of broadcasting: ⟨broadcast x, y⟩ = ⟨x, fit y⟩', ([x, y]) => {
    const fitted = fit(y, spec(x.shape))
    expect(sum(mul(broadcastTo(x, y.shape), y)).item() + 0).toBe((sum(mul(x, fitted)) as Tensor).item() + 0)
    expect(specOf(fitted)).toMatchObject(spec(x.shape))
  })

  test.prop([pair])('broadcasts what a rule gave too little of', ([x, y]) => {
    expect(plain(fit(x, specOf(y)))).toEqual(plain(broadcastTo(x, y.shape)))
  })

  test.prop([fc.constantFrom<DType>('float32', 'float64'), fc.integer({ min: -9, max: 9 })])(
    'makes kind and dtype those of the value',
    (dtype, x) => {
      expect(fit(x, spec([], dtype))).toEqual(tensor(x, { dtype }))
      expect(fit(tensor([x], { dtype }), specOf(5))).toBe(x)
      expect(fit(x, spec([2], dtype))).toEqual(tensor([x, x], { dtype }))
    },
  )

  test('leaves alone what fits', () => {
    const x = tensor([1, 2])
    expect(fit(x, specOf(x))).toBe(x)
    expect(fit(5, specOf(5))).toBe(5)
  })

  test('is recorded where the derivative is a variable', () => {
    const tape = new Tape()
    const x = tape.variable(tensor([1, 2]))
    const fitted: Value = fit(x, specOf(5))
    expect(tape.gradient(fitted as never, x)).toEqual(tensor([1, 1]))
  })

  test('refuses shapes that do not fit', () => {
    expectError(
      () => fit(tensor([1, 2]), spec([3])),
      ShapeError,
      'DERIVATIVE_SHAPE',
      "a derivative of shape [2] doesn't fit a value of shape [3]",
    )
  })
})
