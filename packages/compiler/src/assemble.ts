/** Puts a lowered program together: plans its memory, and encodes its kernels as one WebAssembly module. */
import type { Spec, Tensor } from '@tapegrad/autograd'
import { sizeOf } from '@tapegrad/autograd/tracing'
import { wasmFeatures } from '@tapegrad/kernels'
import type { Body, DefinedFunction, Expression, ImportedFunction, Local } from '@tapegrad/kernels/assembler'
import { call, encodeModule, func, i32, if_, local, select, set } from '@tapegrad/kernels/assembler'
import type { ControlWords } from './codegen/barrier.js'
import { barrierFunction, controlWordsAt } from './codegen/barrier.js'
import type { Layout } from './codegen/layout.js'
import { elementBytes } from './codegen/machine.js'
import type { KernelCode } from './codegen/mapLoop.js'
import { mapLoop } from './codegen/mapLoop.js'
import { listBytes } from './codegen/listPlaces.js'
import { nonzerosLoop, startList } from './codegen/nonzeros.js'
import type { MatmulFunctions } from './codegen/matmulLoop.js'
import {
  matmulFunctions,
  matmulLoops,
  overrunBytes,
  packedRightBytes,
  threadScratchBytes,
} from './codegen/matmulLoop.js'
import { randomLoop } from './codegen/randomLoop.js'
import { reduceLoop } from './codegen/reduceLoop.js'
import { copyLoop } from './codegen/copyLoop.js'
import { cumulativeLoop, scatterLoop } from './codegen/scatterLoop.js'
import { workOf } from './codegen/work.js'
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
  /** The first byte behind what it needs. */
  readonly memoryBytes: number
  readonly control: ControlWords
  /** Where its own memory begins. */
  readonly start: number
  /** The plan: which buffer is where, and from which kernel to which it is needed. */
  readonly buffers: readonly (Lifetime & { readonly address: number })[]
  /** An estimate of the time a run takes, in elements times operations. */
  readonly work: number
  readonly constants: readonly PlacedConstant[]
  /** The address of each stored node's elements. */
  readonly addresses: ReadonlyMap<number, number>
}

export interface AssembleOptions {
  /** How many threads may run it at most. */
  readonly threads: number
  /** Whether its memory is shared: always where there are several threads. */
  readonly shared: boolean
  /** Buffers whose address is given: a state that outlives the program. */
  readonly fixed?: ReadonlyMap<number, number>
  /** Where the program's own memory begins, 0 by default. */
  readonly start?: number
  readonly maximumPages: number
}

export function assemble(lowered: LoweredProgram, options: AssembleOptions): AssembledProgram {
  const { program, kernels, buffers } = lowered
  const { threads, fixed = new Map<number, number>(), start = 0 } = options
  const control = controlWordsAt(Math.ceil(start / 64) * 64)
  const functions = new MatmulFunctionTable()
  const lifetimes = lifetimesOf(lowered, functions).filter(({ buffer }) => !fixed.has(buffer))
  const { addresses, end } = placeBuffers(lifetimes, control.end)
  const addressOf = (buffer: number): number => fixed.get(buffer) ?? addresses.get(buffer)!

  const products = kernels.filter((kernel) => kernel.kind === 'matmul')
  const sharedBytes = largest(products.map((product) => packedRightBytes(product, functions.for(product))))
  const threadBytes = aligned(
    largest(products.map((product) => threadScratchBytes(product, functions.for(product)))),
  )
  const sharedScratch = end
  const threadScratch = sharedScratch + aligned(sharedBytes)
  // Packing may read beyond a matrix by less than a panel's width, and vectors beyond the last element.
  const memoryBytes = threadScratch + threads * threadBytes + 1024
  checkMemory(memoryBytes)

  const layout: Layout = {
    addressOf,
    shared: options.shared,
    errorAddress: control.error,
    sharedScratch,
    threadScratch,
    threadScratchBytes: threadBytes,
  }
  const steps = kernels.flatMap((kernel) => stepsOf(kernel, functions, layout))
  return {
    bytes: encode(steps, control, options),
    start,
    buffers: lifetimes.map((lifetime) => ({ ...lifetime, address: addressOf(lifetime.buffer) })),
    control,
    work: steps.reduce((total, { work }) => total + work, 0),
    memoryBytes,
    constants: program.nodes.flatMap((node, index) =>
      node.kind === 'constant' && buffers.has(index) && !fixed.has(index)
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
  const lists = kernels.flatMap((kernel) =>
    kernel.kind === 'nonzeros'
      ? [
          {
            buffer: kernel.buffer,
            bytes: listBytes(kernel),
            first: firstWrite.get(kernel.buffer)!,
            last: lastUse.get(kernel.buffer)!,
          },
        ]
      : [],
  )
  const results = new Set(program.outputs.map((output) => buffers.get(output)))
  const values = [...new Set(buffers.values())].map((buffer) => {
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
  return [...values, ...lists]
}

/** A kernel's code, and how much work it is. */
interface Step {
  readonly code: KernelCode
  readonly work: number
}

function stepsOf(kernel: Kernel, functions: MatmulFunctionTable, layout: Layout): Step[] {
  const codes = codesOf(kernel, functions, layout)
  return codes.map((code) => ({ code, work: workOf(kernel) / codes.length }))
}

function codesOf(kernel: Kernel, functions: MatmulFunctionTable, layout: Layout): readonly KernelCode[] {
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
    case 'random':
      return [randomLoop(kernel, layout)]
    case 'nonzeros':
      return [startList(kernel, layout), nonzerosLoop(kernel, layout)]
    case 'copy':
      return [copyLoop(kernel, layout)]
  }
}

/** Less work than this is done by one thread while the others wait: sharing it would take longer. */
const leastShared = 16_000

/** Steps in one function; engines compile small functions sooner, and refuse huge ones. */
const stepsInFunction = 64

/** The module: `run(thread, threads, maySleep)` does a thread's part of everything. */
function encode(
  steps: readonly Step[],
  control: ControlWords,
  { shared, maximumPages }: AssembleOptions,
): Uint8Array<ArrayBuffer> {
  const barrier = barrierFunction(control)
  const parameters = { thread: 'i32', threads: 'i32', maySleep: 'i32' } as const
  const isShared = steps.map(({ code, work }) => shared && code.total > 1 && work >= leastShared)
  const part = (first: number): DefinedFunction<'none'> =>
    func('part', parameters, 'none', ({ thread, threads, maySleep }) =>
      steps.slice(first, first + stepsInFunction).map(({ code }, k): Body => {
        const index = first + k
        // Between two steps that one thread does alone, no one has to wait.
        const waits = shared && (isShared[index] || isShared[index + 1] || index === steps.length - 1)
        const wait: Body = waits ? [call(barrier, threads, maySleep)] : []
        const work: Body = isShared[index] ? callPart(code, thread, threads) : callWhole(code, thread)
        if (code.onlyIf === undefined) return [work, wait]
        // What isn't done needs no waiting for, if the step before has been waited for.
        return isShared[index] ? [if_(code.onlyIf, [work, wait])] : [if_(code.onlyIf, work), wait]
      }),
    )
  const parts = Array.from({ length: Math.ceil(steps.length / stepsInFunction) }, (_, k) =>
    part(k * stepsInFunction),
  )
  const run = func('run', parameters, 'none', ({ thread, threads, maySleep }) =>
    parts.map((f) => call(f, thread, threads, maySleep)),
  )
  return encodeModule({
    imports: mathImports(),
    memory: { minimum: 1, maximum: maximumPages, shared, import: ['program', 'memory'] },
    exports: { run },
  })
}

/** Calls a kernel on this thread's part of its work. */
function callPart({ run, total, grain }: KernelCode, thread: Local<'i32'>, threads: Local<'i32'>): Body {
  const grains = Math.ceil(total / grain)
  const part = local('i32', 'part')
  const begin = local('i32', 'begin')
  return [
    set(part, i32.mul(i32.div_u(i32.add(i32.sub(threads, 1), grains), threads), grain)),
    set(begin, i32.mul(thread, part)),
    // Where the last threads are left without work, their parts would begin behind the end.
    if_(i32.lt_s(begin, total), [call(run, begin, smaller(i32.add(begin, part), total), thread)]),
  ]
}

/** Calls a kernel on all of its work, on the first thread. */
function callWhole({ run, total }: KernelCode, thread: Local<'i32'>): Body {
  return [if_(i32.eqz(thread), [call(run, 0, total, 0)])]
}

function smaller(x: Expression<'i32'>, limit: number): Expression<'i32'> {
  return select(x, limit, i32.lt_s(x, limit))
}

/** What the functions of JavaScript's Math are called that rare lanes fall back to. */
function mathImports(): readonly ImportedFunction[] {
  return (['sin', 'cos', 'tan'] as const).flatMap((name) => vectorMathImports(name))
}
