import { fc, test } from '@fast-check/jest'
import type { Value, Variable } from '@tapegrad/autograd'
import {
  ArgumentError,
  DTypeError,
  Tape,
  TapeError,
  Tensor,
  add,
  grad,
  mul,
  numericalGradient,
  sin,
  sum,
  tanh,
  tensor,
} from '@tapegrad/autograd'
import { filledShape } from '../support/arbitraries.js'
import { expectError } from '../support/errors.js'

/** Multiples of 1/8: steps of a power of two are then exact. */
const eighths = fc.integer({ min: -16, max: 16 }).map((n) => n / 8)
const eighthsTensor = filledShape.chain((shape) => {
  const size = shape.reduce((product, extent) => product * extent, 1)
  return fc
    .array(eighths, { minLength: size, maxLength: size })
    .map((elements) => tensor(Float64Array.from(elements), { shape }))
})

describe('numericalGradient', () => {
  test.prop([eighthsTensor, eighths])('is exact for quadratics, to which central differences are', (x, c) => {
    const f = (x: Variable): Variable => sum(add(mul(x, x), mul(c, x)))
    expect(numericalGradient(f, 0, { eps: 2 ** -10 })(x).toArray()).toEqual(add(mul(x, 2), c).toArray())
  })

  test.prop([eighthsTensor])('is near the gradient of smooth functions', (x) => {
    const f = (x: Variable): Variable => sum(mul(sin(x), tanh(x)))
    const [numerical, exact] = [numericalGradient(f)(x), grad(f)(x)]
    expect(numerical.shape).toEqual(exact.shape)
    numerical.data.forEach((element, i) => {
      expect(Math.abs(element - exact.data[i])).toBeLessThan(1e-6)
    })
  })

  test('is called as grad is', () => {
    const f = (x: Variable, params: { W: Variable; name: string }): Variable => sum(mul(mul(x, x), params.W))
    const x = 3
    const params = { W: tensor(Float64Array.of(1, 2)), name: 'layer' }
    for (const argnums of [0, 1, [0, 1], [1]] as const) {
      const [numerical, exact] = [numericalGradient(f, argnums)(x, params), grad(f, argnums)(x, params)]
      expect(JSON.stringify(numerical, rounded)).toBe(JSON.stringify(exact, rounded))
    }
    function rounded(_key: string, leaf: unknown): unknown {
      if (leaf instanceof Tensor) return Array.from(leaf.data, (element) => element.toFixed(4))
      return typeof leaf === 'number' ? leaf.toFixed(4) : leaf
    }
  })

  test('moves one leaf at a time, though their paths read alike', () => {
    const f = (tree: { 'a.b': Variable; a: { b: Variable } }): Variable => mul(tree['a.b'], mul(tree.a.b, 10))
    const { 'a.b': first, a } = numericalGradient(f)({ 'a.b': 2, a: { b: 3 } })
    expect(first).toBeCloseTo(30, 6)
    expect(a.b).toBeCloseTo(20, 6)
  })

  test('uses the step it is told', () => {
    // (eps² + …) shows in the third derivative: ((x+h)³ − (x−h)³)/2h = 3x² + h².
    const cube = (x: Variable): Variable => mul(mul(x, x), x)
    expect(numericalGradient(cube, 0, { eps: 0.5 })(2)).toBe(12.25)
  })

  test('leaves its arguments as they were', () => {
    const x = tensor([1, 2])
    numericalGradient((x: Variable) => sum(mul(x, x)))(x)
    expect(x).toEqual(tensor([1, 2]))
  })

  test('reads variables through their tapes, and keeps the dtype', () => {
    const x = new Tape().variable(tensor(Float64Array.of(1, 2)))
    const gradient = numericalGradient((x: Variable) => sum(mul(x, x)))(x) as unknown as Tensor
    expect(gradient).toBeInstanceOf(Tensor)
    expect(gradient.dtype).toBe('float64')
    expect(numericalGradient((x: Variable) => sum(mul(x, x)))(tensor([1])).dtype).toBe('float32')
  })

  test.each([0, -1, NaN, Infinity])('refuses the step %d', (eps) => {
    expectError(
      () => numericalGradient((x: Variable) => x, 0, { eps }),
      ArgumentError,
      'EPS',
      `numericalGradient: eps is ${eps}; wants a small positive number`,
    )
  })

  test('refuses what grad refuses', () => {
    const f = (x: Variable): Value => x
    expectError(
      () => numericalGradient(f)(tensor([1, 2])),
      TapeError,
      'NOT_SCALAR',
      /^numericalGradient: the function returned Tensor float32 \[2\]/,
    )
    expectError(
      () => numericalGradient(f)(tensor([1], { dtype: 'int32' })),
      DTypeError,
      'INTEGER_GRADIENT',
      /^numericalGradient: argument 0/,
    )
    expectError(
      () => numericalGradient(f, 1)(1),
      ArgumentError,
      'ARGNUM',
      /^numericalGradient: argnums names argument 1/,
    )
    expectError(
      () => numericalGradient((() => Promise.resolve(1)) as never)(1 as never),
      ArgumentError,
      'PROMISE',
      /^numericalGradient: the function returned a Promise/,
    )
  })
})
