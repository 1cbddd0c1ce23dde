/** Finds out whether an element is made of one byte so that it is zero where the byte is, and what each byte becomes. */
import type { Apply, Expression, Gather, Load } from './expression.js'
import { convertNumber, isUniform } from './expression.js'

/**
 * The byte that the expression is a multiple of, where neighbours along the innermost of its loops are neighbours in
 * memory: converted, multiplied or divided by constants, nothing else. Undefined for any other expression.
 */
export function byteLeafOf(expression: Expression): Load | Gather | undefined {
  switch (expression.kind) {
    case 'load':
    case 'gather':
      return expression.dtype === 'uint8' && isContiguous(expression) ? expression : undefined
    case 'convert':
      return byteLeafOf(expression.operand)
    case 'apply':
      return multipleOf(expression)
    default:
      return undefined
  }
}

function multipleOf({ operation, operands: [x, y] }: Apply): Load | Gather | undefined {
  if ((operation === 'mul' || operation === 'div') && isFactor(y)) return byteLeafOf(x)
  return operation === 'mul' && isFactor(x) ? byteLeafOf(y) : undefined
}

/** A constant that makes zero of zero alone. */
function isFactor(expression: Expression): boolean {
  return expression.kind === 'constant' && Number.isFinite(expression.value) && expression.value !== 0
}

/** Whether neighbours along the innermost loop are neighbours in memory. */
export function isContiguous(leaf: Load | Gather): boolean {
  const { steps } = leaf.position
  return steps[steps.length - 1] === 1 && (leaf.kind === 'load' || isUniform(leaf.place))
}

/** The float32 that each byte becomes by such an expression. */
export function valuesOfBytes(expression: Expression): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => valueOf(expression, byte))
}

/** Products and quotients of float32 are those of float64 rounded once more, which has more than twice as many bits. */
function valueOf(expression: Expression, byte: number): number {
  switch (expression.kind) {
    case 'constant':
      return expression.value
    case 'apply': {
      const [x, y] = expression.operands.map((operand) => valueOf(operand, byte))
      return convertNumber(expression.operation === 'mul' ? x * y : x / y, expression.dtype)
    }
    case 'convert':
      return convertNumber(valueOf(expression.operand, byte), expression.dtype)
    default:
      return byte
  }
}
