/** Random values for tests: float64 tensors drawn by fast-check's seeds, and comparisons of trees of them. */
import type { Shape, Tensor } from '@tapegrad/autograd'
import { add, isValue, leavesOf, mul, normal, rng, sign } from '@tapegrad/autograd'
import fc from 'fast-check'

/** Shapes of up to three axes, some of them empty. */
export const leadingShapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 })

/** As `leadingShapes`, but without empty axes. */
export const filledShapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 })

export const sizes = fc.integer({ min: 0, max: 4 })

export const seeds = fc.integer({ min: 0, max: 2 ** 31 })

export function randomTensor(seed: number, shape: Shape, deviation = 1): Tensor {
  return normal(rng(seed), shape, { deviation, dtype: 'float64' })
}

/** Random elements of at least 0.1 in size, away from the kink of ReLU. */
export function awayFromZero(seed: number, shape: Shape): Tensor {
  const x = randomTensor(seed, shape)
  return add(x, mul(sign(x), 0.1))
}

/** All numbers in a tree of values, one after the other. */
export function numbersIn(tree: unknown): number[] {
  return leavesOf(tree)
    .filter(isValue)
    .flatMap((leaf) => (typeof leaf === 'number' ? [leaf] : Array.from(leaf.data)))
}

/** Expects |a − b| ≤ tolerance · (1 + |b|) for each number in two trees. */
export function expectClose(actual: unknown, expected: unknown, tolerance: number): void {
  const [a, b] = [numbersIn(actual), numbersIn(expected)]
  expect(a.length).toBe(b.length)
  const wrong = a.findIndex((x, k) => !(Math.abs(x - b[k]) <= tolerance * (1 + Math.abs(b[k]))))
  if (wrong !== -1) throw new Error(`number ${wrong} is ${a[wrong]}; wants ${b[wrong]} within ${tolerance}`)
}

/** The error that `f` throws, as `ClassName CODE: message`. */
export function errorOf(f: () => unknown): string {
  try {
    f()
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string }
    return `${name} ${code}: ${message}`
  }
  return 'no error'
}
