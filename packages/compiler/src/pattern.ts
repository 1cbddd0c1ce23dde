/** Patterns: tell calls of the kind of an earlier one from others, sooner than their signatures do. */
import type { DType, Kind, Shape } from '@tapegrad/autograd'
import { isValue, Rng, specOf, Tensor } from '@tapegrad/autograd'
import { isBranch } from '@tapegrad/autograd/tracing'

/** A value that is known: no Variable. */
export type Concrete = number | Tensor

/** Arguments of one kind, with a form in the place of each value. */
export class Pattern {
  private readonly form: Form

  constructor(args: unknown) {
    this.form = formOf(args)
  }

  /**
   * The values of arguments of this kind, in order, those that generators are made of included; undefined for others,
   * and where there are Variables.
   */
  valuesOf(args: unknown): readonly Concrete[] | undefined {
    const values: Concrete[] = []
    return this.form.collect(args, values) ? values : undefined
  }
}

/** What a part of the arguments is like. Plain loops: a step runs through them each time, and closures cost more. */
interface Form {
  /** Whether `tree` is like this; its values are added to `values`. */
  collect(tree: unknown, values: Concrete[]): boolean
}

function formOf(tree: unknown): Form {
  if (isValue(tree)) {
    const { kind, shape, dtype } = specOf(tree)
    return new ValueForm(kind, shape, dtype)
  }
  if (tree instanceof Rng) return new GeneratorForm()
  if (Array.isArray(tree)) return new ArrayForm(tree.map(formOf))
  if (isBranch(tree)) return new ObjectForm(Object.keys(tree), Object.values(tree).map(formOf))
  return new LeafForm(tree)
}

class ValueForm implements Form {
  constructor(
    private readonly kind: Kind,
    private readonly shape: Shape,
    private readonly dtype: DType,
  ) {}

  collect(tree: unknown, values: Concrete[]): boolean {
    if (typeof tree === 'number') {
      if (this.kind !== 'number') return false
    } else if (!(tree instanceof Tensor) || !this.fits(tree)) return false
    values.push(tree)
    return true
  }

  private fits({ kind, shape, dtype }: Tensor): boolean {
    if (kind !== this.kind || dtype !== this.dtype || shape.length !== this.shape.length) return false
    for (let axis = 0; axis < shape.length; axis++) if (shape[axis] !== this.shape[axis]) return false
    return true
  }
}

class GeneratorForm implements Form {
  collect(tree: unknown, values: Concrete[]): boolean {
    if (!(tree instanceof Rng)) return false
    const parts = [...tree.key, tree.counter]
    if (!parts.every((part) => typeof part === 'number')) return false
    values.push(...parts)
    return true
  }
}

class ArrayForm implements Form {
  constructor(private readonly branches: readonly Form[]) {}

  collect(tree: unknown, values: Concrete[]): boolean {
    if (!Array.isArray(tree) || tree.length !== this.branches.length) return false
    for (let k = 0; k < this.branches.length; k++)
      if (!this.branches[k].collect(tree[k], values)) return false
    return true
  }
}

class ObjectForm implements Form {
  constructor(
    private readonly names: readonly string[],
    private readonly branches: readonly Form[],
  ) {}

  collect(tree: unknown, values: Concrete[]): boolean {
    if (Array.isArray(tree) || !isBranch(tree)) return false
    const names = Object.keys(tree)
    if (names.length !== this.names.length) return false
    for (let k = 0; k < names.length; k++) {
      const isLike =
        names[k] === this.names[k] &&
        this.branches[k].collect((tree as Record<string, unknown>)[names[k]], values)
      if (!isLike) return false
    }
    return true
  }
}

class LeafForm implements Form {
  constructor(private readonly leaf: unknown) {}

  collect(tree: unknown): boolean {
    return Object.is(this.leaf, tree)
  }
}
