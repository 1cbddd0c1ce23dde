/** What a compiled function was called with: its leaves, and a key that says whether a program fits them. */
import type { Spec, Value } from '@tapegrad/autograd'
import { isValue, leavesOf, mapTree, specOf, Variable } from '@tapegrad/autograd'

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
  const parts: string[] = []
  mapTree(args, (leaf, path) => {
    if (isValue(leaf)) {
      const { kind, shape, dtype } = specOf(leaf)
      values.push(leaf)
      specs.push({ kind, shape, dtype })
      parts.push(`${path}:${kind === 'number' ? 'number' : dtype}[${shape.join()}]`)
    } else parts.push(`${path}=${identify(leaf)}`)
    return leaf
  })
  return { values, specs, key: parts.join(';') }
}

function identify(leaf: unknown): string {
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
