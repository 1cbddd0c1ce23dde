/** numericalGradient: the gradient by central differences, as an independent check on the tape. */
import { allocate } from '../dtype.js'
import { ArgumentError } from '../errors.js'
import { Tensor } from '../tensor.js'
import { mapTree } from '../tree.js'
import type { Value } from '../value.js'
import { isValue } from '../value.js'
import type { Variable } from '../variable.js'
import { concreteOf } from '../variable.js'
import type { Accepted, Argnums, Gradients } from './arguments.js'
import { checkArgnums, checkDifferentiableArgument, checkScalarResult } from './arguments.js'

export interface NumericalGradientOptions {
  /** Half the distance between the two points of a difference; 1e-4 by default, as the book has it. */
  readonly eps?: number | undefined
}

/**
 * The function that gives the gradient of `f` by central differences, (f(x + eps) − f(x − eps)) / (2 eps) for each
 * element x in turn; called as `grad` is. Its error is about eps² · f‴/6 plus rounding / eps: use float64.
 * Throws as `grad` does.
 */
export function numericalGradient<P extends Variable[], const N extends Argnums = 0>(
  f: (...args: P) => Value,
  argnums?: N,
  options?: NumericalGradientOptions,
): <A extends Accepted<P>>(...args: A) => Gradients<A, N>
export function numericalGradient<P extends unknown[], const N extends Argnums = 0>(
  f: (...args: P) => Value,
  argnums?: N,
  options?: NumericalGradientOptions,
): <A extends Accepted<P>>(...args: A) => Gradients<A, N>
export function numericalGradient(
  f: (...args: never[]) => Value,
  argnums: Argnums = 0,
  { eps = 1e-4 }: NumericalGradientOptions = {},
): (...args: unknown[]) => unknown {
  if (!(eps > 0) || !Number.isFinite(eps))
    throw new ArgumentError('EPS', `numericalGradient: eps is ${eps}; wants a small positive number`)
  return (...args) => {
    const positions = checkArgnums('numericalGradient', argnums, args.length)
    const gradients = positions.map((position) => differences(f, args, position, eps))
    return typeof argnums === 'number' ? gradients[0] : gradients
  }
}

/** The gradient by one argument: each of its elements moved to both sides, one at a time. */
function differences(
  f: (...args: never[]) => Value,
  args: readonly unknown[],
  position: number,
  eps: number,
): unknown {
  checkDifferentiableArgument('numericalGradient', args[position], position)
  const moved = [...args]
  const evaluate = (): number =>
    concreteNumber(checkScalarResult('numericalGradient', f(...(moved as never[]))))
  return mapElements(args[position], (replaceArgument, element) => {
    const at = (x: number): number => {
      moved[position] = replaceArgument(x)
      return evaluate()
    }
    return (at(element + eps) - at(element - eps)) / (2 * eps)
  })
}

function concreteNumber(x: Value): number {
  const concrete = concreteOf(x)
  return typeof concrete === 'number' ? concrete : concrete.item()
}

/**
 * The tree with each element of each leaf replaced by what `derivative` gives for it, which is told the element
 * and how to make the tree with another number in its place. Made for speed: a tree is valid until the next one.
 */
export function mapElements(
  tree: unknown,
  derivative: (replace: (x: number) => unknown, element: number) => number,
): unknown {
  let next = 0
  return mapTree(tree, (leaf) => {
    // Leaves are told apart by their order: two paths can read alike, as of the keys 'a.b' and, in 'a', 'b'.
    const position = next++
    if (!isValue(leaf)) return leaf
    const concrete = concreteOf(leaf)
    const replaceLeaf = (value: Value): unknown => withLeaf(tree, position, value)
    if (typeof concrete === 'number') return derivative(replaceLeaf, concrete)
    // One copy is moved element by element in place: copying it for each would be quadratic.
    const moving = new Tensor(concrete.data.slice(), concrete.shape, concrete.dtype)
    const treeWithMoving = replaceLeaf(moving)
    const out = allocate(concrete.dtype, concrete.size)
    for (let i = 0; i < out.length; i++) {
      const element = concrete.data[i]
      out[i] = derivative((x) => {
        moving.data[i] = x
        return treeWithMoving
      }, element)
      moving.data[i] = element
    }
    return new Tensor(out, concrete.shape, concrete.dtype)
  })
}

/** The tree with another value in the place of one leaf. */
function withLeaf(tree: unknown, position: number, value: Value): unknown {
  let next = 0
  return mapTree(tree, (leaf) => (next++ === position ? value : leaf))
}
