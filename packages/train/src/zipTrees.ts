/** Walks two trees of one structure together, as optimizers do with parameters and gradients. */
import type { Value } from '@tapegrad/autograd'
import { ArgumentError, isValue } from '@tapegrad/autograd'

/**
 * The tree `first` with each leaf replaced by `f(leaf, other)`, where `other` is the leaf at the same place in
 * `second`; `path` says where that is (`[0].W`). Entries are matched by key, not by order.
 *
 * Throws ArgumentError, calling itself `name`, where the structures differ or a leaf is no value.
 */
export function zipTrees<T>(
  name: string,
  first: T,
  second: T,
  f: (leaf: Value, other: Value, path: string) => Value,
): T
export function zipTrees(
  name: string,
  first: unknown,
  second: unknown,
  f: (leaf: Value, other: Value, path: string) => Value,
): unknown {
  return zip(first, second, '')

  function zip(left: unknown, right: unknown, path: string): unknown {
    if (isValue(left) && isValue(right)) return f(left, right, path)
    if (Array.isArray(left) && Array.isArray(right) && left.length === right.length)
      return left.map((branch, i) => zip(branch, right[i], `${path}[${i}]`))
    if (isRecord(left) && isRecord(right) && haveSameKeys(left, right))
      return Object.fromEntries(
        Object.entries(left).map(([key, branch]) => [
          key,
          zip(branch, right[key], path === '' ? key : `${path}.${key}`),
        ]),
      )
    throw new ArgumentError(
      'STRUCTURE',
      `${name}: parameters and gradients differ in structure${path === '' ? '' : ` at ${path}`}: ` +
        `${describe(left)} and ${describe(right)}; wants two trees with the same keys and values at the same places`,
    )
  }
}

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === 'object' && x !== null && !Array.isArray(x) && !isValue(x)
}

function haveSameKeys(a: object, b: object): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key))
}

function describe(x: unknown): string {
  if (isValue(x)) return typeof x === 'number' ? 'a number' : `a ${x.kind} of shape [${x.shape.join(', ')}]`
  if (Array.isArray(x)) return `an array of ${x.length}`
  if (isRecord(x)) return `{ ${Object.keys(x).join(', ')} }`
  return x === null ? 'null' : typeof x
}
