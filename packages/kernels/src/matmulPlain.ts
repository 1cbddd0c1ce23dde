/** The matrix product as loops in JavaScript: for tiny sizes, and where there is no WebAssembly SIMD. */
import type { MatmulOptions } from './matmulOptions.js'

/**
 * out = op(a) · op(b). Where `b` is not transposed, its rows are added into a row of `out` one after the
 * other, so that the innermost loop reads and writes memory in order; where it is, so do inner products.
 */
export function matmulPlain(options: MatmulOptions): void {
  if (options.transposeB) multiplyByInnerProducts(options)
  else multiplyByRows(options)
}

function multiplyByRows({ a, b, out, m, n, k, transposeA }: MatmulOptions): void {
  const rowStride = transposeA ? 1 : k
  const columnStride = transposeA ? m : 1
  out.fill(0)
  for (let i = 0; i < m; i++) {
    const outRow = i * n
    for (let p = 0; p < k; p++) {
      const left = a[i * rowStride + p * columnStride]
      const bRow = p * n
      for (let j = 0; j < n; j++) out[outRow + j] += left * b[bRow + j]
    }
  }
}

function multiplyByInnerProducts({ a, b, out, m, n, k, transposeA }: MatmulOptions): void {
  const rowStride = transposeA ? 1 : k
  const columnStride = transposeA ? m : 1
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let p = 0; p < k; p++) sum += a[i * rowStride + p * columnStride] * b[j * k + p]
      out[i * n + j] = sum
    }
  }
}
