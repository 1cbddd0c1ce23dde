/** The matrix product: checks its arguments and chooses how to compute it. */
import { wasmFeatures, type WasmFeatures } from './features.js'
import { instantiateMatmul, matmulBlocked, type MatmulInstance } from './matmulBlocked.js'
import { isMostlyZeros, matmulListed } from './matmulListed.js'
import { checkMatmul, type MatmulOptions } from './matmulOptions.js'
import { matmulPlain } from './matmulPlain.js'
import { fastestShape } from './tileShape.js'

/**
 * out = op(a) · op(b), where op transposes if asked to; see {@link MatmulOptions}. k = 0 gives zeros.
 *
 * A large float32 `a` that is mostly zeros, as images and one-hot rows are, is multiplied without them.
 *
 * Sums are formed in the precision of the elements or better, in an order of the kernel's choosing, and
 * where the engine has relaxed SIMD by fused multiply-add; so the last bits differ between engines. NaN and
 * Infinity come out as the plain loops have them. Throws a TapegradError where arguments don't fit together.
 */
export function matmul(options: MatmulOptions): void {
  matmulWith(wasmFeatures(), options)
}

/** The same on an engine of the given features. */
export function matmulWith(features: WasmFeatures, options: MatmulOptions): void {
  checkMatmul(options)
  if (!features.simd || isPlainFaster(options)) matmulPlain(options)
  else if (isMostlyZeros(options)) matmulListed(options)
  else matmulBlocked(instanceFor(options.out.BYTES_PER_ELEMENT === 4 ? 4 : 8, features.relaxedSimd), options)
}

/** A call into WebAssembly costs as much as about 100 multiplications; a single inner product gains nothing. */
function isPlainFaster({ m, n, k }: MatmulOptions): boolean {
  return m * n * k < 100 || m * n === 1
}

/** Instances by element type and features, made when first needed. */
const instances = new Map<string, MatmulInstance>()

function instanceFor(elementBytes: 4 | 8, relaxed: boolean): MatmulInstance {
  const key = `${elementBytes} ${relaxed}`
  const known = instances.get(key)
  if (known !== undefined) return known
  const made = instantiateMatmul(fastestShape(elementBytes, relaxed))
  instances.set(key, made)
  return made
}
