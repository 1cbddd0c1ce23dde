import { mapTree, Rng, type Value } from '@tapegrad/autograd'
import { test as property } from '@fast-check/jest'
import fc from 'fast-check'
import { takenApart } from '../src/generators.js'
import { resultOf, Slot } from '../src/result.js'
import { tree } from './support/trees.js'

/** Trees with numbers and generators among the leaves. */
const withNumbers = fc
  .tuple(
    tree,
    fc.array(
      fc.oneof(
        fc.double(),
        fc.nat().map((key) => new Rng([key, 1], 5)),
      ),
    ),
    tree,
  )
  .map(([x, leaves, y]): unknown => [x, { leaves, y }])

property.prop([withNumbers])('a result has the values of its slots, and generators made of them', (whole) => {
  const values: Value[] = []
  const structure = mapTree(takenApart(whole), (leaf) =>
    typeof leaf === 'number' ? new Slot(values.push(leaf) - 1) : leaf,
  )
  const places = values.map((value) => ({ read: () => value }))
  const result = resultOf(structure)
  const [once, again] = [result.filled(places), result.filled(places)]
  expect(once).toEqual(whole)
  expect(again).toEqual(whole)
  expect(again).not.toBe(once)
})
