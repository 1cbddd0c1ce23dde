/** cast and stopGradient: conversions as typed arrays make them, and where derivatives end. */
import type { DType, Variable } from '../../src/index.js'
import {
  ArgumentError,
  DTypeError,
  add,
  cast,
  grad,
  mul,
  stopGradient,
  sum,
  Tensor,
} from '../../src/index.js'
import { expectError } from '../support/errors.js'
import { expectTensor, tensorOf } from '../support/reference.js'

const elements = [-1.5, 0, 0.25, 255.9, 256, 4294967297, NaN, Infinity]

const converted: Record<DType, readonly number[]> = {
  float64: elements,
  float32: elements.map(Math.fround),
  int32: [-1, 0, 0, 255, 256, 1, 0, 0],
  uint8: [255, 0, 0, 255, 0, 1, 0, 0],
  bool: [1, 0, 1, 1, 1, 1, 1, 1],
}

test.each(Object.keys(converted) as DType[])('cast to %s converts as typed arrays do', (dtype) => {
  expectTensor(cast(tensorOf(elements, [2, 4]), dtype), [2, 4], dtype, converted[dtype])
  expectTensor(cast(2.5, dtype), [], dtype, [dtype === 'bool' ? 1 : dtype.startsWith('float') ? 2.5 : 2])
})

test('cast to the dtype it has gives the value itself', () => {
  const x = tensorOf([1], [1])
  expect(cast(x, 'float64')).toBe(x)
})

test('derivatives pass through casts between floats, and end at integers', () => {
  const x = tensorOf([1.5, 2.5], [2], 'float32')
  const wide = grad((v: Variable) => sum(mul(cast(v, 'float64'), 3)))(x)
  expectTensor(wide, [2], 'float32', [3, 3])
  const whole = grad((v: Variable) => sum(mul(cast(cast(v, 'int32'), 'float32'), v)))(x)
  expectTensor(whole, [2], 'float32', [1, 2])
})

test('cast refuses unknown dtypes and what is no value', () => {
  expectError(
    () => cast(1, 'float16' as never),
    DTypeError,
    'UNKNOWN_DTYPE',
    'cast: unknown dtype float16; there are float32, float64, int32, uint8, bool',
  )
  expectError(() => cast([1] as never, 'int32'), ArgumentError, 'WRONG_TYPE', /^cast: got plain array/)
})

test('stopGradient is the value itself, and constant to every derivative', () => {
  const x = tensorOf([1, 2], [2])
  expect(stopGradient(x)).toBe(x)
  expect(stopGradient(5)).toBe(5)
  expect(grad((v: Variable) => mul(stopGradient(v), v))(3)).toBe(3)
  expect(grad((v: Variable) => add(stopGradient(v), 1))(3)).toBe(0)
  expect(grad((v: Variable) => grad((w: Variable) => mul(mul(stopGradient(w), w), w))(v))(3)).toBe(6)
  expect(grad((v: Variable) => sum(stopGradient(v)))(x)).toBeInstanceOf(Tensor)
})
