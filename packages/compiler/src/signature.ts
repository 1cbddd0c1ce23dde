/** What a compiled function was called with: its leaves, and a key that says whether a program fits them. */
import type { DType, Kind, Shape, Spec, Value } from '@tapegrad/autograd'
import { isValue, leavesOf, mapTree, specOf, Tensor, Variable } from '@tapegrad/autograd'
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

/** Arguments of one kind, with a form in the place of each value. */
export interface Pattern {
  /** The values of arguments of this kind, in order; undefined for others, and where there are Variables. */
  valuesOf(args: unknown): readonly Value[] | undefined
}

/** Tells calls of the kind of `args` from others, sooner than their signatures do. */
export function patternOf(args: unknown): Pattern {
  const forms = mapTree(args, (leaf) => {
    if (!isValue(leaf)) return leaf
    const { kind, shape, dtype } = specOf(leaf)
    return new Form(kind, shape, dtype)
  })
  return {
    valuesOf: (others) => {
      const values: Value[] = []
      return collect(forms, others, values) ? values : undefined
    },
  }
}

/** What stands for a value in a pattern. */
class Form {
  constructor(
    private readonly kind: Kind,
    private readonly shape: Shape,
    private readonly dtype: DType,
  ) {}

  fits(leaf: unknown): leaf is number | Tensor {
    if (typeof leaf === 'number') return this.kind === 'number'
    if (!(leaf instanceof Tensor) || leaf.kind !== this.kind || leaf.dtype !== this.dtype) return false
    const { shape } = leaf
    return shape.length === this.shape.length && shape.every((extent, axis) => extent === this.shape[axis])
  }
}

/** Whether `tree` is like `pattern`; its values are added to `values`. */
function collect(pattern: unknown, tree: unknown, values: Value[]): boolean {
  if (pattern instanceof Form) {
    if (!pattern.fits(tree)) return false
    values.push(tree)
    return true
  }
  if (!isBranch(pattern)) return Object.is(pattern, tree)
  if (Array.isArray(pattern))
    return (
      Array.isArray(tree) &&
      tree.length === pattern.length &&
      pattern.every((branch, k) => collect(branch, tree[k], values))
    )
  if (Array.isArray(tree) || !isBranch(tree)) return false
  const [names, others] = [Object.keys(pattern), Object.keys(tree)]
  return (
    names.length === others.length &&
    names.every(
      (name, k) =>
        name === others[k] &&
        collect((pattern as Record<string, unknown>)[name], (tree as Record<string, unknown>)[name], values),
    )
  )
}

export function hasVariables(args: unknown): boolean {
  return leavesOf(args).some((leaf) => leaf instanceof Variable)
}
