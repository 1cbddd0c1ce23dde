import fc from 'fast-check'
import { encodeModule } from '../src/assembler/index.js'
import type { Multiply, Pack } from '../src/matmulProgram.js'
import { copyPanels, transposePanels } from '../src/packProgram.js'
import { multiplyPanels, type WriteBack } from '../src/tileProgram.js'
import { fastestShape, lanesOf, type TileShape } from '../src/tileShape.js'

interface Exports {
  readonly memory: WebAssembly.Memory
  readonly packLeft: Pack
  readonly packRight: Pack
  readonly multiply: (...parameters: [...Parameters<Multiply>, bias: number, completes: number]) => void
}

function instantiate(shape: TileShape, vectors: number, writeBack: WriteBack): Exports {
  const bytes = encodeModule({
    memory: { minimum: 16, export: 'memory' },
    exports: {
      packLeft: transposePanels(shape, shape.rows),
      packRight: copyPanels(shape, vectors * lanesOf(shape)),
      multiply: multiplyPanels(shape, vectors, writeBack),
    },
  })
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Exports
}

const programs = [4, 8].flatMap((elementBytes) =>
  [false, true].flatMap((large) =>
    [1, 2].flatMap((vectors) =>
      [
        { bias: true, relu: true },
        { bias: true, relu: false },
        { bias: false, relu: true },
      ].map((writeBack) => {
        // As with relaxed SIMD, but with instructions that every engine has.
        const shape = { ...fastestShape(elementBytes as 4 | 8, large), relaxed: false }
        return { shape, vectors, writeBack, program: instantiate(shape, vectors, writeBack) }
      }),
    ),
  ),
)

test('sums that several calls complete get bias and relu once', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...programs),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0, NaN, Infinity, -Infinity),
      ({ shape, vectors, writeBack, program }, m, columns, depth, blocks, odd) => {
        // A wide panel has more columns than a narrow one would take.
        const rest = columns % (2 * lanesOf(shape))
        const n = vectors === 2 && rest > 0 && rest <= lanesOf(shape) ? columns + lanesOf(shape) : columns
        const { memory, packLeft, packRight, multiply } = program
        const elements =
          shape.elementBytes === 4 ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer)
        elements.fill(NaN)
        const k = depth * blocks
        const at = (place: number): number => place * 10_000 * shape.elementBytes
        const write = (place: number, count: number, seed: number): number[] => {
          const values = Array.from({ length: count }, (_, i) => (((i + seed) * 7919) % 11) - 5)
          values[seed % count] += odd
          elements.set(values, place * 10_000)
          return values
        }
        const [a, b, bias] = [write(0, m * k, 3), write(1, k * n, 5), write(2, n, 7)]
        const bytes = shape.elementBytes
        for (let first = 0; first < k; first += depth) {
          packLeft(at(0) + first * bytes, at(3), m, depth, k * bytes)
          packRight(at(1) + first * n * bytes, at(4), n, depth, n * bytes)
          multiply(at(3), at(4), at(5), m, n, depth, n * bytes, first, at(2), first + depth === k ? 1 : 0)
        }
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) {
            let wanted = 0
            for (let l = 0; l < k; l++) wanted += a[i * k + l] * b[l * n + j]
            if (writeBack.bias) wanted += bias[j]
            if (writeBack.relu && wanted <= 0) wanted = 0
            const got = elements[50_000 + i * n + j]
            if (!Object.is(got, wanted) && (writeBack.relu || got !== wanted))
              throw new Error(`element ${i}, ${j} is ${got}, not ${wanted}`)
          }
      },
    ),
    { numRuns: 400 },
  )
})
