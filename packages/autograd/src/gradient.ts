/** What `tape.gradient` checks and arranges around the reverse walk. */
import { ones, zerosOf } from './create.js'
import { DTypeError, ShapeError, TapeError } from './errors.js'
import { fit } from './fit.js'
import { reverseWalk } from './reverse.js'
import { formatShape, sameShape } from './shape.js'
import type { Tape } from './tape.js'
import { mapTree } from './tree.js'
import type { Value } from './value.js'
import { checkValue, describe, formatSpec, isDifferentiable, isValue, shapeOf, specOf } from './value.js'
import { Variable } from './variable.js'

/** `sources` with each Variable replaced by the derivative of `target` by it. */
export function gradientOf(
  tape: Tape,
  target: Variable,
  sources: unknown,
  upstream: Value | undefined,
): unknown {
  const position = positionOn(tape, target, 'the target')
  if (!isDifferentiable(target)) throw integerError(target, 'the target')
  const flow = upstream === undefined ? scalarUpstream(target) : checkedUpstream(tape, target, upstream)

  const positions: number[] = []
  const structure = mapTree(sources, (leaf, path) => {
    if (!isValue(leaf)) return leaf
    const what = path === '' ? 'the source' : `source ${path}`
    positions.push(positionOn(tape, leaf, what))
    if (!isDifferentiable(leaf)) throw integerError(leaf, what)
    return leaf
  })

  const derivatives = reverseWalk(tape, position, positions, flow)
  let next = 0
  return mapTree(structure, (leaf) => (isValue(leaf) ? (derivatives[next++] ?? zerosOf(specOf(leaf))) : leaf))
}

function positionOn(tape: Tape, x: unknown, what: string): number {
  if (x instanceof Variable && x.level === tape) return x.index
  throw new TapeError(
    'NOT_ON_TAPE',
    `tape.gradient: ${what} is ${x instanceof Variable ? 'a Variable of another tape' : `no Variable (${describe(x)})`}; ` +
      'wants a Variable of this tape: make sources with tape.variable(…) and compute the target from them',
  )
}

function integerError(x: Variable | Value, what: string): DTypeError {
  return new DTypeError(
    'INTEGER_GRADIENT',
    `tape.gradient: ${what} is ${describe(x)}; only floats have derivatives: cast to 'float32' or 'float64' first`,
  )
}

/** ∂target/∂target = 1, which only a scalar lets one take for granted. */
function scalarUpstream(target: Variable): Value {
  if (target.shape.length > 0)
    throw new TapeError(
      'NOT_SCALAR',
      `tape.gradient: the target has shape ${formatShape(target.shape)}, not []; ` +
        'reduce it with sum() or mean(), or pass { upstream } of its shape',
    )
  return target.kind === 'number' ? 1 : ones([], { dtype: target.dtype })
}

function checkedUpstream(tape: Tape, target: Variable, upstream: Value): Value {
  checkValue('tape.gradient: upstream', upstream)
  if (upstream instanceof Variable && upstream.level.age >= tape.age)
    throw new TapeError(
      'NOT_OUTER',
      'tape.gradient: upstream is a Variable of this or a younger tape; wants a number, a Tensor, or a Variable of an older one',
    )
  if (!sameShape(shapeOf(upstream), target.shape))
    throw new ShapeError(
      'UPSTREAM_SHAPE',
      `tape.gradient: upstream is ${formatSpec(specOf(upstream))}, the target ${formatSpec(target)}; wants the same shape`,
    )
  if (!isDifferentiable(upstream)) throw integerError(upstream, 'upstream')
  return fit(upstream, target)
}
