/** Random fractions: computed in the memory of a WebAssembly program, a part at a time, and copied out of it. */
import {
  encodeModule,
  for_,
  func,
  i32,
  i64,
  local,
  set,
  v128,
  type DefinedFunction,
} from './assembler/index.js'
import { drawFractionsPlain } from './drawFractionsPlain.js'
import { wasmFeatures, type WasmFeatures } from './features.js'
import { drawBlocks, drawnBlocks } from './philoxProgram.js'

/**
 * Fills `out` with numbers uniform in [0, 1), of the stream `key`, from block `counter` on: each block of four words
 * a, b, c, d (see `philox`) gives ((a >>> 5) · 2²⁶ + (b >>> 6)) / 2⁵³, and the same of c and d. The key is two
 * 32-bit words; counters are whole numbers below 2⁵³. The numbers are the same on every engine.
 */
export function drawFractions(key: readonly [number, number], counter: number, out: Float64Array): void {
  drawFractionsWith(wasmFeatures(), key, counter, out)
}

/** The same on an engine of the given features. */
export function drawFractionsWith(
  features: WasmFeatures,
  key: readonly [number, number],
  counter: number,
  out: Float64Array,
): void {
  if (!features.simd) drawFractionsPlain(key, counter, out)
  else drawInProgram((program ??= instantiate()), key, counter, out)
}

interface DrawProgram {
  readonly draw: (low: number, high: number, counter: number, blocks: number) => void
  /** What is drawn, from the beginning. */
  readonly fractions: Float64Array
}

/** So many are drawn at a time: they fill the one page of memory that the program has. */
const fractionsAtOnce = 8192

let program: DrawProgram | undefined

function drawInProgram(
  { draw, fractions }: DrawProgram,
  [low, high]: readonly [number, number],
  counter: number,
  out: Float64Array,
): void {
  for (let start = 0; start < out.length; start += fractionsAtOnce) {
    const count = Math.min(fractionsAtOnce, out.length - start)
    draw(low, high, counter + start / 2, Math.ceil(count / 2))
    out.set(fractions.subarray(0, count), start)
  }
}

/** Compiles and instantiates; a few kilobytes, so that a page's main thread may do it synchronously. */
function instantiate(): DrawProgram {
  const bytes = encodeModule({
    memory: { minimum: 1, maximum: 1, export: 'memory' },
    exports: { draw: drawFunction() },
  })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const { draw, memory } = exports as unknown as DrawProgram & { readonly memory: WebAssembly.Memory }
  return { draw, fractions: new Float64Array(memory.buffer) }
}

/** Writes the fractions of so many blocks, and of those beside the last one that are drawn together with it. */
function drawFunction(): DefinedFunction<'none'> {
  const parameters = { low: 'i32', high: 'i32', counter: 'f64', blocks: 'i32' } as const
  return func('draw', parameters, 'none', ({ low, high, counter, blocks }) => {
    const block = local('i32', 'block')
    const first = local('i64', 'first')
    const fractions = Array.from({ length: drawnBlocks }, (_, k) => local('v128', `fractions${k}`))
    return [
      set(first, i64.trunc_sat_f64_u(counter)),
      for_(block, 0, blocks, drawnBlocks, [
        drawBlocks(fractions, [low, high], i64.add(first, i64.extend_i32_u(block))),
        fractions.map((pair, k) => v128.store(i32.shl(block, 4), pair, 16 * k)),
      ]),
    ]
  })
}
