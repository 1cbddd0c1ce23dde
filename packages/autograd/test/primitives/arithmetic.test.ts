/** Arithmetic of two values: element by element against plain loops, at kinks, and where integers wrap. */
import fc from 'fast-check'
import { broadcastableShapes, element, shape, tensor } from '@tapegrad/autograd/testing'
import type { Value, Variable } from '../../src/index.js'
import { ShapeError, ArgumentError, grad, sum, tensor as make } from '../../src/index.js'
import * as arithmetic from '../../src/primitives/arithmetic.js'
import { expectError } from '../support/errors.js'
import { at, broadcastOf, elementsOf, expectTensor, tensorOf } from '../support/reference.js'

const { add, sub, mul, div, pow, maximum, minimum, atan2 } = arithmetic

const references: Record<keyof typeof arithmetic, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  pow: (x, y) => Math.pow(x, y),
  maximum: (x, y) => (x > y ? x : y),
  minimum: (x, y) => (x < y ? x : y),
  atan2: (y, x) => Math.atan2(y, x),
}

const rows = Object.entries(references).map(
  ([name, reference]) => [name, arithmetic[name as keyof typeof arithmetic], reference] as const,
)

describe('elementwise arithmetic', () => {
  test.each(rows)('%s broadcasts as nested loops do', (_name, operation, reference) => {
    const operands = broadcastableShapes({ maxRank: 4 }).chain(([x, y]) =>
      fc.tuple(tensor({ shape: x }), tensor({ shape: y })),
    )
    fc.assert(
      fc.property(operands, ([x, y]) => {
        const out = broadcastOf(x.shape, y.shape)
        expectTensor(
          operation(x, y),
          out,
          'float64',
          elementsOf(out, (index) => reference(at(x, index), at(y, index))),
        )
      }),
    )
  })

  test.each(rows)('%s takes a number on either side, and two numbers', (_name, operation, reference) => {
    fc.assert(
      fc.property(tensor({ shape: shape() }), element(), element(), (x, y, z) => {
        const elements = Array.from(x.data)
        expectTensor(
          operation(x, y),
          x.shape,
          'float64',
          elements.map((each) => reference(each, y)),
        )
        expectTensor(
          operation(y, x),
          x.shape,
          'float64',
          elements.map((each) => reference(y, each)),
        )
        expect(operation(y, z)).toBe(reference(y, z))
      }),
    )
  })

  test.each(rows)('%s of NaN is NaN, on either side', (_name, operation) => {
    const [nan, one] = [tensorOf([NaN], []), tensorOf([1.5], [])]
    for (const [x, y] of [
      [nan, one],
      [one, nan],
      [nan, nan],
    ])
      expectTensor(operation(x, y), [], 'float64', [NaN])
    expect(operation(NaN, 1.5)).toBeNaN()
    expect(operation(1.5, NaN)).toBeNaN()
  })

  test.each(rows)('%s names itself and both shapes where they do not broadcast', (name, operation) => {
    const [x, y] = [tensorOf([1, 2, 3, 4, 5, 6], [2, 3]), tensorOf([1, 2], [2])]
    expectError(
      () => operation(x, y),
      ShapeError,
      'SHAPES_DO_NOT_BROADCAST',
      `${name}: shapes [2, 3] and [2] don't broadcast (3 ≠ 2); aligned at the end, sizes must be equal or 1`,
    )
  })

  test.each(rows)('%s refuses what is no value, and says how to make one', (name, operation) => {
    const wants = 'wants (number | Variable | Tensor, number | Variable | Tensor)'
    const loose = operation as (...args: unknown[]) => unknown
    const refuse = (args: unknown[], got: string, advice = ''): void => {
      expectError(() => loose(...args), ArgumentError, 'WRONG_TYPE', `${name}: got ${got}; ${wants}${advice}`)
    }
    refuse([[1, 2], 1], 'plain array, number 1', '; wrap arrays with tensor(…)')
    refuse([1, new Float32Array(2)], 'number 1, Float32Array', '; wrap arrays with tensor(…)')
    refuse(['x', make([1])], 'string, Tensor float32 [1]')
    refuse([1], 'number 1')
    refuse([], 'no arguments')
  })
})

/** The derivative of a function of one value. */
function derivative(f: (x: Value) => Value): (x: Value) => Value {
  return (x) => grad((v: Variable) => f(v))(x)
}

/** The whole number from −2³¹ to 2³¹ − 1 that `x` is congruent to. */
const wrapped = (x: bigint): number => Number(BigInt.asIntN(32, x))

test('sums, differences and products of int32 wrap around exactly', () => {
  const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  fc.assert(
    fc.property(int32, int32, (a, b) => {
      const [x, y] = [tensorOf([a], [1], 'int32'), tensorOf([b], [1], 'int32')]
      expectTensor(add(x, y), [1], 'int32', [wrapped(BigInt(a) + BigInt(b))])
      expectTensor(sub(x, y), [1], 'int32', [wrapped(BigInt(a) - BigInt(b))])
      expectTensor(mul(x, y), [1], 'int32', [wrapped(BigInt(a) * BigInt(b))])
    }),
  )
})

test('int32 divided by zero is the infinity or NaN of float32', () => {
  const x = tensorOf([1, -1, 0], [3], 'int32')
  expectTensor(div(x, tensorOf([0], [], 'int32')), [3], 'float32', [Infinity, -Infinity, NaN])
})

describe('where arithmetic has kinks', () => {
  test.each([
    ['maximum', maximum],
    ['minimum', minimum],
  ] as const)('%s shares the derivative equally between equal operands', (_name, operation) => {
    expect(grad((x: Variable, y: Variable) => operation(x, y), [0, 1])(2, 2)).toEqual([0.5, 0.5])
    const x = make([1, 2, 3], { dtype: 'float64' })
    const [dx, dy] = grad((a: Variable, b: Variable) => sum(operation(a, b)), [0, 1])(x, x)
    expectTensor(dx, [3], 'float64', [0.5, 0.5, 0.5])
    expectTensor(dy, [3], 'float64', [0.5, 0.5, 0.5])
  })

  test('powers of 0 and powers to 0 have finite derivatives, of any order', () => {
    const byX = (x: number, y: number, order = 1): Value => {
      let f = (v: Value): Value => pow(v, y)
      for (let k = 0; k < order; k++) f = derivative(f)
      return f(x)
    }
    expect([byX(0, 0), byX(0, 1), byX(0, 2), byX(3, 0), byX(-3, 2)]).toEqual([0, 1, 0, 0, -6])
    expect([byX(0, 0, 2), byX(0, 1, 2), byX(0, 2, 2), byX(0, 3, 2)]).toEqual([0, 0, 2, 0])
    expect([byX(0, 1, 3), byX(0, 2, 3), byX(0, 3, 3), byX(0, 4, 3)]).toEqual([0, 0, 6, 0])
    const byY = (x: number, y: number): Value => derivative((v) => pow(x, v))(y)
    expect([byY(0, 0), byY(0, 2), byY(1, 5)]).toEqual([0, 0, 0])
  })

  test('the mixed derivative of a power is right where the exponent is 0', () => {
    // ∂²xʸ/∂y∂x = xʸ⁻¹ (1 + y log x), which is 1/x for y = 0.
    const mixed = derivative((y) => derivative((x) => pow(x, y))(4))(0)
    expect(mixed).toBeCloseTo(0.25, 12)
  })

  test('atan2 knows all four quadrants', () => {
    expect(atan2(1, 1)).toBeCloseTo(Math.PI / 4, 14)
    expect(atan2(1, -1)).toBeCloseTo((3 * Math.PI) / 4, 14)
    expect(atan2(-1, -1)).toBeCloseTo((-3 * Math.PI) / 4, 14)
    expect(atan2(-1, 1)).toBeCloseTo(-Math.PI / 4, 14)
  })
})
