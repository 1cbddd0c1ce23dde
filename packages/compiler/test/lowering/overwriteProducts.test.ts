import type { Tensor, Value } from '@tapegrad/autograd'
import {
  add,
  cast,
  exp,
  expandDims,
  greater,
  matmul,
  mul,
  sub,
  sum,
  take,
  tensor,
  transpose,
  where,
} from '@tapegrad/autograd'
import { compile } from '../../src/compile.js'
import { compileStep } from '../../src/compileStep.js'
import type { Kernel, MatmulKernel } from '../../src/lowering/kernel.js'
import { lower } from '../../src/lowering/lower.js'
import { overwriteProducts } from '../../src/lowering/overwriteProducts.js'
import { optimize } from '../../src/passes/index.js'
import { traceProgram } from '../../src/trace.js'
import { Draw } from '../support/draw.js'
import { ForcedPace } from '../support/together.js'

type Function_ = (x: Value, w: Value, h: Value) => readonly Value[]

function loweredOf(f: Function_, shapes: readonly (readonly number[])[]) {
  const specs = shapes.map((shape) => ({ kind: 'tensor' as const, shape, dtype: 'float32' as const }))
  return lower(optimize(traceProgram(([x, w, h]) => f(x, w, h), specs)))
}

const square = [
  [33, 20],
  [20, 33],
  [33, 33],
]

/** A product where a third operand is positive, as in the derivative of relu. */
const masked: Function_ = (x, w, h) => [where(greater(h, 0), matmul(x, w), 0)]

/** The products, and the kernels that write where one of them does. */
function writers(kernels: readonly Kernel[]): { products: MatmulKernel[]; loops: Kernel[] } {
  const products = kernels.filter((kernel): kernel is MatmulKernel => kernel.kind === 'matmul')
  const places = new Set(products.map(({ buffer }) => buffer))
  return { products, loops: kernels.filter(({ kind, buffer }) => kind !== 'matmul' && places.has(buffer)) }
}

test('a loop over a product that nothing else reads writes over it', () => {
  const lowered = loweredOf(masked, square)
  const [before] = writers(lowered.kernels).products
  const overwritten = overwriteProducts(lowered)
  const { products, loops } = writers(overwritten.kernels)
  expect(products.map(({ buffer }) => buffer)).toEqual(lowered.program.outputs)
  expect(loops).toHaveLength(1)
  expect(overwritten.buffers.has(before.buffer)).toBe(false)
})

test('so do loops over the products of a batch', () => {
  const { kernels } = overwriteProducts(
    loweredOf(masked, [
      [3, 9, 20],
      [3, 20, 7],
      [3, 9, 7],
    ]),
  )
  expect(writers(kernels).loops).toHaveLength(1)
})

test('a loop over two products writes over one of them', () => {
  const lowered = loweredOf((x, w, h) => [add(matmul(x, w), matmul(h, h))], square)
  const { products, loops } = writers(overwriteProducts(lowered).kernels)
  expect(loops).toHaveLength(1)
  expect(new Set(products.map(({ buffer }) => buffer)).size).toBe(2)
  const draw = new Draw(2)
  const [x, w, h] = square.map((shape) => draw.tensor(shape, 'float32'))
  const f = (...[x, w, h]: Value[]): Value => add(matmul(x, w), matmul(h, h))
  const wanted = f(x, w, h) as Tensor
  ;(compile(f, { threads: 1 })(x, w, h) as Tensor).data.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted.data[i], 4)
  })
})

const rows = tensor(Int32Array.from({ length: 33 }, (_, k) => 32 - k))

test.each<[string, Function_]>([
  ['is a result', (x, w, h) => [where(greater(h, 0), matmul(x, w), 0), matmul(x, w)]],
  ['is read again', (x, w, h) => [where(greater(h, 0), matmul(x, w), 0), sum(matmul(x, w), { axis: 0 })]],
  [
    'is read elsewhere, too',
    (x, w, h) => [add(where(greater(h, 0), matmul(x, w), 0), transpose(matmul(x, w)))],
  ],
  ['is gathered', (x, w, h) => [where(greater(h, 0), take(matmul(x, w), rows), 0)]],
  ['has another dtype', (x, w, h) => [cast(where(greater(h, 0), matmul(x, w), 0), 'float64')]],
  ['is smaller', (x, w, h) => [mul(expandDims(matmul(x, w), 0), expandDims(h, 1))]],
])('a product stays where it %s', (_, f) => {
  const lowered = loweredOf(f, square)
  expect(writers(overwriteProducts(lowered).kernels).loops).toEqual([])
})

test('a product doesn’t write to a state', () => {
  const draw = new Draw(3)
  const [W, x] = [draw.tensor([33, 33], 'float32'), draw.tensor([33, 33], 'float32')]
  const step = (W: Tensor, x: Tensor): { state: Value; outputs: Value } => {
    const change = matmul(x, x)
    return { state: sub(W, change), outputs: sum(W) }
  }
  const program = compileStep(step as never, W, { threads: 1 }) as { step(x: Tensor): Value; state: Tensor }
  const before = sum(W) as Tensor
  expect((program.step(x) as Tensor).item()).toBeCloseTo(before.item(), 4)
  const wanted = sub(W, matmul(x, x)) as Tensor
  program.state.data.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted.data[i], 4)
  })
})

test.each([1, 2, 3])('results are those of eager, on %s threads', async (threads) => {
  const pace = new ForcedPace()
  const draw = new Draw(4)
  const f: Function_ = (x, w, h) => {
    const product = where(greater(h, 0), matmul(x, w), 0)
    return [product, exp(mul(matmul(product, w, { transposeB: true }), 0.01))]
  }
  const whole = (shape: number[]): Tensor =>
    tensor(
      Float32Array.from({ length: shape[0] * shape[1] }, () => draw.whole(-3, 3)),
      { shape },
    )
  const inputs = [whole([131, 90]), whole([90, 53]), whole([131, 53])] as const
  const fast = compile(f as (...x: Value[]) => Value[], { threads })
  const wanted = f(...inputs) as Tensor[]
  fast(...inputs)
  await pace.ready(threads - 1)
  for (let k = 0; k < 10; k++)
    (fast(...inputs) as Tensor[]).forEach(({ data }, result) => {
      const errors = data.map((value, i) => {
        const exact = wanted[result].data[i]
        return Math.abs(value - exact) / (1 + Math.abs(exact))
      })
      expect(Math.max(...errors)).toBeLessThan(1e-5)
    })
  pace.stop()
  jest.restoreAllMocks()
})
