/** Runs vector functions over arrays, and measures how far results are from where they should be. */
import { call, encodeModule, for_, func, local, v128 } from '@tapegrad/kernels/assembler'
import { digamma, erf, logGamma, polygamma } from '@tapegrad/autograd'
import { vectorMath, vectorMathImports, type VectorFunctionName } from '../../src/math/index.js'

export type FloatArray = Float32Array | Float64Array
export type FloatDtype = 'float32' | 'float64'

export const names = Object.keys(vectorMath.float32) as VectorFunctionName[]

/** What each function should give, as float64. */
export const references: Readonly<Record<VectorFunctionName, (x: number, y: number) => number>> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  erf: (x) => erf(x),
  sigmoid: (x) => {
    const decay = Math.exp(-Math.abs(x))
    return (x >= 0 ? 1 : decay) / (1 + decay)
  },
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  sign: Math.sign,
  logGamma: (x) => logGamma(x),
  digamma: (x) => digamma(x),
  pow: (x, y) => x ** y,
  atan2: Math.atan2,
  polygamma: (order, x) => polygamma(order, x),
}

const chunkBytes = 65536

/** The function applied to each element, or each pair of elements; in chunks, so that any number fits. */
export function applyVector<A extends FloatArray>(name: VectorFunctionName, x: A, y: A): A {
  const dtype = x instanceof Float32Array ? 'float32' : 'float64'
  const { memory, run } = runner(dtype, name)
  const out = x.slice() as A
  const step = chunkBytes / x.BYTES_PER_ELEMENT
  const view = (chunk: number) =>
    dtype === 'float32'
      ? new Float32Array(memory.buffer, chunk * chunkBytes, step)
      : new Float64Array(memory.buffer, chunk * chunkBytes, step)
  const [left, right, result] = [view(0), view(1), view(2)]
  for (let start = 0; start < x.length; start += step) {
    const count = Math.min(step, x.length - start)
    left.set(x.subarray(start, start + count))
    right.set(y.subarray(start, start + count))
    run(count * x.BYTES_PER_ELEMENT)
    out.set(result.subarray(0, count), start)
  }
  return out
}

interface Runner {
  readonly memory: WebAssembly.Memory
  readonly run: (bytes: number) => void
}

const runners = new Map<string, Runner>()

function runner(dtype: FloatDtype, name: VectorFunctionName): Runner {
  const key = `${dtype} ${name}`
  const known = runners.get(key)
  if (known !== undefined) return known
  const module = new WebAssembly.Module(encodeRunner(dtype, name))
  const instance = new WebAssembly.Instance(module, { math: { sin: Math.sin, cos: Math.cos, tan: Math.tan } })
  const made = instance.exports as unknown as Runner
  runners.set(key, made)
  return made
}

/** A module whose `run` applies the function to the vectors in the first chunks of its memory. */
export function encodeRunner(dtype: FloatDtype, name: VectorFunctionName): Uint8Array<ArrayBuffer> {
  const f = vectorMath[dtype][name]
  const run = func('run', { bytes: 'i32' }, 'none', ({ bytes }) => {
    const i = local('i32', 'i')
    const operands = [v128.load(i), v128.load(i, chunkBytes)].slice(0, f.parameters.length)
    return [for_(i, 0, bytes, 16, [v128.store(i, call(f, ...operands), 2 * chunkBytes)])]
  })
  return encodeModule({
    imports: vectorMathImports(name),
    memory: { minimum: 3, export: 'memory' },
    exports: { run },
  })
}

/** The largest error over all elements, and where it is. */
export interface WorstError {
  readonly units: number
  readonly x: number
  readonly y: number
  readonly got: number
  readonly want: number
}

/**
 * The largest distance between results and reference, in units in the last place: 0 where they are the same
 * number, infinite where one is NaN and the other is not, or they are zeros of different signs.
 */
export function worstError(name: VectorFunctionName, x: FloatArray, y: FloatArray): WorstError {
  const got = applyVector(name, x, y)
  const reference = references[name]
  const want = got.map((_, index) => reference(x[index], y[index])) as FloatArray
  const steps = stepsBetween(got, want)
  let worst = 0
  let worstIndex = 0
  for (let index = 0; index < got.length; index++) {
    const units = distance(got[index], want[index], () => steps(index))
    if (units > worst) {
      worst = units
      worstIndex = index
    }
  }
  const at = worstIndex
  return { units: worst, x: x[at], y: y[at], got: got[at], want: want[at] }
}

function distance(got: number, want: number, steps: () => number): number {
  if (Object.is(got, want)) return 0
  if (Number.isNaN(got) || Number.isNaN(want) || (got === 0 && want === 0)) return Infinity
  return steps()
}

/** How many numbers of the type lie from one array's element to the other's: differences of their bits. */
function stepsBetween(left: FloatArray, right: FloatArray): (index: number) => number {
  if (left instanceof Float32Array) {
    const [a, b] = [left, right].map((values) => new Int32Array(values.buffer))
    const order = (bits: number) => (bits < 0 ? -(bits & 0x7fff_ffff) : bits)
    return (index) => Math.abs(order(a[index]) - order(b[index]))
  }
  const [a, b] = [left, right].map((values) => new BigInt64Array(values.buffer))
  const order = (bits: bigint) => (bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits)
  return (index) => Math.abs(Number(order(a[index]) - order(b[index])))
}
