/** What the tests of transforms share: programs over trees, weights for what they give, and inner products. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fc } from '@fast-check/jest'
import type { Tensor, Value } from '@tapegrad/autograd'
import {
  cast,
  concreteOf,
  integers,
  isValue,
  leavesOf,
  mapTree,
  mul,
  rng,
  specOf,
  sum,
  tensor,
} from '@tapegrad/autograd'
import type { Program } from '../support/arbitraries.js'
import { trace } from '../support/arbitraries.js'

/** The last results of a program, as a tree. */
export function treeOf(steps: Program, inputs: readonly Value[]): { last: Value; before: Value[] } {
  const values = trace(steps, inputs)
  return { last: values.at(-1)!, before: values.slice(-3, -1) }
}

/** A tree of small whole numbers with the structure, kinds and shapes of another, so that products are exact. */
export function wholesLike<T>(tree: T, seed: number): T {
  const source = rng(seed)
  return mapTree(tree, (leaf) => {
    if (!isValue(leaf)) return leaf
    const { kind, shape } = specOf(leaf)
    const drawn = cast(integers(source, shape, { min: -2, max: 3 }), 'float64')
    return kind === 'number' ? drawn.item() : drawn
  }) as T
}

/** The element of a scalar. */
export function numberOf(x: unknown): number {
  const concrete = concreteOf(x as Value)
  return typeof concrete === 'number' ? concrete : concrete.item()
}

/** Σ x · y over the values of two trees, zeros without a sign. */
export function inner(x: unknown, y: unknown): number {
  const [xs, ys] = [x, y].map((tree) => leavesOf(tree).filter(isValue))
  return xs.reduce<number>((total, each, k) => total + numberOf(sum(mul(each, ys[k]))), 0) + 0
}

/** A float64 tensor of numbers from a small range, in steps of 1/64. */
export function floats(shape: readonly number[], min = -2, max = 2): fc.Arbitrary<Tensor> {
  const size = shape.reduce((product, extent) => product * extent, 1)
  return fc
    .array(fc.integer({ min: min * 64, max: max * 64 }), { minLength: size, maxLength: size })
    .map((elements) =>
      tensor(
        Float64Array.from(elements, (element) => element / 64),
        { shape },
      ),
    )
}

/** The elements of a value in row-major order. */
export function elements(x: unknown): number[] {
  const concrete = concreteOf(x as Value)
  return typeof concrete === 'number' ? [concrete] : Array.from(concrete.data)
}

/** Expects the elements of two values to agree to within `tolerance`, relative where they are greater than 1. */
export function expectClose(actual: unknown, expected: unknown, tolerance = 1e-11): void {
  const [a, b] = [elements(actual), elements(expected)]
  expect(a).toHaveLength(b.length)
  a.forEach((element, k) => {
    const allowed = tolerance * Math.max(1, Math.abs(b[k]))
    if (!(Math.abs(element - b[k]) <= allowed)) expect(a).toEqual(b)
  })
}

/** Collects garbage, so that tests can see what is still held. */
export async function collectGarbage(): Promise<void> {
  // What the running job has made or dereferenced is kept until it ends.
  await new Promise((resolve) => setImmediate(resolve))
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}
