/** Puts a lowered program together: plans its memory, and encodes its kernels as one WebAssembly module. */
import type { Spec, Tensor } from '@tapegrad/autograd'
import { sizeOf } from '@tapegrad/autograd/tracing'
import type { CompressedRows } from '@tapegrad/kernels'
import type { ControlWords } from './codegen/barrier.js'
import { controlWordsAt } from './codegen/barrier.js'
import { copyLoop } from './codegen/copyLoop.js'
import {
  overrunBytes,
  packedLeftBytes,
  packedRightBytes,
  packLeft,
  packRight,
  threadScratchBytes,
} from './codegen/denseProduct.js'
import type { KernelCode } from './codegen/kernelCode.js'
import type { Layout } from './codegen/layout.js'
import { elementBytes } from './codegen/machine.js'
import { mapLoop } from './codegen/mapLoop.js'
import { ModuleFunctions } from './codegen/moduleFunctions.js'
import { chooseList, listCompressedRows, listLayoutOf, listRows } from './codegen/nonzeros.js'
import { product } from './codegen/product.js'
import { randomLoop } from './codegen/randomLoop.js'
import { reduceLoop } from './codegen/reduceLoop.js'
import { cumulativeLoop, scatterLoop } from './codegen/scatterLoop.js'
import { workOf } from './codegen/work.js'
import { encodeProgram } from './encodeProgram.js'
import { CompileError } from './errors.js'
import type { Kernel } from './lowering/kernel.js'
import type { LoweredProgram } from './lowering/lower.js'
import { buffersRead } from './lowering/reads.js'
import { rowsOf, touchesOf } from './lowering/touches.js'
import type { Phase, Step } from './phases.js'
import { phasesOf } from './phases.js'
import type { Lifetime } from './plan.js'
import { alignedFor, placeBuffers, roomFor } from './plan.js'
import { withSweeps } from './sweeps.js'

/** A constant with its place in memory. */
export interface PlacedConstant {
  readonly address: number
  readonly value: number | Tensor | CompressedRows
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
  /** The steps, between which threads wait for one another. */
  readonly phases: readonly Phase[]
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
  const { threads, shared, fixed = new Map<number, number>(), start = 0, maximumPages } = options
  const control = controlWordsAt(Math.ceil(start / 64) * 64)
  const functions = new ModuleFunctions()
  const sizes = bufferSizes(lowered, functions)
  const steps = kernels.flatMap((kernel, index) => stepsOf(kernel, index, functions, { lowered, sizes }))
  // A new state may have the old one's place. Buffers without one are told from addresses by being negative.
  const resourceOf = (buffer: number): number => fixed.get(buffer) ?? -1 - buffer
  const phases = phasesOf(steps, resourceOf)
  const lifetimes = lifetimesOf(lowered, sizes, phases).filter(({ buffer }) => !fixed.has(buffer))
  const { addresses, end } = placeBuffers(lifetimes, control.end)
  const addressOf = (buffer: number): number => fixed.get(buffer) ?? addresses.get(buffer)!

  const threadBytes = roomFor(
    kernels.reduce(
      (most, kernel) =>
        kernel.kind === 'matmul' && kernel.nonzeros?.isCompressed !== true
          ? Math.max(most, threadScratchBytes(kernel, functions.dense(kernel.dtype)))
          : most,
      0,
    ),
  )
  const threadScratch = alignedFor(threadBytes, end)
  // Packing may read beyond a matrix by less than a panel's width, listing by less than 64 elements, and vectors
  // beyond the last element.
  const memoryBytes = threadScratch + threads * threadBytes + 1024
  checkMemory(memoryBytes)

  const layout: Layout = {
    addressOf,
    errorAddress: control.error,
    threadScratch,
    threadScratchBytes: threadBytes,
  }
  return {
    bytes: encodeProgram(withSweeps(phases, lowered, layout), {
      isUsed: functions.isUsed,
      control,
      threads,
      shared,
      maximumPages,
    }),
    start,
    buffers: lifetimes.map((lifetime) => ({ ...lifetime, address: addressOf(lifetime.buffer) })),
    control,
    phases,
    work: phases.flat().reduce((total, { work }) => total + work, 0),
    memoryBytes,
    constants: program.nodes.flatMap((node, index) =>
      (node.kind === 'constant' || node.kind === 'compressed') && buffers.has(index) && !fixed.has(index)
        ? [{ address: addressOf(index), value: node.value, spec: node.spec }]
        : [],
    ),
    addresses: new Map([...buffers].map(([node, buffer]) => [node, addressOf(buffer)])),
  }
}

function checkMemory(bytes: number): void {
  if (bytes > 2 ** 31)
    throw new CompileError(
      'MEMORY',
      `compile: the program needs ${bytes} bytes of memory; a WebAssembly program has at most ${2 ** 31}. Use smaller batches or arrays`,
    )
}

/** The bytes of every buffer, with what is written beyond its end. */
function bufferSizes(
  { program, kernels, buffers }: LoweredProgram,
  functions: ModuleFunctions,
): Map<number, number> {
  const sizes = new Map<number, number>()
  for (const buffer of buffers.values()) {
    const { shape, dtype } = program.nodes[buffer].spec
    sizes.set(buffer, sizeOf(shape) * elementBytes[dtype])
  }
  for (const kernel of kernels) {
    const { buffer } = kernel
    if (kernel.kind === 'nonzeros') sizes.set(buffer, listLayoutOf(kernel).bytes)
    if (kernel.kind === 'packLeft') sizes.set(buffer, packedLeftBytes(kernel, functions.dense(kernel.dtype)))
    if (kernel.kind === 'packRight')
      sizes.set(buffer, packedRightBytes(kernel, functions.dense(kernel.dtype)))
    if (kernel.kind === 'matmul')
      sizes.set(buffer, sizes.get(buffer)! + overrunBytes(kernel, functions.dense(kernel.dtype)))
  }
  return sizes
}

/** In which phases each buffer is needed: inputs, constants and results in all, others from the first to the last use. */
function lifetimesOf(
  { program, kernels, buffers }: LoweredProgram,
  sizes: ReadonlyMap<number, number>,
  phases: readonly Phase[],
): Lifetime[] {
  const firstUse = new Map<number, number>()
  const lastUse = new Map<number, number>()
  phases.forEach((phase, time) => {
    for (const step of phase) {
      const kernel = kernels[step.kernel]
      for (const buffer of [kernel.buffer, ...buffersRead(kernel)]) {
        if (!firstUse.has(buffer)) firstUse.set(buffer, time)
        lastUse.set(buffer, time)
      }
    }
  })
  const results = new Set(program.outputs.map((output) => buffers.get(output)))
  return [...sizes].map(([buffer, bytes]) => {
    const isAlways = buffer < program.nodes.length && program.nodes[buffer].kind !== 'operation'
    return {
      buffer,
      bytes,
      first: isAlways ? 0 : (firstUse.get(buffer) ?? 0),
      last: isAlways || results.has(buffer) ? phases.length : (lastUse.get(buffer) ?? 0),
    }
  })
}

/** For finding out how a kernel's code can be cut, which doesn't depend on addresses. */
const anywhere: Layout = { addressOf: () => 0, errorAddress: 0, threadScratch: 0, threadScratchBytes: 0 }

function stepsOf(
  kernel: Kernel,
  index: number,
  functions: ModuleFunctions,
  { lowered, sizes }: { readonly lowered: LoweredProgram; readonly sizes: ReadonlyMap<number, number> },
): Step[] {
  const { program } = lowered
  const elementsOf = (buffer: number): number => sizeOf(program.nodes[buffer].spec.shape)
  const touches = touchesOf(kernel, elementsOf)
  const codes = codesOf(kernel, functions, anywhere)
  return codes.map((code, part) => ({
    kernel: index,
    code,
    codeAt: (layout) => codesOf(kernel, functions, layout)[part],
    // What every thread does for itself writes nothing that others read.
    touches: code.isForEveryThread === true ? { ...touches, writes: [] } : touches,
    rows: rowsOf(kernel, code.total),
    work: workOf(kernel) / codes.length,
    bytes: sizes.get(kernel.buffer) ?? 0,
  }))
}

function codesOf(kernel: Kernel, functions: ModuleFunctions, layout: Layout): readonly KernelCode[] {
  switch (kernel.kind) {
    case 'map':
      return [mapLoop(kernel, layout)]
    case 'reduce':
      return [reduceLoop(kernel, layout)]
    case 'matmul':
      return [product(kernel, functions, layout)]
    case 'packLeft':
      return [packLeft(kernel, functions.dense(kernel.dtype), layout)]
    case 'packRight':
      return [packRight(kernel, functions.dense(kernel.dtype), layout)]
    case 'scatter':
      return [scatterLoop(kernel, layout)]
    case 'cumulative':
      return [cumulativeLoop(kernel, layout)]
    case 'random':
      return [randomLoop(kernel, layout)]
    case 'nonzeros':
      return kernel.isCompressed === true
        ? [listCompressedRows(kernel, functions, layout)]
        : [chooseList(kernel, functions, layout), listRows(kernel, functions, layout)]
    case 'copy':
      return [copyLoop(kernel, layout)]
  }
}
