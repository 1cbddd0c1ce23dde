/**
 * Which parts of buffers a kernel touches when it does only a part of its work. Threads share a kernel by rows: the
 * work, and so what is written, is cut into equal parts in order. Where the n-th row of a kernel reads only the n-th
 * row of a buffer, it needs no more of the kernel that fills it than the same thread has done.
 */
import type { Shape } from '@tapegrad/autograd'
import { sizeOf } from '@tapegrad/autograd/tracing'
import type { Expression } from './expression.js'
import type { Kernel } from './kernel.js'
import type { Linear } from './linear.js'

/** A buffer that a kernel reads or writes. */
export interface Touch {
  readonly buffer: number
  /** Whether each of so many rows of the kernel's work touches that row of the buffer alone. */
  isByRows(rows: number): boolean
}

export interface Touches {
  readonly reads: readonly Touch[]
  readonly writes: readonly Touch[]
}

/** Fewer rows than this are cut further where that is possible. */
const fewRows = 32

/** The rows that a kernel's work of `total` parts is best cut into: those of its first loops. */
export function rowsOf(kernel: Kernel, total: number): number {
  if ('parts' in kernel && kernel.parts !== undefined && total % kernel.parts === 0) return kernel.parts
  if (kernel.kind !== 'map' && kernel.kind !== 'reduce') return Math.max(1, total)
  let rows = 1
  for (const extent of kernel.kind === 'map' ? kernel.loops : kernel.kept) if (rows < fewRows) rows *= extent
  return rows > 0 && total % rows === 0 ? rows : Math.max(1, total)
}

/** `elementsOf` gives the number of elements of a buffer. */
export function touchesOf(kernel: Kernel, elementsOf: (buffer: number) => number): Touches {
  const { buffer } = kernel
  const inOrder: Touch = { buffer, isByRows: () => true }
  switch (kernel.kind) {
    case 'map': {
      const { loops, store, value } = kernel
      return {
        reads: touchesOfExpression(value, loops, elementsOf),
        writes: [{ buffer, isByRows: (rows) => isByRows(loops, store, elementsOf(buffer), rows) }],
      }
    }
    case 'reduce': {
      const { kept, reduced, value } = kernel
      // Rows are rows of what is kept: the loops over what is reduced come last, and aren't cut.
      const reads = touchesOfExpression(value, [...kept, ...reduced], elementsOf)
      return {
        reads: reads.map((read) => ({
          ...read,
          isByRows: (rows) => sizeOf(kept) % rows === 0 && read.isByRows(rows),
        })),
        writes: [inOrder],
      }
    }
    case 'matmul': {
      const { a, b, m, transposeA, nonzeros, packedLeft, packedRight, writeBack, batch } = kernel
      const isByMatrices = ([step]: readonly number[], rows: number): boolean =>
        batch.extents.length === 1 && step === 1 && rows === batch.count
      const left = {
        isByRows: (rows: number) =>
          batch.count === 1 ? !transposeA && m % rows === 0 : isByMatrices(batch.a, rows),
      }
      return {
        reads: [
          ...(nonzeros?.isCompressed === true ? [] : [{ buffer: a, ...left }]),
          { buffer: b, isByRows: (rows) => batch.count > 1 && isByMatrices(batch.b, rows) },
          ...(nonzeros === undefined ? [] : [{ buffer: nonzeros.buffer, ...left }]),
          ...(packedLeft === undefined ? [] : [{ buffer: packedLeft, ...left }]),
          ...(packedRight === undefined ? [] : [{ buffer: packedRight, isByRows: never }]),
          ...(writeBack?.bias === undefined ? [] : [{ buffer: writeBack.bias, isByRows: never }]),
        ],
        writes: [inOrder],
      }
    }
    case 'packLeft': {
      const isByPanels = (rows: number): boolean =>
        kernel.count === 1 ? kernel.m % rows === 0 : rows === kernel.count
      return {
        reads: [{ buffer: kernel.a, isByRows: isByPanels }],
        writes: [{ buffer, isByRows: isByPanels }],
      }
    }
    case 'packRight':
      // What threads pack together isn't cut by rows.
      return { reads: [{ buffer: kernel.b, isByRows: never }], writes: [{ buffer, isByRows: never }] }
    case 'nonzeros': {
      const { loops, leaf, values } = kernel
      return {
        reads: [
          ...(values === undefined ? [] : [{ buffer: values, isByRows: never }]),
          ...touchesOfExpression(leaf, loops, elementsOf),
        ],
        writes: [{ buffer, isByRows: (rows) => sizeOf(loops.slice(0, -1)) % rows === 0 }],
      }
    }
    case 'cumulative': {
      const isByLines = (rows: number): boolean => kernel.outer % rows === 0
      return {
        reads: [{ buffer: kernel.source, isByRows: isByLines }],
        writes: [{ buffer, isByRows: isByLines }],
      }
    }
    case 'scatter':
      return {
        reads: [kernel.value, kernel.place]
          .flatMap((expression) => touchesOfExpression(expression, kernel.loops, elementsOf))
          .map(({ buffer: read }) => ({ buffer: read, isByRows: never })),
        // It adds to what has been written before.
        writes: [{ buffer, isByRows: never }],
      }
    case 'random':
      return {
        reads: [...kernel.key, kernel.counter].map((read) => ({ buffer: read, isByRows: never })),
        // Numbers come in pairs.
        writes: [{ buffer, isByRows: (rows) => kernel.count % (2 * rows) === 0 }],
      }
    case 'copy':
      return { reads: [{ buffer: kernel.source, isByRows: () => true }], writes: [inOrder] }
  }
}

function never(): boolean {
  return false
}

function touchesOfExpression(
  expression: Expression,
  loops: Shape,
  elementsOf: (buffer: number) => number,
): Touch[] {
  switch (expression.kind) {
    case 'load': {
      const { buffer, position } = expression
      return [{ buffer, isByRows: (rows) => isByRows(loops, position, elementsOf(buffer), rows) }]
    }
    case 'gather':
      return [
        { buffer: expression.buffer, isByRows: never },
        ...touchesOfExpression(expression.place, loops, elementsOf),
      ]
    case 'apply':
      return expression.operands.flatMap((operand) => touchesOfExpression(operand, loops, elementsOf))
    case 'place':
    case 'convert':
      return touchesOfExpression(expression.operand, loops, elementsOf)
    case 'constant':
    case 'index':
      return []
  }
}

/**
 * Whether a form, in the n-th of `rows` equal parts of the loops, stays in the n-th of as many parts of `elements`
 * elements.
 */
export function isByRows(loops: Shape, position: Linear, elements: number, rows: number): boolean {
  const cut = cutLoops(loops, position, rows)
  if (cut === undefined || elements % rows !== 0) return false
  const part = elements / rows
  let step = part
  for (let loop = cut.outer - 1; loop >= 0; loop--) {
    if (cut.extents[loop] > 1 && cut.steps[loop] !== step) return false
    step *= cut.extents[loop]
  }
  let [least, most] = [position.offset, position.offset]
  for (let loop = cut.outer; loop < cut.extents.length; loop++) {
    const reach = cut.steps[loop] * (cut.extents[loop] - 1)
    if (reach < 0) least += reach
    else most += reach
  }
  return least >= 0 && most < part
}

interface CutLoops {
  readonly extents: readonly number[]
  readonly steps: readonly number[]
  /** How many of them, the outermost, run through the rows. */
  readonly outer: number
}

/** Loops whose first ones run through `rows` rows, one of them cut in two if need be; undefined where that can't be. */
function cutLoops(loops: Shape, { steps }: Linear, rows: number): CutLoops | undefined {
  let outer = 0
  let covered = 1
  while (covered < rows && outer < loops.length && rows % (covered * loops[outer]) === 0)
    covered *= loops[outer++]
  if (covered === rows) return { extents: loops, steps, outer }
  const missing = rows / covered
  if (outer === loops.length || !Number.isInteger(missing) || loops[outer] % missing !== 0) return undefined
  const inner = loops[outer] / missing
  return {
    extents: [...loops.slice(0, outer), missing, inner, ...loops.slice(outer + 1)],
    steps: [...steps.slice(0, outer), steps[outer] * inner, steps[outer], ...steps.slice(outer + 1)],
    outer: outer + 1,
  }
}
