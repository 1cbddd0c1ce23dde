/** vjp: a function's value, and the pullback that takes derivatives of it back to the arguments. */
import { zerosOf } from '../create.js'
import { ArgumentError } from '../errors.js'
import { gradientOf } from '../gradient.js'
import { Tape } from '../tape.js'
import type { MapLeaves } from '../tree.js'
import { leavesOf, mapTree } from '../tree.js'
import type { Value } from '../value.js'
import { describe, isDifferentiable, isValue, specOf } from '../value.js'
import { Variable } from '../variable.js'
import type { Accepted, GradientOf, Peeled } from './arguments.js'
import { alignValues, checkNotPromise, peelLevel, watchArguments } from './arguments.js'

export interface VectorJacobianProduct<R, A extends readonly unknown[]> {
  readonly value: Peeled<R>
  /** Takes the derivative arriving at the value, of its structure and shapes, to those of the primals. */
  readonly pullback: (upstream: MapLeaves<Peeled<R>, Value, Value>) => {
    -readonly [K in keyof A]: GradientOf<A[K]>
  }
}

/**
 * The value of `f` at `primals`, and its pullback u ↦ uᵀ · J, which may be called many times: the derivatives of
 * ⟨u, f⟩ by each of the primals. `f` takes the primals as arguments; they and its result may be trees.
 *
 * Throws ArgumentError where `f` returns a Promise or no value, DTypeError where a primal holds integers.
 */
export function vjp<P extends Variable[], R, A extends Accepted<P>>(
  f: (...args: P) => R,
  primals: readonly [...A],
): VectorJacobianProduct<R, A>
export function vjp<P extends unknown[], R, A extends Accepted<P>>(
  f: (...args: P) => R,
  primals: readonly [...A],
): VectorJacobianProduct<R, A>
export function vjp(f: (...args: never[]) => unknown, primals: readonly unknown[]): Pullback {
  return recordPullback('vjp', f, primals)
}

interface Pullback {
  readonly value: unknown
  readonly pullback: (upstream: unknown) => unknown[]
}

/** @internal As `vjp`; `name` is what errors call it. */
export function recordPullback(
  name: string,
  f: (...args: never[]) => unknown,
  primals: readonly unknown[],
): Pullback {
  const tape = new Tape()
  try {
    const watched = watchArguments(name, primals, [...primals.keys()], (leaf) => tape.variable(leaf))
    const result: unknown = f(...(watched as never[]))
    checkNotPromise(name, result)
    if (!leavesOf(result).some(isValue))
      throw new ArgumentError(
        'RESULT',
        `${name}: the function returned ${describe(result)}; wants a value or a tree of values`,
      )
    return {
      value: peelLevel(tape, result),
      pullback: (upstream) => pullBack(tape, watched, result, upstream),
    }
  } finally {
    tape.close()
  }
}

/** The derivatives by the sources of all that a tree of results holds, in one walk. */
function pullBack(tape: Tape, sources: unknown[], result: unknown, upstream: unknown): unknown[] {
  const flows = alignValues('pullback', 'upstream derivatives', upstream, 'results', result)
  const targets = leavesOf(result)
    .filter(isValue)
    .flatMap((target, k) =>
      target instanceof Variable && target.level === tape && isDifferentiable(target)
        ? [{ target, upstream: flows[k] }]
        : [],
    )
  if (targets.length > 0) return gradientOf('pullback', tape, targets, sources) as unknown[]
  return mapTree(sources, (leaf) => (isValue(leaf) ? zerosOf(specOf(leaf)) : leaf)) as unknown[]
}
