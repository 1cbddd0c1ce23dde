/** The elementwise operations that can be compiled, and the dtype in which each computes. */
import type { DType, Spec } from '@tapegrad/autograd'
import { promoteBeside } from '@tapegrad/autograd/tracing'

// prettier-ignore
const arithmetic = new Set([
  'neg', 'abs', 'sign', 'exp', 'expm1', 'log', 'log1p', 'sqrt', 'square', 'reciprocal', 'sin', 'cos', 'tan', 'asin',
  'acos', 'atan', 'sinh', 'cosh', 'tanh', 'erf', 'floor', 'ceil', 'round', 'relu', 'sigmoid', 'softplus',
  'logGamma', 'digamma',
  'add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'atan2',
])
const comparisons = new Set(['equal', 'notEqual', 'greater', 'greaterEqual', 'less', 'lessEqual'])
const logic = new Set(['logicalAnd', 'logicalOr', 'logicalNot'])

export const elementwiseOperations: readonly string[] = [...arithmetic, ...comparisons, ...logic]

export function isElementwise(operation: string): boolean {
  return arithmetic.has(operation) || comparisons.has(operation) || logic.has(operation)
}

/** Whether the operation tells true from false. */
export function isDecision(operation: string): boolean {
  return comparisons.has(operation) || logic.has(operation)
}

/**
 * What operands are converted to before the operation, which computes in it: bool in logic, else the dtype of the
 * result, or of both operands of a comparison, but wide enough to hold each operand as it is. Integers of 32 bits
 * don't fit in float32, nor does a number that is compared with integers.
 */
export function operandDType(operation: string, operands: readonly Spec[], result: Spec): DType {
  if (logic.has(operation)) return 'bool'
  const isComparison = comparisons.has(operation)
  const dtype = isComparison ? promoteBeside(operands[0], operands[1]) : result.dtype
  if (dtype !== 'float32') return dtype
  const isTooWide = ({ kind, dtype: own }: Spec): boolean =>
    own === 'int32' || (isComparison && kind === 'number')
  const areFloats = operands.every(({ kind, dtype: own }) => kind === 'number' || own === 'float32')
  return !areFloats && operands.some(isTooWide) ? 'float64' : 'float32'
}
