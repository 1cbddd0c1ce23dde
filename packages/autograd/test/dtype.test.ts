import { fc, test } from '@fast-check/jest'
import type { DType } from '@tapegrad/autograd'
import { DTypeError, add, div, equal, exp, mean, sum, tensor } from '@tapegrad/autograd'
import {
  allocate,
  checkDType,
  dtypeOfNumberBeside,
  dtypeOfStorage,
  dtypes,
  floatOf,
  isFloat,
  isStorageOf,
  promote,
  sumOf,
} from '../src/dtype.js'
import { dtype } from './support/arbitraries.js'
import { expectError } from './support/errors.js'

describe('promote', () => {
  /** What a row's and a column's dtype become together. */
  const table: Record<DType, Record<DType, DType>> = {
    bool: { bool: 'bool', uint8: 'uint8', int32: 'int32', float32: 'float32', float64: 'float64' },
    uint8: { bool: 'uint8', uint8: 'uint8', int32: 'int32', float32: 'float32', float64: 'float64' },
    int32: { bool: 'int32', uint8: 'int32', int32: 'int32', float32: 'float32', float64: 'float64' },
    float32: { bool: 'float32', uint8: 'float32', int32: 'float32', float32: 'float32', float64: 'float64' },
    float64: { bool: 'float64', uint8: 'float64', int32: 'float64', float32: 'float64', float64: 'float64' },
  }

  test.prop([dtype, dtype])('follows the table', (a, b) => {
    expect(promote(a, b)).toBe(table[a][b])
  })

  test.prop([dtype, dtype, dtype])('is commutative, associative and idempotent', (a, b, c) => {
    expect(promote(a, b)).toBe(promote(b, a))
    expect(promote(promote(a, b), c)).toBe(promote(a, promote(b, c)))
    expect(promote(a, a)).toBe(a)
  })

  test.prop([dtype, dtype])('is what operations on tensors do', (a, b) => {
    const [x, y] = [tensor([1], { dtype: a }), tensor([1], { dtype: b })]
    const arithmetic = promote(a, b) === 'bool' ? 'int32' : promote(a, b)
    expect(add(x, y).dtype).toBe(arithmetic)
    expect(div(x, y).dtype).toBe(floatOf(promote(a, b)))
    expect(equal(x, y).dtype).toBe('bool')
  })
})

describe('a number beside a tensor', () => {
  test.prop([dtype, fc.double()])(
    'takes the dtype of floats and makes float32 of the rest',
    (dtype, number) => {
      const expected = isFloat(dtype) ? dtype : 'float32'
      expect(dtypeOfNumberBeside(dtype)).toBe(expected)
      expect(add(tensor([1], { dtype }), number).dtype).toBe(expected)
      expect(add(number, tensor([1], { dtype })).dtype).toBe(expected)
    },
  )
})

describe('dtypes of results', () => {
  test.prop([dtype])('floats keep theirs', (dtype) => {
    const x = tensor([1], { dtype })
    expect([exp(x).dtype, mean(x).dtype]).toEqual([floatOf(dtype), floatOf(dtype)])
    expect(floatOf(dtype)).toBe(isFloat(dtype) ? dtype : 'float32')
    expect(sum(x).dtype).toBe(sumOf(dtype))
    expect(sumOf(dtype)).toBe(isFloat(dtype) ? dtype : 'int32')
  })
})

describe('storage', () => {
  test.prop([dtype, fc.nat(10)])('is zeroed, and of a kind that can hold the dtype', (dtype, size) => {
    const data = allocate(dtype, size)
    expect(data).toHaveLength(size)
    expect(data.every((x) => x === 0)).toBe(true)
    expect(isStorageOf(dtype, data)).toBe(true)
    expect(dtypeOfStorage(data)).toBe(dtype === 'bool' ? 'uint8' : dtype)
  })

  test('other typed arrays have no dtype', () => {
    for (const data of [Int16Array.of(1), BigInt64Array.of(1n), new DataView(new ArrayBuffer(1)), [1]])
      expect(dtypeOfStorage(data)).toBeUndefined()
  })
})

describe('checkDType', () => {
  test('lists the dtypes there are', () => {
    for (const dtype of dtypes) expect(() => checkDType('zeros', dtype)).not.toThrow()
    expectError(
      () => checkDType('zeros', 'half' as DType),
      DTypeError,
      'UNKNOWN_DTYPE',
      'zeros: unknown dtype half; there are float32, float64, int32, uint8, bool',
    )
  })
})
