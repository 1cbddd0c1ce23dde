/** jvp: a function's value and its tangent, in one pass forward that keeps no tape. */
import { ShapeError } from '../errors.js'
import { fit } from '../fit.js'
import { sameShape } from '../shape.js'
import { Tangents } from '../tangents.js'
import { mapTree, mapTreeWithPaths } from '../tree.js'
import type { Value } from '../value.js'
import { describe, isDifferentiable, isValue, shapeOf, specOf } from '../value.js'
import type { Variable } from '../variable.js'
import type { Accepted, Peeled } from './arguments.js'
import { alignValues, checkDifferentiableArgument, checkNotPromise, peelLevel } from './arguments.js'

export interface JacobianVectorProduct<R> {
  readonly value: Peeled<R>
  /** The directional derivative J · tangents, of the value's structure, shapes and dtypes. */
  readonly tangent: Peeled<R>
}

/**
 * The value of `f` at `primals` and its derivative J · v in the direction `tangents`, by forward mode: one pass,
 * nothing recorded, memory that doesn't grow with the length of the program. Tangents have the structure and
 * shapes of the primals; primals and result may be trees.
 *
 * Throws ArgumentError where the structures differ or `f` returns a Promise, ShapeError where a tangent has
 * another shape, DTypeError where a primal holds integers.
 */
export function jvp<P extends Variable[], R, A extends Accepted<P>>(
  f: (...args: P) => R,
  primals: readonly [...A],
  tangents: readonly unknown[],
): JacobianVectorProduct<R>
export function jvp<P extends unknown[], R, A extends Accepted<P>>(
  f: (...args: P) => R,
  primals: readonly [...A],
  tangents: readonly unknown[],
): JacobianVectorProduct<R>
export function jvp(
  f: (...args: never[]) => unknown,
  primals: readonly unknown[],
  tangents: readonly unknown[],
): PushedForward {
  return pushForward('jvp', f, primals, 'tangents', tangents)
}

interface PushedForward {
  readonly value: unknown
  readonly tangent: unknown
}

/** @internal As `jvp`; `name` and `what` are what errors call the function and the tangents. */
export function pushForward(
  name: string,
  f: (...args: never[]) => unknown,
  primals: readonly unknown[],
  what: string,
  tangents: readonly unknown[],
): PushedForward {
  primals.forEach((primal, position) => {
    checkDifferentiableArgument(name, primal, position)
  })
  const directions = alignValues(name, what, tangents, 'primals', primals)
  const level = new Tangents()
  let next = 0
  const carried = mapTreeWithPaths(primals, (leaf, path) => {
    if (!isValue(leaf)) return leaf
    const direction = directions[next++]
    checkTangent(name, leaf, direction, `${what}${path}`)
    return level.variable(leaf, fit(direction, specOf(leaf)))
  }) as never[]
  const result: unknown = f(...carried)
  checkNotPromise(name, result)
  return {
    value: peelLevel(level, result),
    tangent: mapTree(result, (leaf) => (isValue(leaf) ? level.tangentOf(leaf) : leaf)),
  }
}

function checkTangent(name: string, primal: Value, tangent: Value, place: string): void {
  if (!sameShape(shapeOf(tangent), shapeOf(primal)) || !isDifferentiable(tangent))
    throw new ShapeError(
      'TANGENT_SHAPE',
      `${name}: ${place} is ${describe(tangent)}, the primal ${describe(primal)}; wants floats of the same shape`,
    )
}
