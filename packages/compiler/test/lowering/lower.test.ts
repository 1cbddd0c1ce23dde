import type { Value, Variable } from '@tapegrad/autograd'
import {
  add,
  broadcastTo,
  cast,
  concat,
  exp,
  greater,
  grad,
  log,
  matmul,
  mul,
  reshape,
  sin,
  slice,
  square,
  sum,
  tensor,
  transpose,
  where,
} from '@tapegrad/autograd'
import { sizeOf } from '@tapegrad/autograd/tracing'
import { positionsIn } from '../../src/lowering/expression.js'
import type { Expression } from '../../src/lowering/expression.js'
import type { Kernel } from '../../src/lowering/kernel.js'
import type { Linear } from '../../src/lowering/linear.js'
import type { LoweredProgram } from '../../src/lowering/lower.js'
import { lower } from '../../src/lowering/lower.js'
import { buffersRead } from '../../src/lowering/reads.js'
import { isView, storedNodes } from '../../src/lowering/storage.js'
import { expand, optimize } from '../../src/passes/index.js'
import type { LoweredNode } from '../../src/program.js'
import { traceProgram } from '../../src/trace.js'
import { randomProgram, traced } from '../support/randomProgram.js'

const programs = Array.from({ length: 300 }, (_, seed) => traced(randomProgram(seed)))
const loweredPrograms = programs.flatMap((program) => [lower(expand(program)), lower(optimize(program))])

test('kernels read what inputs, constants and earlier kernels have filled', () => {
  for (const { program, kernels } of loweredPrograms) {
    // Where there are no elements there is nothing to fill.
    const isThere = ({ kind, spec }: LoweredNode): boolean => kind !== 'operation' || sizeOf(spec.shape) === 0
    const filled = new Set(program.nodes.flatMap((node, index) => (isThere(node) ? [index] : [])))
    for (const kernel of kernels) {
      expect([...buffersRead(kernel)].filter((buffer) => !filled.has(buffer))).toEqual([])
      filled.add(kernel.buffer)
    }
  }
})

test('kernels that fill one buffer follow one another, and read none of it', () => {
  for (const { kernels } of loweredPrograms) {
    const runs = kernels.filter((kernel, k) => k === 0 || kernels[k - 1].buffer !== kernel.buffer)
    expect(new Set(runs.map(({ buffer }) => buffer)).size).toBe(runs.length)
    expect(kernels.filter((kernel) => buffersRead(kernel).has(kernel.buffer))).toEqual([])
  }
})

test('every result is in a buffer of its size and dtype', () => {
  for (const { program, buffers } of loweredPrograms)
    for (const output of program.outputs) {
      const [value, buffer] = [output, buffers.get(output)!].map((index) => program.nodes[index].spec)
      expect([sizeOf(buffer.shape), buffer.dtype]).toEqual([sizeOf(value.shape), value.dtype])
    }
})

test('loops stay within the buffers that they read and fill', () => {
  for (const lowered of loweredPrograms)
    for (const kernel of lowered.kernels) {
      const loops = loopsOf(kernel)
      if (loops === undefined || sizeOf(loops) === 0) continue
      const size = (buffer: number): number => sizeOf(lowered.program.nodes[buffer].spec.shape)
      for (const { buffer, position } of accessesOf(kernel)) {
        const [least, most] = bounds(position, loops)
        expect(least).toBeGreaterThanOrEqual(0)
        expect(most).toBeLessThan(size(buffer))
      }
    }
})

function loopsOf(kernel: Kernel): readonly number[] | undefined {
  switch (kernel.kind) {
    case 'map':
    case 'scatter':
      return kernel.loops
    case 'reduce':
      return [...kernel.kept, ...kernel.reduced]
    default:
      return undefined
  }
}

interface BufferAccess {
  readonly buffer: number
  readonly position: Linear
}

function accessesOf(kernel: Kernel): BufferAccess[] {
  switch (kernel.kind) {
    case 'map':
      return [{ buffer: kernel.buffer, position: kernel.store }, ...loadsOf(kernel.value)]
    case 'reduce':
      return loadsOf(kernel.value)
    case 'scatter':
      return [
        { buffer: kernel.buffer, position: kernel.store },
        ...loadsOf(kernel.value),
        ...loadsOf(kernel.place),
      ]
    default:
      return []
  }
}

function loadsOf(expression: Expression): BufferAccess[] {
  switch (expression.kind) {
    case 'load':
      return [expression]
    case 'gather':
      return [expression, ...loadsOf(expression.place)]
    case 'apply':
      return expression.operands.flatMap(loadsOf)
    case 'place':
    case 'convert':
      return loadsOf(expression.operand)
    case 'constant':
    case 'index':
      return []
  }
}

/** The least and the largest value of a form over all indices of the loops. */
function bounds({ offset, steps }: Linear, loops: readonly number[]): [number, number] {
  const spans = steps.map((step, loop) => step * (loops[loop] - 1))
  const total = (list: number[]): number => list.reduce((sum, span) => sum + span, offset)
  return [total(spans.map((span) => Math.min(span, 0))), total(spans.map((span) => Math.max(span, 0)))]
}

test('expressions stay small, however long a chain is', () => {
  const { kernels } = loweredFrom((x) => {
    let y: Value = x
    for (let k = 0; k < 300; k++) y = sin(add(y, k))
    return y
  })
  for (const kernel of kernels)
    expect(operationsIn((kernel as { value: Expression }).value)).toBeLessThanOrEqual(50)
  expect(kernels.length).toBeLessThan(20)
})

function operationsIn(expression: Expression): number {
  switch (expression.kind) {
    case 'apply':
      return 1 + expression.operands.reduce((sum, operand) => sum + operationsIn(operand), 0)
    case 'convert':
    case 'place':
      return operationsIn(expression.operand)
    default:
      return 0
  }
}

/** The lowered program of a function of a float32 matrix. */
function loweredFrom(f: (x: Variable) => Value | Value[]): LoweredProgram {
  const spec = { kind: 'tensor', shape: [6, 4], dtype: 'float32' } as const
  return lower(optimize(traceProgram(([x]) => [f(x)].flat(), [spec])))
}

const kindsOf = ({ kernels }: LoweredProgram): string[] => kernels.map(({ kind }) => kind)

describe('fusion', () => {
  test('makes one loop of a chain of elementwise operations and views', () => {
    expect(kindsOf(loweredFrom((x) => exp(mul(transpose(sin(x)), 2))))).toEqual(['map'])
    expect(kindsOf(loweredFrom((x) => where(greater(x, 0), x, cast(mul(x, 3), 'float32'))))).toEqual(['map'])
  })

  test('writes a chain into the reduction that ends it', () => {
    expect(kindsOf(loweredFrom((x) => sum(square(add(x, 1)), { axis: 1 })))).toEqual(['reduce'])
  })

  test('stores what two loops use, once', () => {
    const lowered = loweredFrom((x) => {
      const shared = exp(x)
      return [sum(shared, { axis: 0 }), sum(shared, { axis: 1 })]
    })
    expect(kindsOf(lowered)).toEqual(['map', 'reduce', 'reduce'])
  })

  test('computes a row once, not for each of its repetitions', () => {
    const lowered = loweredFrom((x) => add(x, broadcastTo(exp(slice(x, [0, 0], [1, 4])), [6, 4])))
    expect(kindsOf(lowered)).toEqual(['map', 'map'])
    expect(lowered.kernels[0]).toMatchObject({ loops: [1, 4] })
  })

  test('reads matrices where they are, transposed or not', () => {
    expect(kindsOf(loweredFrom((x) => matmul(transpose(x), x)))).toEqual(['matmul'])
    expect(kindsOf(loweredFrom((x) => matmul(exp(x), x, { transposeB: true })))).toEqual(['map', 'matmul'])
  })

  test('copies nothing to reshape', () => {
    const lowered = loweredFrom((x) => reshape(exp(x), [4, 6]))
    expect(kindsOf(lowered)).toEqual(['map'])
    expect(lowered.buffers.get(lowered.program.outputs[0])).toBe(lowered.kernels[0].buffer)
  })

  test('writes each part of a concatenation into its place', () => {
    const lowered = loweredFrom((x) => concat([exp(x), log(x)], 1))
    expect(kindsOf(lowered)).toEqual(['map', 'map'])
    expect(new Set(lowered.kernels.map(({ buffer }) => buffer)).size).toBe(1)
  })

  test('makes few kernels of a layer and its gradient', () => {
    const weights = tensor([
      [0.1, 0.2],
      [0.3, 0.4],
      [0.5, 0.6],
      [0.7, 0.8],
    ])
    const lowered = loweredFrom(
      (x) => grad((w: Variable) => sum(square(matmul(x, w))))(weights as never) as Value,
    )
    expect(kindsOf(lowered)).toEqual(['matmul', 'map', 'matmul'])
  })
})

test('values are stored where they must be, and views of several users are not copied for them', () => {
  for (const program of programs) {
    const stored = storedNodes(program)
    for (const output of program.outputs) expect(stored[output]).toBe(1)
    for (const { kind, inputs, ...node } of program.nodes) {
      const operation = kind === 'operation' ? (node as { operation: string }).operation : ''
      if (operation === 'matmul' || operation === 'cumsum')
        expect(inputs.every((input) => stored[input] === 1)).toBe(true)
      if (operation.startsWith('take')) expect(stored[inputs[0]]).toBe(1)
    }
  }
  const { program, kernels } = loweredFrom((x) => {
    const view = transpose(x)
    return [sin(view), exp(view)]
  })
  expect(kernels).toHaveLength(2)
  expect(program.nodes.some((node) => node.kind === 'operation' && isView(node.operation))).toBe(true)
  expect(kernels.flatMap((kernel) => positionsIn((kernel as { value: Expression }).value))).toHaveLength(2)
})
