import type { Kernel, MatmulKernel } from '../../src/lowering/kernel.js'
import { packSides } from '../../src/lowering/packSides.js'

const product = (change: Partial<MatmulKernel>): MatmulKernel => ({
  ...{ kind: 'matmul', buffer: 2, dtype: 'float32', a: 0, b: 1, m: 50, n: 512, k: 512 },
  ...{ transposeA: false, transposeB: true, batch: { count: 1, extents: [], a: [], b: [] } },
  ...change,
})

const packed = (...kernels: readonly Kernel[]): readonly Kernel[] =>
  packSides({ program: { nodes: [], outputs: [] }, kernels, buffers: new Map() }).kernels

test('a large right side is packed once, before the product, unless a list is used', () => {
  const nonzeros = { buffer: 9, step: 2048 }
  const [pack, multiply] = packed(product({ nonzeros }))
  expect(pack).toMatchObject({ kind: 'packRight', b: 1, n: 512, k: 512, transposeB: true, unlessListed: 9 })
  expect(multiply).toMatchObject({ kind: 'matmul', packedRight: pack.buffer, nonzeros })
  expect(pack.buffer).toBeGreaterThan(2)
})

test('small right sides, and those of batches, are left to each thread', () => {
  const small = product({ n: 50, k: 784 })
  const batch = product({ batch: { count: 2, extents: [2], a: [1], b: [1] } })
  expect(packed(small, batch)).toEqual([small, batch])
})

test('a left side that products share is packed once, unless it is transposed', () => {
  const first = product({ n: 50, k: 784 })
  const second = product({ n: 50, k: 784, b: 5, buffer: 6 })
  const [pack, ...products] = packed(first, second)
  expect(pack).toMatchObject({ kind: 'packLeft', a: 0, m: 50, k: 784 })
  expect(products).toEqual([first, second].map((kernel) => ({ ...kernel, packedLeft: pack.buffer })))
  const transposed = product({ n: 50, k: 784, transposeA: true })
  expect(packed(transposed, transposed)).toEqual([transposed, transposed])
})

test('each packed side has a buffer of its own', () => {
  const buffers = packed(product({}), product({ a: 8, buffer: 7 })).map(({ buffer }) => buffer)
  expect(new Set(buffers).size).toBe(4)
})
