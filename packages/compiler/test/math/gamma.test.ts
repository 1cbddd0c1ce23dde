/** The gamma family compiled: held against eager's, whose own tests hold it against published values. */
import fc from 'fast-check'
import type { DType, Tensor, Value } from '@tapegrad/autograd'
import { digamma, grad, logGamma, polygamma, tensor } from '@tapegrad/autograd'
import { compile } from '../../src/compile.js'

type Unary = (x: Value) => Value

const orders = [0, 1, 2, 3, 4, 7, 12]

const functions: Readonly<Record<string, Unary>> = {
  logGamma: (x) => logGamma(x),
  digamma: (x) => digamma(x),
  ...Object.fromEntries(
    orders.map((order): [string, Unary] => [`polygamma ${order}`, (x) => polygamma(order, x)]),
  ),
}
const cases = Object.entries(functions)

function elementsOf(x: Value): number[] {
  return Array.from((x as Tensor).data)
}

/** As many elements as make whole vectors and a rest, of either type. */
const count = 7

function close(actual: number, expected: number, tolerance: number, least = 0): boolean {
  const scale = Math.max(Math.abs(expected), least)
  return Object.is(actual, expected) || Math.abs(actual - expected) <= tolerance * scale
}

/** Of any sign, the negative ones away from the poles, and from the halves, near which even orders have their zeros. */
const fraction = fc.oneof(
  fc.double({ min: 0.05, max: 0.45, noNaN: true }),
  fc.double({ min: 0.55, max: 0.95, noNaN: true }),
)
const argument = fc.oneof(
  fc.double({ min: 1e-3, max: 20, noNaN: true }),
  fc.double({ min: 20, max: 1e6, noNaN: true }),
  fc.double({ min: 1e-300, max: 1e-3, noNaN: true }),
  fc.tuple(fc.integer({ min: -20, max: -1 }), fraction).map(([n, rest]) => n + rest),
  fc.tuple(fc.integer({ min: -1_000_000, max: -1 }), fraction).map(([n, rest]) => n + rest),
)
const list = fc.array(argument, { minLength: count, maxLength: count })

describe.each(cases)('%s', (name, f) => {
  const compiled = compile((x: Tensor) => f(x))
  const ofNumber = compile((x: number) => f(x))
  // These have zeros among the arguments; near them the distance counts.
  const least = ['logGamma', 'digamma', 'polygamma 0'].includes(name) ? 1 : 0

  test('is eager’s in float64', () => {
    fc.assert(
      fc.property(list, (values) => {
        const x = tensor(values, { dtype: 'float64' })
        const eager = elementsOf(f(x))
        expect(
          elementsOf(compiled(x)).every((value, index) => close(value, eager[index], 1e-12, least)),
        ).toBe(true)
      }),
    )
  })

  test('is eager’s in float32, to its last digits', () => {
    fc.assert(
      fc.property(list, (values) => {
        const x = tensor(values, { dtype: 'float32' })
        const eager = elementsOf(f(x))
        // Large negative ones may become whole or half numbers.
        const isUsual = (value: number) => value > -1000
        expect(
          elementsOf(compiled(x)).every(
            (value, index) => !isUsual(x.data[index]) || close(value, eager[index], 2 ** -22, least),
          ),
        ).toBe(true)
      }),
    )
  })

  test('of a number is that of an element', () => {
    fc.assert(
      fc.property(argument, (x) => {
        const [element] = elementsOf(compiled(tensor(Array(count).fill(x) as number[], { dtype: 'float64' })))
        expect(ofNumber(x)).toBe(element)
      }),
    )
  })

  test('has eager’s values at poles, infinities, NaN and extreme numbers', () => {
    const extremes = [1e154, 1e300, Number.MAX_VALUE, 1e-300, 1e-308, 5e-309, 5e-324]
    const positive = [0, ...extremes, Infinity, 0.5, 1, 1.5, 2, 2.5, 3, 9.5, 10, 10.5, 22, 1e6]
    const numbers = [...positive, ...positive.map((x) => -x), -2.25, -1e6 - 0.25, NaN]
    for (const dtype of ['float64', 'float32'] as const) {
      const x = tensor(numbers, { dtype })
      const eager = elementsOf(f(x))
      const tolerance = dtype === 'float64' ? 1e-13 : 2 ** -22
      elementsOf(compiled(x)).forEach((value, index) => {
        // There eager's cotangent of π/2 isn't 0, which even orders multiply.
        if (numbers[index] < 0 && Math.abs(numbers[index] % 1) === 0.5) return
        const text = `${dtype} ${numbers[index]}: `
        const isSame = close(value, eager[index], tolerance)
        expect(text + String(value)).toBe(text + String(isSame ? value : eager[index]))
      })
      for (const [index, number] of numbers.entries())
        if (dtype === 'float64') expect(ofNumber(number)).toBe(elementsOf(compiled(x))[index])
    }
  })

  test('computes each lane without regard to the others', () => {
    fc.assert(
      fc.property(list, (values) => {
        const together = elementsOf(compiled(tensor(values, { dtype: 'float64' })))
        expect(values.map((x) => ofNumber(x))).toEqual(together)
      }),
    )
  })

  test.each(['int32', 'uint8', 'bool'] as const)('of %s is float32', (dtype: DType) => {
    const x = tensor([1, 0, 1, 1, 0], { dtype })
    const values = compiled(x) as Tensor
    expect(values.dtype).toBe('float32')
    const eager = elementsOf(f(x))
    expect(elementsOf(values).every((value, index) => close(value, eager[index], 2 ** -22, least))).toBe(true)
  })
})

test('log Γ loses no digits near its zeros 1 and 2', () => {
  const compiled = compile((x: Tensor) => logGamma(x))
  const x = tensor([1 + 2 ** -40, 1 - 2 ** -40, 2 + 2 ** -40, 2 - 2 ** -40, 1 + 1e-5, 2 - 1e-5, 1, 2], {
    dtype: 'float64',
  })
  const eager = elementsOf(logGamma(x))
  elementsOf(compiled(x)).forEach((value, index) => expect(close(value, eager[index], 2e-15)).toBe(true))
})

test('even orders at negative halves are the mirrored ones, of whose sum with the cotangent’s nothing is left', () => {
  const orders = [2, 8, 30]
  const halves = [-0.5, -1.5, -2.5, -20.5, -100.5]
  for (const order of orders) {
    const compiled = compile((x: number) => polygamma(order, x))
    for (const x of halves) expect(close(compiled(x), polygamma(order, 1 - x), 1e-14)).toBe(true)
  }
})

test('each is the derivative of the one before, compiled as eagerly', () => {
  let derivative: Unary = (x) => logGamma(x)
  for (let order = 0; order < 5; order++) {
    const before = derivative
    derivative = (x) => grad(before as (x: Value) => number)(x as number)
    const compiled = compile((x: number) => derivative(x))
    for (const x of [0.3, 1.7, 4, 25, -0.3, -2.7])
      expect(close(compiled(x) as number, polygamma(order, x), 1e-12)).toBe(true)
  }
})
