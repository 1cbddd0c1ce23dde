/** The matrix product: checks its arguments and chooses how to compute it. */
import { wasmFeatures } from './features.js'
import { instantiateMatmul, matmulBlocked, type MatmulInstance } from './matmulBlocked.js'
import { checkMatmul, type MatmulOptions } from './matmulOptions.js'
import { matmulPlain } from './matmulPlain.js'

/** Instances by element size, made when first needed. */
const instances = new Map<number, MatmulInstance>()

/**
 * out = op(a) · op(b), where op transposes if asked to; see {@link MatmulOptions}. Not-a-number and infinite
 * elements propagate as in the plain loops. Sums are in the elements' precision, in an order of the kernel's
 * choosing; k = 0 gives zeros. Throws a TapegradError where arguments don't fit together.
 */
export function matmul(options: MatmulOptions): void {
  checkMatmul(options)
  if (isPlainFaster(options) || !wasmFeatures().simd) matmulPlain(options)
  else matmulBlocked(instanceFor(options.out.BYTES_PER_ELEMENT === 4 ? 4 : 8), options)
}

function instanceFor(elementBytes: 4 | 8): MatmulInstance {
  let instance = instances.get(elementBytes)
  if (instance === undefined) {
    instance = instantiateMatmul(elementBytes, wasmFeatures().relaxedSimd)
    instances.set(elementBytes, instance)
  }
  return instance
}

/** Measured: below these sizes, copying and packing cost more than they gain. */
function isPlainFaster({ m, n, k }: MatmulOptions): boolean {
  return m * n * k < 1000 || m === 1 || n === 1
}
