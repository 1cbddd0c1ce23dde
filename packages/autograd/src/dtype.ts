/** Element types: how each is stored, and which one a mixture of them becomes. */
import { DTypeError } from './errors.js'

export type DType = 'float32' | 'float64' | 'int32' | 'uint8' | 'bool'

/** What holds the elements: `bool` is stored as bytes of 0 and 1. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array

const storage = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const

export const dtypes = Object.keys(storage) as readonly DType[]

/** A zeroed array for `size` elements of `dtype`. */
export function allocate(dtype: DType, size: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(size)
    case 'float64':
      return new Float64Array(size)
    case 'int32':
      return new Int32Array(size)
    default:
      return new Uint8Array(size)
  }
}

/** The dtype that a typed array has when nothing else is said, or undefined for kinds that no tensor holds. */
export function dtypeOfStorage(data: unknown): DType | undefined {
  return dtypes.find((dtype) => data instanceof storage[dtype])
}

/** Whether `data` can hold a tensor of `dtype` as it is. */
export function isStorageOf(dtype: DType, data: TypedArray): boolean {
  return data instanceof storage[dtype]
}

export function checkDType(name: string, dtype: DType): void {
  if (!dtypes.includes(dtype))
    throw new DTypeError(
      'UNKNOWN_DTYPE',
      `${name}: unknown dtype ${String(dtype)}; there are ${dtypes.join(', ')}`,
    )
}

export function isFloat(dtype: DType): dtype is 'float32' | 'float64' {
  return dtype === 'float32' || dtype === 'float64'
}

/** `dtype` itself where it is a float, else float32: the result of `div`, `mean`, `exp` and their kin. */
export function floatOf(dtype: DType): DType {
  return isFloat(dtype) ? dtype : 'float32'
}

/** What sums and products of `dtype` are kept in: bool and uint8 would overflow at once, so int32. */
export function sumOf(dtype: DType): DType {
  return isFloat(dtype) ? dtype : 'int32'
}

const order: Record<DType, number> = { bool: 0, uint8: 1, int32: 2, float32: 3, float64: 4 }

/** The dtype of a mixture: the wider one in the order bool, uint8, int32, float32, float64. */
export function promote(a: DType, b: DType): DType {
  return order[a] >= order[b] ? a : b
}

/** What a number becomes beside a tensor of `dtype`: its dtype where that is a float, else float32. */
export const dtypeOfNumberBeside = floatOf
