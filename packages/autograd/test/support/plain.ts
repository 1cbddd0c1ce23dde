/** Values as plain data, for comparing. */
import type { Value } from '@tapegrad/autograd'
import { isValue, mapTree, specOf } from '@tapegrad/autograd'
import { concreteOf } from '../../src/variable.js'

/** Kind, dtype, shape and elements of each value in a tree; zeros of either sign are the same. */
export function plain(tree: unknown): unknown {
  return mapTree(tree, (leaf) => (isValue(leaf) ? plainValue(leaf) : leaf))
}

function plainValue(x: Value): unknown {
  const { kind, dtype, shape } = specOf(x)
  const concrete = concreteOf(x)
  const elements = typeof concrete === 'number' ? [concrete] : Array.from(concrete.data)
  return { kind, dtype, shape, elements: elements.map((element) => element + 0) }
}
