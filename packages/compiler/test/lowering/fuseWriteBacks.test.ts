import type { DType, Spec, Tensor, Value, Variable } from '@tapegrad/autograd'
import {
  add,
  cast,
  concat,
  grad,
  matmul,
  mean,
  mul,
  relu,
  reshape,
  square,
  sub,
  sum,
  take,
  tensor,
  transpose,
} from '@tapegrad/autograd'
import { sizeOf } from '@tapegrad/autograd/tracing'
import { test as property } from '@fast-check/jest'
import fc from 'fast-check'
import { compile } from '../../src/compile.js'
import { compileStep } from '../../src/compileStep.js'
import { formatKernels } from '../../src/explain.js'
import { findNonzeros } from '../../src/lowering/findNonzeros.js'
import { fuseWriteBacks } from '../../src/lowering/fuseWriteBacks.js'
import type { Kernel, MapKernel, MatmulKernel } from '../../src/lowering/kernel.js'
import type { LoweredProgram } from '../../src/lowering/lower.js'
import { lower } from '../../src/lowering/lower.js'
import { buffersRead } from '../../src/lowering/reads.js'
import { touchesOf } from '../../src/lowering/touches.js'
import { optimize } from '../../src/passes/index.js'
import { traceProgram } from '../../src/trace.js'
import { Draw } from '../support/draw.js'
import { ForcedPace } from '../support/together.js'

type Function_ = (...inputs: Value[]) => readonly Value[]

function lowered(
  f: Function_,
  shapes: readonly (readonly number[])[],
  dtype: DType = 'float32',
): LoweredProgram {
  const specs = shapes.map((shape): Spec => ({ kind: 'tensor', shape, dtype }))
  return lower(optimize(traceProgram((inputs) => [...f(...inputs)], specs)))
}

function kernelsOf(f: Function_, given: readonly (readonly number[])[] = shapes): readonly Kernel[] {
  return fuseWriteBacks(lowered(f, given)).kernels
}

/** x, w, b: the result is just as large as one that is worth it. */
const shapes = [[128, 20], [20, 128], [128]]

describe('a product writes back', () => {
  test.each<[string, Function_, object]>([
    ['with a bias', (x, w, b) => [add(matmul(x, w), b)], { bias: 2, relu: false }],
    ['with a bias before it', (x, w, b) => [add(b, matmul(x, w))], { bias: 2, relu: false }],
    ['with a bias and relu', (x, w, b) => [relu(add(matmul(x, w), b))], { bias: 2, relu: true }],
    ['with relu alone', (x, w) => [relu(matmul(x, w))], { relu: true }],
  ])('%s', (_what, f, writeBack) => {
    const before = lowered(f, shapes)
    const { kernels, buffers } = fuseWriteBacks(before)
    const [product, map] = before.kernels
    expect(kernels).toEqual([{ ...product, buffer: map.buffer, writeBack }])
    expect([...buffers.values()]).not.toContain(product.buffer)
    expect(buffers.get(map.buffer)).toBe(map.buffer)
  })

  test('with a bias that is made before it', () => {
    const [bias, product] = kernelsOf((x, w, b) => {
      const made = sum(mul(x, 2), { axis: 1 })
      return [add(matmul(x, w), made), mul(made, b)]
    })
    expect(product).toMatchObject({ kind: 'matmul', writeBack: { bias: bias.buffer, relu: false } })
  })

  test('layer after layer', () => {
    const kernels = kernelsOf((x, w, b) => {
      const hidden = relu(add(matmul(x, w), b))
      return [relu(add(matmul(hidden, hidden), b))]
    })
    expect(kernels.map(({ kind }) => kind)).toEqual(['matmul', 'matmul'])
    expect(kernels[1]).toMatchObject({ a: kernels[0].buffer, b: kernels[0].buffer })
  })

  test('and reads all of the bias with each of its rows', () => {
    const [product] = kernelsOf((x, w, b) => [add(matmul(x, w), b)])
    expect([...buffersRead(product)]).toEqual([0, 1, 2])
    const bias = touchesOf(product, () => 128).reads.find(({ buffer }) => buffer === 2)
    expect(bias?.isByRows(2)).toBe(false)
  })

  test('and says so', () => {
    expect(formatKernels(kernelsOf((x, w, b) => [relu(add(matmul(x, w), b))]))).toBe(
      '100.0 %  %5 [128, 128] = relu(%0 · %1 + %2) over 20',
    )
    expect(formatKernels(kernelsOf((x, w, b) => [add(matmul(x, w), b)]))).toContain('= %0 · %1 + %2 over')
    expect(formatKernels(kernelsOf((x, w) => [relu(matmul(x, w))]))).toContain('= relu(%0 · %1) over')
  })

  test('where its left side is listed, too', () => {
    const { kernels } = findNonzeros(
      fuseWriteBacks(lowered((x, w, b) => [relu(add(matmul(x, w), b))], [[128, 200], [200, 128], [128]])),
    )
    expect(kernels.map(({ kind }) => kind)).toEqual(['nonzeros', 'matmul'])
  })
})

describe('a product is left as it is', () => {
  test.each<[string, Function_, (readonly number[])[]]>([
    ['that is small', (x, w, b) => [add(matmul(x, w), b)], [[127, 20], [20, 128], [128]]],
    ['that is one of a batch', (x, w, b) => [add(matmul(x, w), b)], [[2, 128, 20], [2, 20, 128], [128]]],
    [
      'that is a result',
      (x, w, b) => {
        const product = matmul(x, w)
        return [product, add(product, b)]
      },
      shapes,
    ],
    [
      'that others read',
      (x, w, b) => {
        const product = matmul(x, w)
        return [add(product, b), sum(mul(product, product))]
      },
      shapes,
    ],
    ['that a reduction reads', (x, w) => [sum(matmul(x, w), { axis: 0 })], shapes],
    ['that something else is done to', (x, w, b) => [mul(matmul(x, w), b)], shapes],
    ['that something more is done to', (x, w, b) => [mul(relu(add(matmul(x, w), b)), 2)], shapes],
    ['that a bias for each row is added to', (x, w, b) => [add(matmul(x, w), reshape(b, [128, 1]))], shapes],
    ['that a number is added to', (x, w) => [add(matmul(x, w), 1)], shapes],
    ['that a matrix is added to', (x, w) => [add(matmul(x, w), matmul(transpose(w), transpose(x)))], shapes],
    [
      'that a bias with gaps is added to',
      (x, w, b) => [add(matmul(x, w), take(reshape(b, [128, 2]), 0, 1))],
      [[128, 20], [20, 128], [256]],
    ],
    ['that is read transposed', (x, w, b) => [add(transpose(matmul(x, w)), b)], shapes],
    ['that is added to itself', (x, w) => [add(matmul(x, w), matmul(x, w))], shapes],
    ['that is a part of a larger result', (x, w, b) => [concat([add(matmul(x, w), b), x], 1)], shapes],
    [
      'that is the first part of a result',
      (x, w, b) => [concat([add(matmul(x, w), b), transpose(w, [0, 1])], 0)],
      shapes,
    ],
    ['whose dtype is changed', (x, w) => [relu(cast(matmul(x, w), 'float64'))], shapes],
    [
      'whose bias is made of it',
      (x, w) => {
        const product = matmul(x, w)
        return [add(product, sum(product, { axis: 0 }))]
      },
      shapes,
    ],
    [
      'whose bias is made after it',
      (x, w, b) => {
        const product = matmul(x, w)
        return [add(product, sum(mul(x, b), { axis: 1 }))]
      },
      [[128, 128], [128, 128], [128]],
    ],
  ])('%s', (_what, f, given) => {
    const before = lowered(f, given)
    expect(before.kernels.map(({ kind }) => kind)).toContain('matmul')
    expect(fuseWriteBacks(before).kernels).toEqual(before.kernels)
  })

  test('whose loop is left undone where a list is used', () => {
    const before = lowered((x, w) => [relu(matmul(x, w))], shapes)
    const [product, map] = before.kernels as [MatmulKernel, MapKernel]
    const kernels = [product, { ...map, unlessListed: 9 }]
    expect(fuseWriteBacks({ ...before, kernels }).kernels).toEqual(kernels)
  })

  test('whose loop writes in the place of a state', () => {
    const before = lowered((x, w) => [relu(matmul(x, w))], shapes)
    const inPlace = new Map([[before.kernels[1].buffer, 0]])
    expect(fuseWriteBacks(before, inPlace).kernels).toEqual(before.kernels)
  })
})

interface Layer {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly dtype: 'float32' | 'float64'
  readonly transposeA: boolean
  readonly transposeB: boolean
  readonly bias: boolean
  readonly relu: boolean
  /** The fraction of the left side's elements that aren't zero. */
  readonly density: number
  /** What is put somewhere, or nothing. */
  readonly odd: number | undefined
  readonly threads: number
  readonly seed: number
}

/** Layers with just so many elements that they are written back; few columns, with 1, 2, 3, … left beside whole panels. */
const layer: fc.Arbitrary<Layer> = fc
  .record({
    n: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 31, max: 300 })),
    excess: fc.integer({ min: 0, max: 9 }),
    depth: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 380, max: 390 }), fc.constant(800)),
    dtype: fc.constantFrom('float32' as const, 'float32' as const, 'float64' as const),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
    kind: fc.constantFrom([true, true], [true, false], [false, true]),
    density: fc.constantFrom(1, 1, 0.1),
    odd: fc.constantFrom(undefined, undefined, NaN, Infinity, -Infinity),
    seed: fc.nat(),
  })
  .map(({ excess, depth, kind: [bias, relu], ...rest }) => {
    const m = Math.ceil(16_384 / rest.n) + excess
    // A product of a million elements takes no other way than a smaller one.
    const k = m * depth > 250_000 ? Math.ceil(250_000 / m) : depth
    return { ...rest, m, k, bias, relu, threads: 1 }
  })

function layerOf({ transposeA, transposeB, ...p }: Layer): Function_ {
  return (x, w, b) => {
    const product = matmul(x, w, { transposeA, transposeB })
    const total = p.bias ? add(product, b) : product
    return [p.relu ? relu(total) : total]
  }
}

function inputsOf({ m, n, k, dtype, transposeA, transposeB, density, odd, seed }: Layer): Tensor[] {
  const draw = new Draw(seed)
  const whole = (shape: readonly number[], kept: number): Tensor => {
    const elements = Array.from({ length: sizeOf(shape) }, () => (draw.chance(kept) ? draw.whole(-5, 5) : 0))
    return tensor(elements, { shape: [...shape], dtype })
  }
  const inputs = [
    whole(transposeA ? [k, m] : [m, k], density),
    whole(transposeB ? [n, k] : [k, n], 1),
    whole([n], 1),
  ]
  if (odd !== undefined) {
    const { data } = draw.pick(inputs)
    data[draw.whole(0, data.length - 1)] = odd
  }
  return inputs
}

/** Where a compiled layer differs from the eager one, on whole numbers, which add up to the same in any order: nowhere. */
function differenceOf(compiled: Tensor, p: Layer, inputs: readonly Tensor[]): number {
  const [wanted] = layerOf(p)(...inputs) as Tensor[]
  // Of sums, −0 isn't told from 0; relu gives no −0.
  return compiled.data.findIndex((x, i) => !Object.is(x, wanted.data[i]) && (p.relu || x !== wanted.data[i]))
}

property.prop([layer], { numRuns: 15 })('a layer is what it is eagerly', (p) => {
  const inputs = inputsOf(p)
  const fused = kernelsOf(
    layerOf(p),
    inputs.map(({ shape }) => shape),
  )
  expect(fused.some((kernel) => kernel.kind === 'matmul' && kernel.writeBack !== undefined)).toBe(true)
  const [result] = compile(layerOf(p), { threads: 1 })(...inputs) as Tensor[]
  expect(differenceOf(result, p, inputs)).toBe(-1)
})

test('relu of −0 and NaN is what it is eagerly', () => {
  const f = compile((x: Value, w: Value, b: Value) => relu(add(matmul(x, w), b)), { threads: 1 })
  const x = tensor(new Float32Array(128), { shape: [128, 1] })
  const w = tensor(new Float32Array(128).fill(-1), { shape: [1, 128] })
  const b = tensor(new Float32Array(128).map((_, i) => [NaN, -0, -1, 2][i % 4]))
  const { data } = f(x, w, b) as Tensor
  expect([...data.subarray(0, 8)]).toEqual([NaN, 0, 0, 2, NaN, 0, 0, 2])
})

describe('on several threads', () => {
  let pace: ForcedPace
  beforeEach(() => {
    pace = new ForcedPace()
  })
  afterEach(() => {
    pace.stop()
    jest.restoreAllMocks()
  })

  test.each<[string, Partial<Layer>]>([
    ['dense', {}],
    ['dense, of few columns', { m: 9001, n: 2, k: 30 }],
    ['by a list', { density: 0.1 }],
    ['by a list, transposed', { density: 0.1, transposeA: true }],
    ['in float64', { dtype: 'float64', n: 121 }],
  ])('layers are the same: %s', async (_what, change) => {
    const p: Layer = {
      ...{ m: 201, n: 122, k: 500, dtype: 'float32', transposeA: false, transposeB: false },
      ...{ bias: true, relu: true, density: 1, odd: NaN, threads: 2, seed: 7 },
      ...change,
    }
    const inputs = inputsOf(p)
    const f = compile(layerOf(p), { threads: 2 })
    f(...inputs)
    await pace.ready(1)
    for (let run = 0; run < 3; run++) {
      const [result] = f(...inputs) as Tensor[]
      expect(differenceOf(result, p, inputs)).toBe(-1)
    }
  })
})

describe('in steps', () => {
  const draw = new Draw(3)
  const x = draw.tensor([130, 20], 'float32')
  const initial = { W: draw.tensor([20, 130], 'float32'), b: draw.tensor([130], 'float32') }
  type Params = typeof initial

  /** Takes the steps eagerly, and expects the compiled ones to come to the same. */
  function expectSameSteps<S>(
    step: (state: S, x: Tensor) => { state: S; outputs: unknown },
    state: S,
  ): string {
    const program = compileStep(step, state, { threads: 1 })
    let eager = state
    for (let k = 0; k < 3; k++) {
      const result = step(eager, x)
      eager = result.state
      expectClose(program.step(x), result.outputs)
    }
    expectClose(program.state, eager)
    return program.explain()
  }

  function expectClose(actual: unknown, wanted: unknown): void {
    const [got, want] = [actual, wanted].map((tree) => Object.values(tree as Record<string, Tensor>))
    got.forEach(({ data }, k) => {
      const most = Math.max(...want[k].data.map(Math.abs))
      expect(Math.max(...data.map((value, i) => Math.abs(value - want[k].data[i]))) / most).toBeLessThan(1e-5)
    })
  }

  test('a bias that is a state is updated in its place', () => {
    const explanation = expectSameSteps((params: Params, images) => {
      const loss = ({ W, b }: Record<keyof Params, Variable>): Value =>
        mean(square(relu(add(matmul(images, W), b))))
      const gradient = grad(loss as never)(params as never) as Params
      return {
        state: { W: sub(params.W, mul(gradient.W, 0.5)), b: sub(params.b, mul(gradient.b, 0.5)) } as Params,
        outputs: [add(matmul(images, params.W), params.b)],
      }
    }, initial)
    expect(explanation).toMatch(/= %\d+ · %\d+ \+ %\d+ over 20/)
  })

  test('a new bias is added that has the place of the old one', () => {
    const explanation = expectSameSteps((params: Params, images) => {
      const b = mul(params.b, 0.5)
      return { state: { W: params.W, b } as Params, outputs: [relu(add(matmul(images, params.W), b))] }
    }, initial)
    expect(explanation).toMatch(/relu\(%\d+ · %\d+ \+ %\d+\)/)
  })

  test('a result that has the place of a state is written by a loop of its own', () => {
    const explanation = expectSameSteps(
      ({ y, ...params }: Params & { y: Tensor }, images) => {
        const outputs = [sum(y)]
        const next = relu(add(matmul(images, params.W), params.b)) as Tensor
        return { state: { ...params, y: next }, outputs }
      },
      { ...initial, y: draw.tensor([130, 130], 'float32') },
    )
    expect(explanation).toMatch(/%\d+ \[130, 130\] = %\d+ · %\d+ over 20/)
  })

  test('a result that is copied to a state is written by the product', () => {
    const explanation = expectSameSteps(
      ({ y, ...params }: Params & { y: Tensor }, images) => {
        const next = relu(add(matmul(images, params.W), params.b)) as Tensor
        return { state: { ...params, y: next }, outputs: [add(next, y)] }
      },
      { ...initial, y: draw.tensor([130, 130], 'float32') },
    )
    expect(explanation).toMatch(/= relu\(%\d+ · %\d+ \+ %\d+\) over 20/)
  })
})
