/** Which operations of autograd can be compiled, and which can't. */
import { elementwiseOperations } from './lowering/elementwise.js'
import { loopOperations } from './lowering/loopExpression.js'
import { loweredOperations } from './lowering/lower.js'
import { expandedOperations } from './passes/expand.js'

/** The primitives that can be compiled; whatever is composed of them can be too. */
export const compilableOperations: readonly string[] = [
  ...elementwiseOperations,
  ...loopOperations,
  ...loweredOperations,
  ...expandedOperations,
]

/**
 * The primitives that can't be compiled: sorting and searching, and matrix decompositions. A function of
 * `differentiable` or `checkpoint` is traced through, so that its entry never comes to be compiled.
 */
// prettier-ignore
export const uncompilableOperations: readonly string[] = [
  'argsort', 'searchSorted', 'segmentOf',
  'solve', 'triangularSolve', 'inverse', 'cholesky', 'cofactors', 'determinant', 'logDeterminant',
  'differentiable', 'checkpoint',
]
