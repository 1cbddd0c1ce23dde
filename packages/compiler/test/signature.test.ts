import { Tape, tensor } from '@tapegrad/autograd'
import { test as property } from '@fast-check/jest'
import fc from 'fast-check'
import { hasVariables, patternOf, signatureOf } from '../src/signature.js'

const keyOf = (args: unknown): string => signatureOf(args).key

/** Trees whose leaves are told apart by their text. */
const tree = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('a', 'b;', '[0]', 'number', true, null, undefined, -1n),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'a.b', '[0]', '"', ','), tie('tree'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).tree

/** A text that says all of a tree. */
function spelled(x: unknown): string {
  if (Array.isArray(x)) return `[${x.map(spelled).join()}]`
  if (typeof x !== 'object' || x === null)
    return typeof x === 'string' ? JSON.stringify(x) : `${typeof x} ${String(x)}`
  return `{${Object.entries(x)
    .map(([key, branch]) => `${JSON.stringify(key)}:${spelled(branch)}`)
    .join()}}`
}

property.prop([tree, tree], { numRuns: 500 })('keys are equal for equal trees only', (x, y) => {
  expect(keyOf(x) === keyOf(y)).toBe(spelled(x) === spelled(y))
  expect(keyOf(structuredClone(x))).toBe(keyOf(x))
})

test('keys tell values by kind, shape and dtype, not by their elements', () => {
  const kinds = [1, tensor(1, { shape: [] }), tensor([1]), tensor([1], { dtype: 'float64' }), tensor([[1]])]
  expect(new Set(kinds.map(keyOf)).size).toBe(kinds.length)
  expect(keyOf([1, tensor([1, 2])])).toBe(keyOf([2, tensor([3, 4])]))
})

test('keys tell objects that are no trees by identity', () => {
  const [f, g, date] = [() => 1, () => 1, new Date(0)]
  expect(keyOf(f)).toBe(keyOf(f))
  expect(keyOf(f)).not.toBe(keyOf(g))
  expect(keyOf(date)).not.toBe(keyOf(new Date(0)))
})

/** Trees with values of a few kinds among the leaves. */
const withValues = fc
  .tuple(
    tree,
    tree,
    fc.array(fc.constantFrom<unknown>(1, NaN, tensor([1]), tensor([1, 2]), tensor([[1]])), { maxLength: 3 }),
  )
  .map(([x, y, values]): unknown => [x, { values, y }])

property.prop([withValues, withValues], { numRuns: 500 })(
  'a pattern fits what has its key, and gives its values',
  (x, y) => {
    const [pattern, own, other] = [patternOf(x), signatureOf(x), signatureOf(y)]
    expect(pattern.valuesOf(x)).toEqual(own.values)
    expect(pattern.valuesOf(y)).toEqual(own.key === other.key ? other.values : undefined)
  },
)

test('a pattern fits nothing with Variables, which are compiled in another way', () => {
  const [x, variable] = [tensor([1]), new Tape().variable(tensor([1]))]
  expect(patternOf([x]).valuesOf([variable])).toBeUndefined()
  expect(patternOf([1]).valuesOf([new Tape().variable(1)])).toBeUndefined()
})

test('a pattern tells numbers from text, arrays from objects, and the order of names', () => {
  expect(patternOf([1]).valuesOf(['1'])).toBeUndefined()
  expect(patternOf([[]]).valuesOf([{}])).toBeUndefined()
  expect(patternOf([{}]).valuesOf([[]])).toBeUndefined()
  expect(patternOf([{ a: 1, b: 2 }]).valuesOf([{ b: 2, a: 1 }])).toBeUndefined()
  expect(patternOf([tensor([1], { dtype: 'float64' })]).valuesOf([tensor([1])])).toBeUndefined()
})

test('values come in the order of their leaves', () => {
  const [x, y] = [tensor([1]), tensor([2, 3])]
  const { values, specs } = signatureOf([{ b: x, a: 7 }, 'text', [y]])
  expect(values).toEqual([x, 7, y])
  expect(specs.map(({ kind, shape }) => [kind, ...shape])).toEqual([['tensor', 1], ['number'], ['tensor', 2]])
})

test('Variables are found anywhere', () => {
  expect(hasVariables([{ x: [1, tensor([2])] }, 'x'])).toBe(false)
  expect(hasVariables([{ x: [1, new Tape().variable(2)] }])).toBe(true)
})
