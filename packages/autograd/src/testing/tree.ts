/** Arbitrary trees, such as the parameters of a model. */
import fc from 'fast-check'
import { isBranch } from '../tree.js'

/** What is drawn for a tree of arbitraries: what each of them draws in its place, all else as it is. */
export type Drawn<T> =
  T extends fc.Arbitrary<infer Leaf>
    ? Leaf
    : T extends readonly unknown[] | Readonly<Record<string, unknown>>
      ? { -readonly [K in keyof T]: Drawn<T[K]> }
      : T

/**
 * A tree with each arbitrary in it replaced by what it draws:
 * `tree({ W: tensor({ shape: [2, 3] }), b: tensor({ shape: [3] }), name: 'affine' })`.
 */
export function tree<const T>(model: T): fc.Arbitrary<Drawn<T>> {
  return treeOf(model) as fc.Arbitrary<Drawn<T>>
}

function treeOf(model: unknown): fc.Arbitrary<unknown> {
  if (model instanceof fc.Arbitrary) return model
  if (Array.isArray(model)) return fc.tuple(...model.map(treeOf))
  if (!isBranch(model)) return fc.constant(model)
  // fast-check's records may lack a prototype, which no caller expects.
  return fc.record(Object.fromEntries(Object.entries(model).map(([key, branch]) => [key, treeOf(branch)])), {
    noNullPrototype: true,
  })
}
