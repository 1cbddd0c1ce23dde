import fc from 'fast-check'
import type { Tree } from '@tapegrad/autograd'
import { add, mapTree, tensor } from '@tapegrad/autograd'
import { zipTrees } from '../src/zipTrees.js'

const { tree: trees } = fc.letrec<{ tree: Tree<number> }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie('tree'), { maxKeys: 3 }),
  ),
}))

const sumOf = (a: unknown, b: unknown): unknown => zipTrees('zip', a, b, (left, right) => add(left, right))

describe('zipTrees', () => {
  test('applies the function at every leaf and keeps the structure', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        expect(sumOf(tree, tree)).toEqual(mapTree(tree, (leaf) => 2 * (leaf as number)))
      }),
    )
  })

  test('says where two trees differ', () => {
    const at = 'zip: parameters and gradients differ in structure'
    expect(() => sumOf({ a: [1, { W: 1, b: 2 }] }, { a: [1, { W: 1 }] })).toThrow(
      `${at} at a[1]: { W, b } and { W };`,
    )
    expect(() => sumOf({ a: 1 }, { b: 1 })).toThrow(`${at}: { a } and { b };`)
    expect(() => sumOf([1, 2], [1])).toThrow(`${at}: an array of 2 and an array of 1;`)
    expect(() => sumOf({ a: tensor([1]) }, { a: null })).toThrow(
      `${at} at a: a tensor of shape [1] and null;`,
    )
    expect(() => sumOf([1], ['one'])).toThrow(`${at} at [0]: a number and string;`)
  })
})
