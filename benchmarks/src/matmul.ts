/**
 * Speed of the matrix product on one thread, copying into and out of WebAssembly included, beside the plain
 * loops in JavaScript: billions of floating-point operations a second, the best of ten rounds.
 *
 *     node benchmarks/dist/matmul.js
 */
import { matmul, matmulPlain, wasmFeatures, type MatmulOptions } from '@tapegrad/kernels'

interface Shape {
  readonly what: string
  readonly m: number
  readonly n: number
  readonly k: number
  readonly transposeA?: boolean
  readonly transposeB?: boolean
}

const shapes: readonly Shape[] = [
  { what: 'tiny square', m: 8, n: 8, k: 8 },
  { what: 'small square', m: 32, n: 32, k: 32 },
  { what: 'square', m: 128, n: 128, k: 128 },
  { what: 'square', m: 512, n: 512, k: 512 },
  { what: 'large square', m: 1024, n: 1024, k: 1024 },
  { what: 'MNIST layer 1', m: 100, n: 50, k: 784 },
  { what: 'MNIST layer 2', m: 100, n: 10, k: 50 },
  { what: 'its weight derivative', m: 784, n: 50, k: 100, transposeA: true },
  { what: 'its input derivative', m: 100, n: 50, k: 10, transposeB: true },
  { what: 'MNIST test images', m: 10_000, n: 50, k: 784 },
  { what: 'matrix · vector', m: 784, n: 1, k: 784 },
  { what: 'vector · matrix', m: 1, n: 784, k: 784 },
  { what: 'outer product', m: 512, n: 512, k: 1 },
]

const warmUpMilliseconds = 200
const roundMilliseconds = 20
const rounds = 10

/** Milliseconds a call: the shortest round's mean, after a warm-up in which the engine optimizes. */
function measure(run: () => void): number {
  let calls = 0
  const start = performance.now()
  while (performance.now() - start < warmUpMilliseconds) {
    run()
    calls++
  }
  const callsPerRound = Math.max(1, Math.round((roundMilliseconds * calls) / warmUpMilliseconds))
  const means = Array.from({ length: rounds }, () => {
    const roundStart = performance.now()
    for (let call = 0; call < callsPerRound; call++) run()
    return (performance.now() - roundStart) / callsPerRound
  })
  return Math.min(...means)
}

function optionsOf(Type: typeof Float32Array | typeof Float64Array, shape: Shape): MatmulOptions {
  const { m, n, k, transposeA = false, transposeB = false } = shape
  const fill = (length: number) => new Type(length).map((_, index) => Math.sin(index))
  return { a: fill(m * k), b: fill(k * n), out: new Type(m * n), m, n, k, transposeA, transposeB }
}

/** The operands as they are stored, with ᵀ where the product transposes them. */
function describe({ m, n, k, transposeA, transposeB }: Shape): string {
  const left = transposeA ? `(${k}×${m})ᵀ` : `${m}×${k}`
  const right = transposeB ? `(${n}×${k})ᵀ` : `${k}×${n}`
  return `${left} · ${right}`
}

console.log(`Node ${process.version}, relaxed SIMD: ${wasmFeatures().relaxedSimd ? 'yes' : 'no'}`)
for (const Type of [Float32Array, Float64Array]) {
  console.log(`\n${Type.name.replace('Array', '')}`.padEnd(53) + 'GFLOP/s   plain   ratio')
  for (const shape of shapes) {
    const options = optionsOf(Type, shape)
    const operations = 2 * shape.m * shape.n * shape.k
    const ours = measure(() => matmul(options))
    const plain = measure(() => matmulPlain(options))
    const columns = [operations / ours / 1e6, operations / plain / 1e6, plain / ours]
    console.log(
      shape.what.padEnd(23) +
        describe(shape).padEnd(28) +
        columns.map((column) => column.toFixed(1).padStart(8)).join(''),
    )
  }
}
