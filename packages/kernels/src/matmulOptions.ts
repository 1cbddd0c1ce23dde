/** What a matrix product is asked for, and the checks that it makes sense. */
import { TapegradError } from './errors.js'

/** An array of floating-point numbers, the element types that kernels work on. */
export type FloatArray = Float32Array | Float64Array

/**
 * out = op(a) · op(b), where op transposes if asked to. All three are row-major and contiguous, of one
 * element type, and may be subarrays of larger arrays: a batch is a loop over subarrays.
 */
export interface MatmulOptions {
  /** `m × k`, or `k × m` with `transposeA`. */
  a: FloatArray
  /** `k × n`, or `n × k` with `transposeB`. */
  b: FloatArray
  /** `m × n`, overwritten; it must not overlap `a` or `b`. */
  out: FloatArray
  m: number
  n: number
  k: number
  transposeA?: boolean
  transposeB?: boolean
}

/** Throws a TapegradError where sizes, lengths or element types don't fit together. */
export function checkMatmul({ a, b, out, m, n, k }: MatmulOptions): void {
  checkSize('m', m)
  checkSize('n', n)
  checkSize('k', k)
  checkLength('a', a, m, k)
  checkLength('b', b, k, n)
  checkLength('out', out, m, n)
  if (a.BYTES_PER_ELEMENT !== out.BYTES_PER_ELEMENT || b.BYTES_PER_ELEMENT !== out.BYTES_PER_ELEMENT) {
    const got = [a, b, out].map((array) => array.constructor.name).join(', ')
    throw new TapegradError(
      'MATMUL_DTYPE',
      `matmul: a, b, out are ${got}; convert them to one type, Float32Array or Float64Array`,
    )
  }
}

function checkSize(name: string, size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new TapegradError('MATMUL_SIZE', `matmul: ${name} is ${size}; sizes are integers from 0 on`)
  }
}

function checkLength(name: string, array: FloatArray, rows: number, columns: number): void {
  if (array.length !== rows * columns) {
    throw new TapegradError(
      'MATMUL_LENGTH',
      `matmul: ${name} has ${array.length} elements, but the sizes ask for ${rows} × ${columns}; pass a subarray of that length`,
    )
  }
}
