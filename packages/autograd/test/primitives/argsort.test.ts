/** The order of elements: against JavaScript's stable sort. */
import fc from 'fast-check'
import { axisOf, shape } from '@tapegrad/autograd/testing'
import type { DType } from '../../src/index.js'
import { ShapeError, argsort, tensor } from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { at, elementsOf, expectTensor, tensorOf } from '../support/reference.js'

/** Few different elements, so that many are equal. */
const elements = fc.constantFrom(-Infinity, -1, -0, 0, 0.5, 2, Infinity, NaN)

const anyTensor = shape({ minRank: 1 }).chain((drawn) => {
  const size = drawn.reduce((product, extent) => product * extent, 1)
  return fc.array(elements, { minLength: size, maxLength: size }).map((data) => tensorOf(data, drawn))
})

test('argsort is the order that a stable sort gives, NaN last', () => {
  const calls = anyTensor.chain((x) => fc.tuple(fc.constant(x), axisOf(x.rank), fc.boolean()))
  fc.assert(
    fc.property(calls, ([x, axis, descending]) => {
      const along = axis < 0 ? axis + x.rank : axis
      const expected = elementsOf(x.shape, (index) => {
        const line = Array.from({ length: x.shape[along] }, (_, k) => at(x, index.with(along, k)))
        const places = [...line.keys()]
        const numbers = places.filter((k) => !Number.isNaN(line[k]))
        const sorted = numbers.sort((p, q) => {
          if (line[p] === line[q]) return 0
          return line[p] < line[q] === descending ? 1 : -1
        })
        return [...sorted, ...places.filter((k) => Number.isNaN(line[k]))][index[along]]
      })
      expectTensor(argsort(x, { axis, descending }), x.shape, 'int32', expected)
    }),
  )
})

test.each<DType>(['float32', 'int32', 'uint8', 'bool'])(
  'argsort of %s sorts along the last axis',
  (dtype) => {
    expectTensor(argsort(tensor([[1, 0, 1]], { dtype })), [1, 3], 'int32', [1, 0, 2])
  },
)

test('argsort wants an axis, and is a method too', () => {
  expectError(() => argsort(1), ShapeError, 'UNKNOWN_AXIS', /^argsort: /)
  expectError(() => argsort(tensor([1]), { axis: 1 }), ShapeError, 'UNKNOWN_AXIS', /^argsort: /)
  expect(tensor([1, 2]).argsort({ descending: true }).toArray()).toEqual([1, 0])
})
