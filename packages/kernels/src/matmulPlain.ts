/** The matrix product as loops in JavaScript: for tiny sizes, and where there is no WebAssembly SIMD. */
import type { MatmulOptions } from './matmulOptions.js'

/**
 * out = op(a) · op(b). The innermost loop goes through memory in order: where the elements of a column of
 * op(b) are neighbours, it forms inner products; elsewhere it adds multiples of op(b)'s rows to a row of out.
 */
export function matmulPlain(options: MatmulOptions): void {
  if (options.transposeB || options.n === 1) formInnerProducts(options)
  else addRows(options)
}

function addRows({ a, b, out, m, n, k, transposeA }: MatmulOptions): void {
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

function formInnerProducts({ a, b, out, m, n, k, transposeA }: MatmulOptions): void {
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
