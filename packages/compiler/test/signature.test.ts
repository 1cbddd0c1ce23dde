import { Tape, tensor } from '@tapegrad/autograd'
import { test as property } from '@fast-check/jest'
import { hasVariables, signatureOf } from '../src/signature.js'
import { tree } from './support/trees.js'

const keyOf = (args: unknown): string => signatureOf(args).key

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
