/** Trees: nested plain objects and arrays with values at the leaves, as arguments and results of transforms. */

import type { Rng } from './random.js'
import type { Value } from './value.js'

/** A nesting of plain objects and arrays whose leaves are of type L. */
export type Tree<L> = L | readonly Tree<L>[] | { readonly [key: string]: Tree<L> }

/** The tree `T` with each leaf of type `From` replaced by one of type `To`; other leaves are left as they are. */
export type MapLeaves<T, From, To> = unknown extends T
  ? T
  : T extends From
    ? To
    : T extends Leaf
      ? T
      : { -readonly [K in keyof T]: MapLeaves<T[K], From, To> }

/** What is never looked into, though TypeScript would take it for an object with properties. */
export type Leaf =
  | Value
  | Rng
  | string
  | boolean
  | bigint
  | symbol
  | null
  | undefined
  | ArrayBufferView
  | ((...args: never[]) => unknown)

function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null) return false
  // Object.prototype of any realm is the one that has no prototype itself.
  const prototype: unknown = Object.getPrototypeOf(x)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Whether `x` is an inner node of a tree: a plain array or object. */
export function isBranch(x: unknown): x is readonly unknown[] | Record<string, unknown> {
  return Array.isArray(x) || isPlainObject(x)
}

/** The tree with `f` applied to each leaf, in order. */
export function mapTree(tree: unknown, f: (leaf: unknown) => unknown): unknown {
  if (Array.isArray(tree)) return tree.map((branch) => mapTree(branch, f))
  if (isPlainObject(tree))
    return Object.fromEntries(Object.entries(tree).map(([key, branch]) => [key, mapTree(branch, f)]))
  return f(tree)
}

/** The same, where `f` is also told a path that names the leaf (`[0].W`), for messages. */
export function mapTreeWithPaths(
  tree: unknown,
  f: (leaf: unknown, path: string) => unknown,
  path = '',
): unknown {
  if (Array.isArray(tree)) return tree.map((branch, i) => mapTreeWithPaths(branch, f, `${path}[${i}]`))
  if (isPlainObject(tree))
    return Object.fromEntries(
      Object.entries(tree).map(([key, branch]) => [
        key,
        mapTreeWithPaths(branch, f, path === '' ? key : `${path}.${key}`),
      ]),
    )
  return f(tree, path)
}

/** The leaves of a tree, in the order in which `mapTree` visits them. */
export function leavesOf(tree: unknown): unknown[] {
  const leaves: unknown[] = []
  mapTree(tree, (leaf) => leaves.push(leaf))
  return leaves
}
