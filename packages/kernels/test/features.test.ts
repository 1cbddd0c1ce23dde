import { wasmFeatures } from '@tapegrad/kernels'

test('Node has vectors and threads; the answer is found once', () => {
  expect(wasmFeatures()).toMatchObject({ simd: true, threads: true })
  expect(wasmFeatures()).toBe(wasmFeatures())
})

test('without WebAssembly there are no features', async () => {
  const original = globalThis.WebAssembly
  jest.resetModules()
  try {
    Reflect.deleteProperty(globalThis, 'WebAssembly')
    const fresh = await import('../src/features.js')
    expect(fresh.wasmFeatures()).toEqual({ simd: false, relaxedSimd: false, threads: false })
  } finally {
    globalThis.WebAssembly = original
  }
})
