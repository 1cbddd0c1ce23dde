/** What the running engine's WebAssembly can do, found out once by validating tiny modules. */
import { encodeModule, f32x4, func, i32, i32x4 } from './assembler/index.js'

export interface WasmFeatures {
  /** 128-bit vectors. */
  readonly simd: boolean
  /** Fused (or at least quick) multiply-add, `relaxed_madd`. */
  readonly relaxedSimd: boolean
  /** Atomic operations on shared memory. */
  readonly threads: boolean
}

let found: WasmFeatures | undefined

/** The features of this engine; all false where there is no WebAssembly. */
export function wasmFeatures(): WasmFeatures {
  found ??= {
    simd: validates(simdProbe),
    relaxedSimd: validates(relaxedProbe),
    threads: validates(threadsProbe),
  }
  return found
}

function validates(probe: () => Uint8Array<ArrayBuffer>): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(probe())
}

function simdProbe(): Uint8Array<ArrayBuffer> {
  const probe = func('probe', {}, 'i32', () => [i32x4.extract_lane(i32x4.splat(0), 0)])
  return encodeModule({ exports: { probe } })
}

function relaxedProbe(): Uint8Array<ArrayBuffer> {
  const zero = f32x4.splat(0)
  const probe = func('probe', {}, 'f32', () => [f32x4.extract_lane(f32x4.relaxed_madd(zero, zero, zero), 0)])
  return encodeModule({ exports: { probe } })
}

function threadsProbe(): Uint8Array<ArrayBuffer> {
  const probe = func('probe', {}, 'i32', () => [i32.atomic_load(0)])
  return encodeModule({ memory: { minimum: 1, maximum: 1, shared: true }, exports: { probe } })
}
