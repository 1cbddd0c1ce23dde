/** What transforms share: the types of what they take and give, and turning arguments into variables and back. */
import { ArgumentError, DTypeError, TapeError } from '../errors.js'
import type { Level } from '../level.js'
import type { Tensor } from '../tensor.js'
import type { Leaf, MapLeaves } from '../tree.js'
import { isBranch, leavesOf, mapTree, mapTreeWithPaths } from '../tree.js'
import type { Value } from '../value.js'
import { describe, isDifferentiable, isValue, shapeOf } from '../value.js'
import { Variable } from '../variable.js'

/** The positions of the arguments to differentiate by: one, or several. */
export type Argnums = number | readonly number[]

/** What the transformed function accepts where `f` has parameters of type P: any value where a variable is wanted. */
export type Accepted<P extends readonly unknown[]> = { [K in keyof P]: MapLeaves<P[K], Variable, Value> }

/** The derivative by an argument of type T: of the same kind, leaf by leaf. */
export type GradientOf<T> = T extends number
  ? number
  : T extends Tensor
    ? Tensor
    : T extends Variable
      ? Variable
      : T extends Leaf
        ? T
        : { -readonly [K in keyof T]: GradientOf<T[K]> }

/** The derivatives by the arguments of type A at positions N: one, or an array. */
export type Gradients<A extends readonly unknown[], N extends Argnums> = N extends readonly number[]
  ? { -readonly [K in keyof N]: GradientOf<A[N[K] & keyof A]> }
  : GradientOf<A[N & keyof A]>

/** A result with the variables that the transform made peeled off; what lies below depends on the arguments. */
export type Peeled<T> = MapLeaves<T, Variable, Value>

/** `argnums` as a list. Throws ArgumentError where one names no argument. */
export function checkArgnums(name: string, argnums: Argnums, count: number): readonly number[] {
  const list = typeof argnums === 'number' ? [argnums] : argnums
  for (const argnum of list)
    if (!Number.isInteger(argnum) || argnum < 0 || argnum >= count)
      throw new ArgumentError(
        'ARGNUM',
        `${name}: argnums names argument ${argnum}, but the function was called with ${count} argument${count === 1 ? '' : 's'}` +
          (count === 0 ? '' : `; wants ${count === 1 ? '0' : `0 to ${count - 1}`}`),
      )
  return list
}

/** Throws ArgumentError for an argument without values in it, DTypeError for one of integers. */
export function checkDifferentiableArgument(name: string, argument: unknown, position: number): void {
  if (!leavesOf(argument).some(isValue))
    throw new ArgumentError(
      'NO_VALUES',
      `${name}: argument ${position} is ${describe(argument)}, with nothing in it to differentiate by; ` +
        'wants a number, a Tensor, or a tree of them; wrap arrays of numbers with tensor(…)',
    )
  mapTreeWithPaths(argument, (leaf, path) => {
    if (isValue(leaf) && !isDifferentiable(leaf))
      throw new DTypeError(
        'INTEGER_GRADIENT',
        `${name}: argument ${position}${path === '' ? '' : ` (${path})`} is ${describe(leaf)}; only floats have ` +
          "derivatives: cast to 'float32' or 'float64', or leave it out of argnums",
      )
  })
}

/** The arguments with each value in those at `argnums` replaced by what `watch` makes of it; all else as it is. */
export function watchArguments(
  name: string,
  args: readonly unknown[],
  argnums: readonly number[],
  watch: (leaf: Value) => Variable,
): unknown[] {
  return args.map((argument, position) => {
    if (!argnums.includes(position)) return argument
    checkDifferentiableArgument(name, argument, position)
    return mapTree(argument, (leaf) => (isValue(leaf) ? watch(leaf) : leaf))
  })
}

/** The function's result, which must be a scalar of floats: what gradients are taken of. */
export function checkScalarResult(name: string, result: unknown): Value {
  checkNotPromise(name, result)
  if (!isValue(result))
    throw new ArgumentError(
      'RESULT',
      `${name}: the function returned ${describe(result)}; wants a number, a Tensor or a Variable of shape []`,
    )
  if (shapeOf(result).length > 0)
    throw new TapeError(
      'NOT_SCALAR',
      `${name}: the function returned ${describe(result)}; wants a scalar: reduce it with sum() or mean(), ` +
        'or use vjp or jacobian for a result with axes',
    )
  if (!isDifferentiable(result))
    throw new DTypeError(
      'INTEGER_GRADIENT',
      `${name}: the function returned ${describe(result)}; only floats have derivatives: cast to 'float32' or 'float64' first`,
    )
  return result
}

/** Throws for a function that returns a Promise: its operations would come after the tape has closed. */
export function checkNotPromise(name: string, result: unknown): void {
  if (!(result instanceof Promise)) return
  // It will fail on the closed tape, unheard; this error stands for that one.
  result.catch(() => undefined)
  throw new ArgumentError(
    'PROMISE',
    `${name}: the function returned a Promise; wants an ordinary function: await what it needs before, and pass it in`,
  )
}

/**
 * The values of `tree` in the order of those of `like`, which has its structure: entries are matched by key, not by
 * order. Throws ArgumentError where the structures differ; `name` and `what` are what it calls the function and the
 * values, `wanted` the tree that they are for.
 */
export function alignValues(
  name: string,
  what: string,
  tree: unknown,
  wanted: string,
  like: unknown,
): Value[] {
  const [got, count] = [tree, like].map((each) => leavesOf(each).filter(isValue).length)
  if (got !== count)
    throw new ArgumentError(
      'STRUCTURE',
      `${name}: got ${got} ${what} for ${count} ${wanted}; wants the structure of the ${wanted}`,
    )
  return align(tree, like, '')

  function align(branch: unknown, place: unknown, path: string): Value[] {
    if (isBranch(place))
      return Object.entries(place).flatMap(([key, below]) =>
        align(isBranch(branch) ? Reflect.get(branch, key) : undefined, below, `${path}.${key}`),
      )
    if (!isValue(place)) return []
    if (isValue(branch)) return [branch]
    throw new ArgumentError(
      'STRUCTURE',
      `${name}: in the place of the value ${path.slice(1)} of the ${wanted} the ${what} have ${describe(branch)}; ` +
        `wants the structure of the ${wanted}`,
    )
  }
}

/** A tree of results with this level's variables peeled off. */
export function peelLevel(level: Level, tree: unknown): unknown {
  return mapTree(tree, (leaf) => (leaf instanceof Variable && leaf.level === level ? leaf.value : leaf))
}
