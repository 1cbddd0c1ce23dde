/** What `tape.gradient` checks and arranges around the reverse walk. */
import { ones, zerosOf } from './create.js'
import { DTypeError, ShapeError, TapeError } from './errors.js'
import { fit } from './fit.js'
import type { Arrival } from './reverse.js'
import { reverseWalk } from './reverse.js'
import { formatShape, sameShape } from './shape.js'
import type { Tape } from './tape.js'
import { mapTree, mapTreeWithPaths } from './tree.js'
import type { Value } from './value.js'
import { checkValue, describe, formatSpec, isDifferentiable, isValue, shapeOf, specOf } from './value.js'
import { Variable } from './variable.js'

/** A result to differentiate, and the derivative arriving at it; a scalar may go without. */
export interface Target {
  readonly target: Variable
  readonly upstream: Value | undefined
}

/**
 * `sources` with each Variable replaced by the derivative by it, summed over the targets, of which there is at
 * least one; `name` is what errors call it.
 */
export function gradientOf(name: string, tape: Tape, targets: readonly Target[], sources: unknown): unknown {
  const arrivals = targets.map(({ target, upstream }): Arrival => {
    const position = positionOn(name, tape, target, 'the target')
    if (!isDifferentiable(target)) throw integerError(name, target, 'the target')
    const flow =
      upstream === undefined ? scalarUpstream(name, target) : checkedUpstream(name, tape, target, upstream)
    return { target: position, upstream: flow }
  })

  const positions: number[] = []
  const structure = mapTreeWithPaths(sources, (leaf, path) => {
    if (!isValue(leaf)) return leaf
    const what = path === '' ? 'the source' : `source ${path}`
    positions.push(positionOn(name, tape, leaf, what))
    if (!isDifferentiable(leaf)) throw integerError(name, leaf, what)
    return leaf
  })

  const derivatives = reverseWalk(tape, arrivals, positions)
  let next = 0
  return mapTree(structure, (leaf) => (isValue(leaf) ? (derivatives[next++] ?? zerosOf(specOf(leaf))) : leaf))
}

function positionOn(name: string, tape: Tape, x: unknown, what: string): number {
  if (x instanceof Variable && x.level === tape) return x.index
  throw new TapeError(
    'NOT_ON_TAPE',
    `${name}: ${what} is ${x instanceof Variable ? 'a Variable of another tape' : `no Variable (${describe(x)})`}; ` +
      'wants a Variable of this tape: make sources with tape.variable(…) and compute the target from them',
  )
}

function integerError(name: string, x: Variable | Value, what: string): DTypeError {
  return new DTypeError(
    'INTEGER_GRADIENT',
    `${name}: ${what} is ${describe(x)}; only floats have derivatives: cast to 'float32' or 'float64' first`,
  )
}

/** ∂target/∂target = 1, which only a scalar lets one take for granted. */
function scalarUpstream(name: string, target: Variable): Value {
  if (target.shape.length > 0)
    throw new TapeError(
      'NOT_SCALAR',
      `${name}: the target has shape ${formatShape(target.shape)}, not []; ` +
        'reduce it with sum() or mean(), or pass { upstream } of its shape',
    )
  return target.kind === 'number' ? 1 : ones([], { dtype: target.dtype })
}

function checkedUpstream(name: string, tape: Tape, target: Variable, upstream: Value): Value {
  checkValue(`${name}: upstream`, upstream)
  if (isMadeOf(upstream, tape))
    throw new TapeError(
      'UPSTREAM_ON_TAPE',
      `${name}: upstream is made of a Variable of this very tape; wants a number, a Tensor, or a Variable of another tape`,
    )
  if (!sameShape(shapeOf(upstream), target.shape))
    throw new ShapeError(
      'UPSTREAM_SHAPE',
      `${name}: upstream is ${formatSpec(specOf(upstream))}, the target ${formatSpec(target)}; wants the same shape`,
    )
  if (!isDifferentiable(upstream)) throw integerError(name, upstream, 'upstream')
  return fit(upstream, target)
}

/** Whether `x` has a variable of `tape` in it, at any level. */
function isMadeOf(x: Value, tape: Tape): boolean {
  let value = x
  while (value instanceof Variable && value.level !== tape) value = value.value
  return value instanceof Variable
}
