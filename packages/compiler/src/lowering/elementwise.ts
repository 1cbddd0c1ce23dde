/** The elementwise operations that can be compiled, and the dtype in which each computes. */
import type { DType, Spec } from '@tapegrad/autograd'
import { promoteBeside } from '@tapegrad/autograd/tracing'

// prettier-ignore
const arithmetic = new Set([
  'neg', 'abs', 'sign', 'exp', 'expm1', 'log', 'log1p', 'sqrt', 'square', 'reciprocal', 'sin', 'cos', 'tan', 'asin',
  'acos', 'atan', 'sinh', 'cosh', 'tanh', 'erf', 'floor', 'ceil', 'round', 'relu', 'sigmoid', 'softplus',
  'add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'atan2',
])
const comparisons = new Set(['equal', 'notEqual', 'greater', 'greaterEqual', 'less', 'lessEqual'])
const logic = new Set(['logicalAnd', 'logicalOr', 'logicalNot'])

export function isElementwise(operation: string): boolean {
  return arithmetic.has(operation) || comparisons.has(operation) || logic.has(operation)
}

/** What operands are converted to: the result's dtype in arithmetic, their common one in comparisons, bool in logic. */
export function operandDType(operation: string, operands: readonly Spec[], result: Spec): DType {
  if (logic.has(operation)) return 'bool'
  return comparisons.has(operation) ? promoteBeside(operands[0], operands[1]) : result.dtype
}
