/** jacobian, hessian and hvp: all derivatives of a function, all second ones, and second ones in a direction. */
import { stack } from '../composed/shapes.js'
import { zerosOf } from '../create.js'
import { allocate, isFloat } from '../dtype.js'
import { ArgumentError } from '../errors.js'
import { cast } from '../primitives/cast.js'
import { reshape } from '../primitives/shape.js'
import { sizeOf } from '../shape.js'
import { Tensor } from '../tensor.js'
import { leavesOf, mapTree } from '../tree.js'
import type { Spec, Value } from '../value.js'
import { dtypeOf, isValue, kindOf, shapeOf, specOf } from '../value.js'
import type { Variable } from '../variable.js'
import type { Accepted, Argnums, GradientOf } from './arguments.js'
import { checkArgnums, checkDifferentiableArgument } from './arguments.js'
import { differentiate } from './grad.js'
import { pushForward } from './jvp.js'
import { recordPullback } from './vjp.js'

/** The derivatives of a result of type R by an argument of type T: a tree of R's structure with trees of T's in it. */
export type JacobianOf<R, T> = R extends Value
  ? T extends Value
    ? JacobianBlock<R, T>
    : { -readonly [K in keyof T]: JacobianOf<R, T[K]> }
  : { -readonly [K in keyof R]: JacobianOf<R[K], T> }

/** Of a function's Variable it is not known what it peels to; by a number it gives a number or a Tensor. */
type JacobianBlock<R extends Value, T extends Value> = T extends Variable
  ? Variable
  : T extends Tensor
    ? Tensor
    : R extends Variable
      ? number | Tensor
      : R

/** The Jacobians by the arguments of type A at positions N: one, or an array. */
export type Jacobians<R, A extends readonly unknown[], N extends Argnums> = N extends readonly number[]
  ? { -readonly [K in keyof N]: JacobianOf<R, A[N[K] & keyof A]> }
  : JacobianOf<R, A[N & keyof A]>

export interface JacobianOptions {
  /**
   * Row by row in reverse mode (one walk for each element of the result), or column by column in forward mode (one
   * run of `f` for each element of the arguments); by default whichever needs fewer.
   */
  readonly mode?: 'forward' | 'reverse' | undefined
}

/**
 * The function that gives the Jacobian of `f`: for a result of shape O and an argument of shape I the derivatives
 * ∂f[o]/∂x[i], of shape [...O, ...I]; a number where both are numbers. Of trees, a tree of the result's structure
 * with trees of the argument's structure in it. Throws as `vjp` and `jvp` do.
 */
export function jacobian<P extends Variable[], R, const N extends Argnums = 0>(
  f: (...args: P) => R,
  argnums?: N,
  options?: JacobianOptions,
): <A extends Accepted<P>>(...args: A) => Jacobians<R, A, N>
export function jacobian<P extends unknown[], R, const N extends Argnums = 0>(
  f: (...args: P) => R,
  argnums?: N,
  options?: JacobianOptions,
): <A extends Accepted<P>>(...args: A) => Jacobians<R, A, N>
export function jacobian(
  f: (...args: never[]) => unknown,
  argnums: Argnums = 0,
  options: JacobianOptions = {},
): (...args: unknown[]) => unknown {
  const { mode } = options
  if (mode !== undefined && mode !== 'forward' && mode !== 'reverse')
    throw new ArgumentError(
      'MODE',
      `jacobian: mode is ${String(mode)}; wants 'forward' or 'reverse', or none to choose`,
    )
  return (...args) => jacobiansBy('jacobian', f, argnums, mode, args)
}

/** The Jacobians by the arguments at `argnums`: one, or an array; `name` is what errors call it. */
function jacobiansBy(
  name: string,
  f: (...args: never[]) => unknown,
  argnums: Argnums,
  mode: JacobianOptions['mode'],
  args: readonly unknown[],
): unknown {
  const positions = checkArgnums(name, argnums, args.length)
  positions.forEach((position) => {
    checkDifferentiableArgument(name, args[position], position)
  })
  const unique = [...new Set(positions)]
  const ofChosen = (...chosen: unknown[]): unknown => {
    const all = [...args]
    unique.forEach((position, k) => (all[position] = chosen[k]))
    return f(...(all as never[]))
  }
  const chosen = unique.map((position) => args[position])
  const jacobians = jacobiansOf(name, ofChosen, mode, chosen)
  const inOrder = positions.map((position) => jacobians[unique.indexOf(position)])
  return typeof argnums === 'number' ? inOrder[0] : inOrder
}

/** The Jacobian of `f` by each of its arguments. */
function jacobiansOf(
  name: string,
  f: (...args: unknown[]) => unknown,
  mode: JacobianOptions['mode'],
  args: readonly unknown[],
): unknown[] {
  const { value, blocks } = mode === 'forward' ? columnBlocks(name, f, args) : rowBlocks(name, f, args, mode)
  let firstInput = 0
  return args.map((argument) => {
    let output = 0
    const jacobian = mapTree(value, (result) => {
      if (!isValue(result)) return result
      const row = blocks[output++]
      let input = firstInput
      return mapTree(argument, (leaf) => (isValue(leaf) ? row[input++] : leaf))
    })
    firstInput += leavesOf(argument).filter(isValue).length
    return jacobian
  })
}

function totalSize(values: readonly Value[]): number {
  return values.reduce<number>((total, x) => total + sizeOf(shapeOf(x)), 0)
}

/** A function's value, a tree, and blocks[k][l], the derivative of its k-th value by the l-th input. */
interface Blocks {
  readonly value: unknown
  readonly blocks: readonly (readonly Value[])[]
}

/** By one walk backward for each element of the outputs, unless the mode may be chosen and forward takes fewer. */
function rowBlocks(
  name: string,
  f: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  mode: 'reverse' | undefined,
): Blocks {
  const inputs = leavesOf(args).filter(isValue)
  const { value, pullback } = recordPullback(name, f, args)
  const outputs = leavesOf(value).filter(isValue)
  if (mode === undefined && totalSize(inputs) < totalSize(outputs)) return columnBlocks(name, f, args)
  const blocks = outputs.map((output, k) => {
    const rows = basis(output).map((direction) =>
      leavesOf(pullback(atLeaf(value, k, direction))).filter(isValue),
    )
    return inputs.map((input, l) =>
      assemble(
        rows.map((row) => row[l]),
        output,
        input,
        'rows',
      ),
    )
  })
  return { value, blocks }
}

/** By one run forward for each element of the inputs. */
function columnBlocks(name: string, f: (...args: unknown[]) => unknown, args: readonly unknown[]): Blocks {
  const inputs = leavesOf(args).filter(isValue)
  const push = (tangents: unknown): ReturnType<typeof pushForward> =>
    pushForward(name, f, args, 'tangents', tangents as unknown[])
  let value: unknown
  const columns = inputs.map((input, l) =>
    basis(input).map((direction) => {
      const pushed = push(atLeaf(args, l, direction))
      value = pushed.value
      return leavesOf(pushed.tangent).filter(isValue)
    }),
  )
  // Inputs without elements have no columns to learn from what the function gives.
  if (columns.every((ofInput) => ofInput.length === 0)) ({ value } = push(mapTree(args, zeroLeaf)))
  const blocks = leavesOf(value)
    .filter(isValue)
    .map((output, k) =>
      inputs.map((input, l) =>
        assemble(
          columns[l].map((column) => column[k]),
          output,
          input,
          'columns',
        ),
      ),
    )
  return { value, blocks }
}

/** The unit vectors of a value's space: values like it with a single 1 in them. */
function basis(x: Value): (number | Tensor)[] {
  if (kindOf(x) === 'number') return [1]
  const shape = shapeOf(x)
  return Array.from({ length: sizeOf(shape) }, (_, i) => {
    const data = allocate(dtypeOf(x), sizeOf(shape))
    data[i] = 1
    return new Tensor(data, shape, dtypeOf(x))
  })
}

/** Zeros of the tree's structure with `direction` in the place of its n-th value. */
function atLeaf(tree: unknown, n: number, direction: Value): unknown {
  let next = 0
  return mapTree(tree, (leaf) => {
    if (!isValue(leaf)) return leaf
    return next++ === n ? direction : zerosOf(specOf(leaf))
  })
}

function zeroLeaf(leaf: unknown): unknown {
  return isValue(leaf) ? zerosOf(specOf(leaf)) : leaf
}

/** The block of shape [...output, ...input] made of its rows or columns, in the input's dtype where it has one. */
function assemble(vectors: readonly Value[], output: Value, input: Value, layout: 'rows' | 'columns'): Value {
  const [outputSpec, inputSpec] = [specOf(output), specOf(input)]
  if (outputSpec.kind === 'number' && inputSpec.kind === 'number') return vectors[0]
  const spec: Spec = {
    kind: 'tensor',
    shape: [...outputSpec.shape, ...inputSpec.shape],
    dtype: inputSpec.kind === 'number' && isFloat(outputSpec.dtype) ? outputSpec.dtype : inputSpec.dtype,
  }
  if (vectors.length === 0) return zerosOf(spec)
  const flat = vectors.map((vector) => reshape(vector, [-1]))
  return cast(reshape(stack<Value>(flat, layout === 'rows' ? 0 : 1), spec.shape), spec.dtype)
}

/**
 * The function that gives the Hessian of `f`, which returns a scalar: the Jacobian of its gradient, forward over
 * reverse, so of shape [...I, ...I] for an argument of shape I. Of trees and several arguments, for each leaf of
 * the gradient a tree by the same leaves; with an array of argnums `hessian[i][j]` is ∂²f/∂xᵢ∂xⱼ. Throws as `grad`.
 */
export function hessian<P extends Variable[], const N extends Argnums = 0>(
  f: (...args: P) => Value,
  argnums?: N,
): <A extends Accepted<P>>(...args: A) => Hessians<A, N>
export function hessian<P extends unknown[], const N extends Argnums = 0>(
  f: (...args: P) => Value,
  argnums?: N,
): <A extends Accepted<P>>(...args: A) => Hessians<A, N>
export function hessian(
  f: (...args: never[]) => Value,
  argnums: Argnums = 0,
): (...args: unknown[]) => unknown {
  const gradient = (...args: unknown[]): unknown => differentiate('hessian', f, argnums, args, false).gradient
  return (...args) => {
    const jacobians = jacobiansBy('hessian', gradient, argnums, 'forward', args)
    if (typeof argnums === 'number') return jacobians
    // Of the gradient's i-th part the Jacobian by argument j comes as [j][i].
    return argnums.map((_, i) => argnums.map((_, j) => (jacobians as readonly (readonly unknown[])[])[j][i]))
  }
}

/** The Hessian by the argument of type A[N]; with an array of argnums, an array of arrays of them. */
export type Hessians<A extends readonly unknown[], N extends Argnums> = N extends readonly number[]
  ? {
      -readonly [I in keyof N]: {
        -readonly [J in keyof N]: JacobianOf<GradientOf<A[N[I] & keyof A]>, A[N[J] & keyof A]>
      }
    }
  : JacobianOf<GradientOf<A[N & keyof A]>, A[N & keyof A]>

/**
 * The Hessian of `f` at `primals` times `vectors`, without the Hessian: the directional derivative of the gradient,
 * forward over reverse (Pearlmutter, "Fast exact multiplication by the Hessian", 1994). One product for each
 * primal, of its structure. Throws as `grad` and `jvp` do.
 */
export function hvp<P extends Variable[], A extends Accepted<P>>(
  f: (...args: P) => Value,
  primals: readonly [...A],
  vectors: readonly unknown[],
): { -readonly [K in keyof A]: GradientOf<A[K]> }
export function hvp<P extends unknown[], A extends Accepted<P>>(
  f: (...args: P) => Value,
  primals: readonly [...A],
  vectors: readonly unknown[],
): { -readonly [K in keyof A]: GradientOf<A[K]> }
export function hvp(
  f: (...args: never[]) => Value,
  primals: readonly unknown[],
  vectors: readonly unknown[],
): unknown {
  const all = [...primals.keys()]
  const gradient = (...args: unknown[]): unknown => differentiate('hvp', f, all, args, false).gradient
  return pushForward('hvp', gradient, primals, 'vectors', vectors).tangent
}
