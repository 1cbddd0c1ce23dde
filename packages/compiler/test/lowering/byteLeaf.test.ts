import type { Expression } from '../../src/lowering/expression.js'
import { converted } from '../../src/lowering/expression.js'
import { byteLeafOf, valuesOfBytes } from '../../src/lowering/byteLeaf.js'

const byte: Expression = { kind: 'load', buffer: 0, dtype: 'uint8', position: { offset: 0, steps: [4, 1] } }

const apply = (
  operation: string,
  dtype: 'float32' | 'uint8',
  ...operands: readonly Expression[]
): Expression => ({ kind: 'apply', operation, operandDType: dtype, dtype, operands })

const constant = (value: number, dtype: 'float32' | 'uint8' = 'float32'): Expression => ({
  kind: 'constant',
  dtype,
  value,
})

test('bytes divided and multiplied become what single precision makes of them', () => {
  const scaled = apply(
    'mul',
    'float32',
    constant(3),
    apply('div', 'float32', converted(byte, 'float32'), constant(255)),
  )
  expect(byteLeafOf(scaled)).toBe(byte)
  const values = valuesOfBytes(scaled)
  expect([...values]).toEqual(Array.from({ length: 256 }, (_, b) => Math.fround(3 * Math.fround(b / 255))))
  expect(values.indexOf(0, 1)).toBe(-1)
})

test('bytes multiplied as bytes wrap', () => {
  const doubled = converted(apply('mul', 'uint8', byte, constant(2, 'uint8')), 'float32')
  expect(valuesOfBytes(doubled)[200]).toBe(144)
})

test('anything else is not made of one byte', () => {
  expect(byteLeafOf(apply('add', 'float32', converted(byte, 'float32'), constant(1)))).toBeUndefined()
  expect(byteLeafOf(apply('div', 'float32', converted(byte, 'float32'), constant(0)))).toBeUndefined()
  expect(byteLeafOf(apply('div', 'float32', constant(1), converted(byte, 'float32')))).toBeUndefined()
})
