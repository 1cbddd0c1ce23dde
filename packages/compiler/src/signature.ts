/** What a compiled function was called with: its leaves, and a key that says whether a program fits them. */
import type { Spec, Value } from '@tapegrad/autograd'
import { isValue, leavesOf, specOf, Variable } from '@tapegrad/autograd'
import { isBranch } from '@tapegrad/autograd/tracing'

/** The values among the leaves of arguments, their specs, and a text that is equal for calls of one kind. */
export interface Signature {
  readonly values: readonly Value[]
  readonly specs: readonly Spec[]
  readonly key: string
}

const identities = new WeakMap<object, number>()
let nextIdentity = 0

/** Leaves that are no values, such as functions or settings, are part of the key: by identity, or by their text. */
export function signatureOf(args: unknown): Signature {
  const values: Value[] = []
  const specs: Spec[] = []
  const keyOf = (tree: unknown): string => {
    if (isValue(tree)) {
      const { kind, shape, dtype } = specOf(tree)
      values.push(tree)
      specs.push({ kind, shape, dtype })
      return kind === 'number' ? 'number' : `${dtype}[${shape.join()}]`
    }
    if (!isBranch(tree)) return identify(tree)
    // The brackets tell an array from an object, and either from nothing where they are empty.
    if (Array.isArray(tree)) return `[${tree.map(keyOf).join()}]`
    return `{${Object.entries(tree)
      .map(([name, branch]) => `${JSON.stringify(name)}:${keyOf(branch)}`)
      .join()}}`
  }
  return { key: keyOf(args), values, specs }
}

function identify(leaf: unknown): string {
  if (typeof leaf === 'string') return JSON.stringify(leaf)
  if ((typeof leaf !== 'object' && typeof leaf !== 'function') || leaf === null)
    return `${typeof leaf} ${String(leaf)}`
  const known = identities.get(leaf)
  if (known !== undefined) return `#${known}`
  identities.set(leaf, nextIdentity)
  return `#${nextIdentity++}`
}

export function hasVariables(args: unknown): boolean {
  return leavesOf(args).some((leaf) => leaf instanceof Variable)
}
