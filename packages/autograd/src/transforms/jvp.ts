/** jvp: a function's value and its tangent, in one pass forward that keeps no tape. */
import { ArgumentError, ShapeError } from '../errors.js'
import { fit } from '../fit.js'
import { sameShape } from '../shape.js'
import { Tangents } from '../tangents.js'
import { leavesOf, mapTree } from '../tree.js'
import type { Value } from '../value.js'
import { describe, isDifferentiable, isValue, shapeOf, specOf } from '../value.js'
import type { Variable } from '../variable.js'
import type { Accepted, Peeled } from './arguments.js'
import { checkDifferentiableArgument, checkNotPromise, peelLevel } from './arguments.js'

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
): { value: unknown; tangent: unknown } {
  primals.forEach((primal, position) => {
    checkDifferentiableArgument('jvp', primal, position)
  })
  const directions = leavesOf(tangents).filter(isValue)
  const count = leavesOf(primals).filter(isValue).length
  if (directions.length !== count)
    throw new ArgumentError(
      'TANGENTS',
      `jvp: got ${directions.length} tangents for ${count} primals; wants the structure of the primals`,
    )
  const level = new Tangents()
  let next = 0
  const carried = mapTree(primals, (leaf, path) =>
    isValue(leaf) ? level.variable(leaf, checkedTangent(leaf, directions[next++], path)) : leaf,
  ) as never[]
  const result: unknown = f(...carried)
  checkNotPromise('jvp', result)
  return {
    value: peelLevel(level, result),
    tangent: mapTree(result, (leaf) => (isValue(leaf) ? level.tangentOf(leaf) : leaf)),
  }
}

function checkedTangent(primal: Value, tangent: Value, path: string): Value {
  if (!sameShape(shapeOf(tangent), shapeOf(primal)) || !isDifferentiable(tangent))
    throw new ShapeError(
      'TANGENT_SHAPE',
      `jvp: tangent ${path} is ${describe(tangent)}, the primal ${describe(primal)}; wants floats of the same shape`,
    )
  return fit(tangent, specOf(primal))
}
