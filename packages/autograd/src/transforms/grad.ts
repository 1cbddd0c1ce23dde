/** grad and valueAndGrad: functions that give the gradient of a function with a scalar result. */
import { zerosOf } from '../create.js'
import { ArgumentError } from '../errors.js'
import { Tape } from '../tape.js'
import { mapTree } from '../tree.js'
import type { Value } from '../value.js'
import { describe, isValue, specOf } from '../value.js'
import { Variable } from '../variable.js'
import type { Accepted, Argnums, Gradients, Peeled } from './arguments.js'
import { checkArgnums, checkNotPromise, checkScalarResult, peelLevel, watchArguments } from './arguments.js'

/**
 * The function that gives the gradient of `f`: ∂f/∂x for each value x in the argument at position `argnums`, or
 * in each of several. `f` takes values and trees of them (nested plain objects and arrays) and returns a scalar;
 * the gradient has the structure of its argument, and each leaf the kind, shape and dtype of its source. Zeros
 * where `f` doesn't depend on it. Nests to any order: `grad(grad(f))`.
 *
 * Throws TapeError where the result is no scalar, ArgumentError where it is a Promise or `argnums` names no
 * argument, DTypeError where the result or an argument to differentiate by holds integers.
 */
export function grad<P extends Variable[], const N extends Argnums = 0>(
  f: (...args: P) => Value,
  argnums?: N,
): <A extends Accepted<P>>(...args: A) => Gradients<A, N>
export function grad<P extends unknown[], const N extends Argnums = 0>(
  f: (...args: P) => Value,
  argnums?: N,
): <A extends Accepted<P>>(...args: A) => Gradients<A, N>
export function grad(f: (...args: never[]) => Value, argnums: Argnums = 0): (...args: unknown[]) => unknown {
  return (...args) => differentiate('grad', f, argnums, args, false).gradient
}

export interface ValueAndGradOptions {
  /** Let `f` return `[scalar, aux]`, and give `aux` back with its variables peeled off. */
  readonly aux?: boolean | undefined
}

/** The value of a function and its gradient. */
export interface ValueAndGradient<V, G> {
  readonly value: V
  readonly gradient: G
}

/**
 * As `grad`, but the function it gives returns `{ value, gradient }`, computing both in one pass. With
 * `{ aux: true }` `f` returns `[scalar, aux]`, and the answer has `aux` too.
 */
export function valueAndGrad<P extends Variable[], R extends Value, const N extends Argnums = 0>(
  f: (...args: P) => R,
  argnums?: N,
  options?: { readonly aux?: false | undefined },
): <A extends Accepted<P>>(...args: A) => ValueAndGradient<Peeled<R>, Gradients<A, N>>
export function valueAndGrad<P extends Variable[], R extends Value, X, const N extends Argnums = 0>(
  f: (...args: P) => readonly [R, X],
  argnums: N,
  options: { readonly aux: true },
): <A extends Accepted<P>>(
  ...args: A
) => ValueAndGradient<Peeled<R>, Gradients<A, N>> & { readonly aux: Peeled<X> }
export function valueAndGrad<P extends unknown[], R extends Value, const N extends Argnums = 0>(
  f: (...args: P) => R,
  argnums?: N,
  options?: { readonly aux?: false | undefined },
): <A extends Accepted<P>>(...args: A) => ValueAndGradient<Peeled<R>, Gradients<A, N>>
export function valueAndGrad<P extends unknown[], R extends Value, X, const N extends Argnums = 0>(
  f: (...args: P) => readonly [R, X],
  argnums: N,
  options: { readonly aux: true },
): <A extends Accepted<P>>(
  ...args: A
) => ValueAndGradient<Peeled<R>, Gradients<A, N>> & { readonly aux: Peeled<X> }
export function valueAndGrad(
  f: (...args: never[]) => unknown,
  argnums: Argnums = 0,
  { aux = false }: ValueAndGradOptions = {},
): (...args: unknown[]) => unknown {
  return (...args) => {
    const { value, gradient, aux: beside } = differentiate('valueAndGrad', f, argnums, args, aux)
    return aux ? { value, gradient, aux: beside } : { value, gradient }
  }
}

interface Differentiated {
  readonly value: Value
  readonly gradient: unknown
  readonly aux: unknown
}

/** @internal Runs `f` on a new tape and differentiates its result; `name` is what errors call it. */
export function differentiate(
  name: string,
  f: (...args: never[]) => unknown,
  argnums: Argnums,
  args: readonly unknown[],
  hasAux: boolean,
): Differentiated {
  const positions = checkArgnums(name, argnums, args.length)
  const tape = new Tape()
  try {
    const watched = watchArguments(name, args, positions, (leaf) => tape.variable(leaf))
    const result = f(...(watched as never[]))
    const [scalar, aux] = hasAux ? checkPair(name, result) : [result, undefined]
    const value = checkScalarResult(name, scalar)
    const sources = positions.map((position) => watched[position])
    const gradients =
      value instanceof Variable && value.level === tape
        ? tape.gradient(value, sources)
        : sources.map((source) => mapTree(source, (leaf) => (isValue(leaf) ? zerosOf(specOf(leaf)) : leaf)))
    return {
      value: peelLevel(tape, value) as Value,
      gradient: typeof argnums === 'number' ? (gradients as unknown[])[0] : gradients,
      aux: peelLevel(tape, aux),
    }
  } finally {
    tape.close()
  }
}

function checkPair(name: string, result: unknown): readonly [unknown, unknown] {
  checkNotPromise(name, result)
  if (Array.isArray(result) && result.length === 2) return result as unknown as readonly [unknown, unknown]
  throw new ArgumentError(
    'AUX',
    `${name}: with { aux: true } the function returns [scalar, aux]; got ${describe(result)}`,
  )
}
