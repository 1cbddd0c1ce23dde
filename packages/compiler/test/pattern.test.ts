import { Rng, rng, Tape, tensor } from '@tapegrad/autograd'
import { test as property } from '@fast-check/jest'
import fc from 'fast-check'
import { takenApart } from '../src/generators.js'
import { Pattern } from '../src/pattern.js'
import { signatureOf } from '../src/signature.js'
import { tree } from './support/trees.js'

const fits = (args: unknown, others: unknown): boolean => new Pattern(args).valuesOf(others) !== undefined

/** Trees with values of a few kinds, and generators, among the leaves. */
const withValues = fc
  .tuple(
    tree,
    tree,
    fc.array(fc.constantFrom<unknown>(1, NaN, tensor([1]), tensor([1, 2]), tensor([[1]]), rng(7)), {
      maxLength: 3,
    }),
  )
  .map(([x, y, values]): unknown => [x, { values, y }])

property.prop([withValues, withValues], { numRuns: 500 })(
  'a pattern fits what has its key, and gives its values',
  (x, y) => {
    const pattern = new Pattern(x)
    const [own, other] = [x, y].map((args) => signatureOf(takenApart(args)))
    expect(pattern.valuesOf(x)).toEqual(own.values)
    expect(pattern.valuesOf(y)).toEqual(own.key === other.key ? other.values : undefined)
  },
)

test('a pattern fits nothing with Variables, which are compiled in another way', () => {
  const [x, variable] = [tensor([1]), new Tape().variable(tensor([1]))]
  expect(fits([x], [variable])).toBe(false)
  expect(fits([1], [new Tape().variable(1)])).toBe(false)
  expect(fits([rng(1)], [new Rng([1, 0], new Tape().variable(0))])).toBe(false)
})

test('a pattern tells numbers from text, arrays from objects, and the order of names', () => {
  expect(fits([1], ['1'])).toBe(false)
  expect(fits([[]], [{}])).toBe(false)
  expect(fits([{}], [[]])).toBe(false)
  expect(fits([{ a: 1, b: 2 }], [{ b: 2, a: 1 }])).toBe(false)
  expect(fits([tensor([1], { dtype: 'float64' })], [tensor([1])])).toBe(false)
  expect(fits([rng(1)], [[1, 0, 0]])).toBe(false)
})
