/** Puts a lowered program together: plans its memory, and encodes its kernels as one WebAssembly module. */
import type { Spec, Tensor } from '@tapegrad/autograd'
import { sizeOf } from '@tapegrad/autograd/tracing'
import { wasmFeatures } from '@tapegrad/kernels'
import type { Body, Expression, ImportedFunction, Local } from '@tapegrad/kernels/assembler'
import { call, encodeModule, func, i32, local, select, set } from '@tapegrad/kernels/assembler'
import { barrierFunction, control, controlBytes } from './codegen/barrier.js'
import type { Layout } from './codegen/layout.js'
import { elementBytes } from './codegen/machine.js'
import type { KernelCode } from './codegen/mapLoop.js'
import { mapLoop } from './codegen/mapLoop.js'
import type { MatmulFunctions } from './codegen/matmulLoop.js'
import {
  matmulFunctions,
  matmulLoops,
  overrunBytes,
  packedLeftBytes,
  packedRightBytes,
} from './codegen/matmulLoop.js'
import { reduceLoop } from './codegen/reduceLoop.js'
import { cumulativeLoop, scatterLoop } from './codegen/scatterLoop.js'
import { CompileError } from './errors.js'
import type { Kernel, MatmulKernel } from './lowering/kernel.js'
import type { LoweredProgram } from './lowering/lower.js'
import { buffersRead } from './lowering/reads.js'
import { vectorMathImports } from './math/index.js'
import type { Lifetime } from './plan.js'
import { aligned, placeBuffers } from './plan.js'

/** A constant with its place in memory. */
export interface PlacedConstant {
  readonly address: number
  readonly value: number | Tensor
  readonly spec: Spec
}

/** A module, and where in its memory everything is. */
export interface AssembledProgram {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly memoryBytes: number
  readonly constants: readonly PlacedConstant[]
  /** The address of each stored node's elements. */
  readonly addresses: ReadonlyMap<number, number>
}

export interface AssembleOptions {
  readonly threads: number
  /** Buffers whose address is given: a state that outlives the program. */
  readonly fixed?: ReadonlyMap<number, number>
  /** Where the program's own memory begins. */
  readonly start?: number
  readonly maximumPages: number
}

export function assemble(lowered: LoweredProgram, options: AssembleOptions): AssembledProgram {
  const { program, kernels, buffers } = lowered
  const { threads, fixed = new Map<number, number>(), start = controlBytes } = options
  const functions = new MatmulFunctionTable()
  const lifetimes = lifetimesOf(lowered, functions).filter(({ buffer }) => !fixed.has(buffer))
  const { addresses, end } = placeBuffers(lifetimes, aligned(start))
  const addressOf = (buffer: number): number => fixed.get(buffer) ?? addresses.get(buffer)!

  const products = kernels.filter((kernel) => kernel.kind === 'matmul')
  const sharedBytes = largest(products.map((product) => packedRightBytes(product, functions.for(product))))
  const threadBytes = aligned(largest(products.map((product) => packedLeftBytes(functions.for(product)))))
  const sharedScratch = end
  const threadScratch = sharedScratch + aligned(sharedBytes)
  // Packing may read beyond a matrix by less than a panel's width, and vectors beyond the last element.
  const memoryBytes = threadScratch + threads * threadBytes + 1024
  checkMemory(memoryBytes)

  const layout: Layout = {
    addressOf,
    errorAddress: control.error,
    sharedScratch,
    threadScratch,
    threadScratchBytes: threadBytes,
  }
  const codes = kernels.flatMap((kernel) => codeOf(kernel, functions, layout))
  return {
    bytes: encode(codes, options),
    memoryBytes,
    constants: program.nodes.flatMap((node, index) =>
      node.kind === 'constant' && buffers.has(index)
        ? [{ address: addressOf(index), value: node.value, spec: node.spec }]
        : [],
    ),
    addresses: new Map([...buffers].map(([node, buffer]) => [node, addressOf(buffer)])),
  }
}

function largest(sizes: readonly number[]): number {
  return sizes.reduce((most, size) => Math.max(most, size), 0)
}

function checkMemory(bytes: number): void {
  if (bytes > 2 ** 31)
    throw new CompileError(
      'MEMORY',
      `compile: the program needs ${bytes} bytes of memory; a WebAssembly program has at most ${2 ** 31}. Use smaller batches or arrays`,
    )
}

/** The functions that matrix products of one dtype share. */
class MatmulFunctionTable {
  private readonly made = new Map<string, MatmulFunctions>()

  for({ dtype }: MatmulKernel): MatmulFunctions {
    const known = this.made.get(dtype)
    if (known !== undefined) return known
    const functions = matmulFunctions(dtype, wasmFeatures().relaxedSimd)
    this.made.set(dtype, functions)
    return functions
  }
}

/** When each buffer is needed: inputs, constants and results in every step, others from their kernel to their last reader. */
function lifetimesOf(
  { program, kernels, buffers }: LoweredProgram,
  functions: MatmulFunctionTable,
): Lifetime[] {
  const firstWrite = new Map<number, number>()
  const lastUse = new Map<number, number>()
  const overrun = new Map<number, number>()
  kernels.forEach((kernel, step) => {
    if (!firstWrite.has(kernel.buffer)) firstWrite.set(kernel.buffer, step)
    lastUse.set(kernel.buffer, step)
    for (const buffer of buffersRead(kernel)) lastUse.set(buffer, step)
    if (kernel.kind === 'matmul') overrun.set(kernel.buffer, overrunBytes(kernel, functions.for(kernel)))
  })
  const results = new Set(program.outputs.map((output) => buffers.get(output)))
  return [...new Set(buffers.values())].map((buffer) => {
    const { kind, spec } = program.nodes[buffer]
    const bytes = sizeOf(spec.shape) * elementBytes[spec.dtype] + (overrun.get(buffer) ?? 0)
    const isAlways = kind !== 'operation'
    return {
      buffer,
      bytes,
      first: isAlways ? 0 : (firstWrite.get(buffer) ?? 0),
      last: isAlways || results.has(buffer) ? kernels.length : (lastUse.get(buffer) ?? 0),
    }
  })
}

function codeOf(kernel: Kernel, functions: MatmulFunctionTable, layout: Layout): readonly KernelCode[] {
  switch (kernel.kind) {
    case 'map':
      return [mapLoop(kernel, layout)]
    case 'reduce':
      return [reduceLoop(kernel, layout)]
    case 'matmul':
      return matmulLoops(kernel, functions.for(kernel), layout)
    case 'scatter':
      return [scatterLoop(kernel, layout)]
    case 'cumulative':
      return [cumulativeLoop(kernel, layout)]
  }
}

/** The module: `run(thread, threads, maySleep)` does a thread's part of everything. */
function encode(
  codes: readonly KernelCode[],
  { threads, maximumPages }: AssembleOptions,
): Uint8Array<ArrayBuffer> {
  const run = func(
    'run',
    { thread: 'i32', threads: 'i32', maySleep: 'i32' },
    'none',
    ({ thread, maySleep }) => {
      const barrier = barrierFunction()
      const wait = (): Body => [call(barrier, i32.const(threads), maySleep)]
      return codes.map((code): Body => [callPart(code, thread, threads), threads === 1 ? [] : wait()])
    },
  )
  return encodeModule({
    imports: mathImports(),
    memory: { minimum: 1, maximum: maximumPages, shared: threads > 1, import: ['program', 'memory'] },
    exports: { run },
  })
}

/** Calls a kernel on this thread's part of its work. */
function callPart({ run, total, grain }: KernelCode, thread: Local<'i32'>, threads: number): Body {
  if (threads === 1) return [call(run, 0, total, 0)]
  const part = Math.ceil(Math.ceil(total / grain) / threads) * grain
  const begin = local('i32', 'begin')
  const end = local('i32', 'end')
  return [
    set(begin, smaller(i32.mul(thread, part), total)),
    set(end, smaller(i32.add(begin, part), total)),
    call(run, begin, end, thread),
  ]
}

function smaller(x: Expression<'i32'>, limit: number): Expression<'i32'> {
  return select(x, limit, i32.lt_s(x, limit))
}

/** What the functions of JavaScript's Math are called that rare lanes fall back to. */
function mathImports(): readonly ImportedFunction[] {
  return (['sin', 'cos', 'tan'] as const).flatMap((name) => vectorMathImports(name))
}
