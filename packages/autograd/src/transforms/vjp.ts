/** vjp: a function's value, and the pullback that takes derivatives of it back to the arguments. */
import { zerosOf } from '../create.js'
import { ArgumentError } from '../errors.js'
import { add } from '../primitives/arithmetic.js'
import { Tape } from '../tape.js'
import type { MapLeaves } from '../tree.js'
import { leavesOf, mapTree } from '../tree.js'
import type { Value } from '../value.js'
import { describe, isDifferentiable, isValue, specOf } from '../value.js'
import { Variable } from '../variable.js'
import type { Accepted, GradientOf, Peeled } from './arguments.js'
import { checkNotPromise, peelLevel, watchArguments } from './arguments.js'

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
export function vjp(
  f: (...args: never[]) => unknown,
  primals: readonly unknown[],
): { value: unknown; pullback: (upstream: unknown) => unknown[] } {
  const tape = new Tape()
  try {
    const watched = watchArguments('vjp', primals, [...primals.keys()], (leaf) => tape.variable(leaf))
    const result: unknown = f(...(watched as never[]))
    checkNotPromise('vjp', result)
    const targets = leavesOf(result).filter(isValue)
    if (targets.length === 0)
      throw new ArgumentError(
        'RESULT',
        `vjp: the function returned ${describe(result)}; wants a value or a tree of values`,
      )
    return {
      value: peelLevel(tape, result),
      pullback: (upstream) => pullBack(tape, watched, targets, upstream),
    }
  } finally {
    tape.close()
  }
}

/** The sum over all targets of what their upstream derivatives give for the sources. */
function pullBack(tape: Tape, sources: unknown[], targets: readonly Value[], upstream: unknown): unknown[] {
  const flows = leavesOf(upstream).filter(isValue)
  if (flows.length !== targets.length)
    throw new ArgumentError(
      'UPSTREAM',
      `pullback: got ${flows.length} upstream derivatives for ${targets.length} results; wants the structure of the value`,
    )
  return targets.reduce<unknown[]>(
    (total, target, k) => {
      const depends = target instanceof Variable && target.level === tape && isDifferentiable(target)
      return depends ? addTrees(total, tape.gradient(target, sources, { upstream: flows[k] })) : total
    },
    mapTree(sources, (leaf) => (isValue(leaf) ? zerosOf(specOf(leaf)) : leaf)) as unknown[],
  )
}

function addTrees(a: unknown, b: unknown): unknown[] {
  const others = leavesOf(b)
  let next = 0
  return mapTree(a, (leaf) => {
    const other = others[next++]
    return isValue(leaf) && isValue(other) ? add(leaf, other) : leaf
  }) as unknown[]
}
