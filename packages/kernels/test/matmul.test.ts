import { matmul } from '@tapegrad/kernels'
import { instantiateMatmul, matmulBlocked } from '../src/matmulBlocked'
test('quick', () => {
  for (const A of [Float32Array, Float64Array])
    for (const tA of [false, true])
      for (const tB of [false, true])
        for (const [m, n, k] of [
          [1, 1, 1],
          [2, 3, 5],
          [4, 8, 4],
          [5, 9, 7],
          [100, 50, 784],
          [13, 17, 400],
          [130, 515, 3],
          [121, 7, 2050],
          [300, 20, 1000],
        ]) {
          const r = (x: number) => A.from({ length: x }, () => Math.random() - 0.5)
          const a = r(m * k),
            b = r(k * n),
            out = new A(m * n).fill(NaN)
          const inst = instantiateMatmul(A === Float32Array ? 4 : 8, false)
          matmulBlocked(inst, { a, b, out, m, n, k, transposeA: tA, transposeB: tB })
          let worst = 0
          for (let i = 0; i < m; i++)
            for (let j = 0; j < n; j++) {
              let s = 0
              for (let p = 0; p < k; p++)
                s += (tA ? a[p * m + i] : a[i * k + p]) * (tB ? b[j * k + p] : b[p * n + j])
              worst = Math.max(worst, Math.abs(s - out[i * n + j]))
              if (Number.isNaN(out[i * n + j])) worst = Infinity
            }
          if (!(worst < 1e-4)) throw new Error(`${A.name} ${tA} ${tB} ${m} ${n} ${k}: ${worst}`)
        }
})
