/** Holds the derivatives of every operation against differences, and the modes of differentiation against each other. */
import fc from 'fast-check'
import type { DType, Value } from '../../src/index.js'
import {
  add,
  assertGradient,
  cast,
  grad,
  isValue,
  mul,
  normal,
  rng,
  specOf,
  sum,
  Tape,
} from '../../src/index.js'
import { allPrimitives } from '../../src/primitive.js'
import { isDifferentiable } from '../../src/value.js'
import { Tangents } from '../../src/tangents.js'
import { concreteOf, Variable } from '../../src/variable.js'
import type { Call } from '../support/domains.js'
import { domains } from '../support/domains.js'
import { expectClose } from '../support/reference.js'

const operations = Object.entries(domains)

/** The values that a call gives: one, or several in an array. */
function resultsOf(result: unknown): Value[] {
  return [result].flat().filter(isValue)
}

/** Normally distributed values of the kinds and shapes of others, to weigh or to move these with. */
function randomLike(values: readonly Value[], seed: number): Value[] {
  const source = rng(seed)
  return values.map((x) => {
    const { kind, shape } = specOf(x)
    const random = normal(source, shape, { dtype: 'float64' })
    return kind === 'number' ? random.item() : random
  })
}

/** Σ ⟨values, weights⟩. */
function inner(values: readonly Value[], weights: readonly Value[]): Value {
  return values.map((x, k): Value => sum(mul(x, weights[k]))).reduce((total, term) => add(total, term), 0)
}

/** The function that gives the derivatives of a call's weighed results by all its inputs. */
function gradientOf({ apply, inputs }: Call): (...inputs: Value[]) => Value[] {
  const weights = randomLike(resultsOf(apply(...inputs)), 1)
  const positions = inputs.map((_, k) => k)
  return (...xs) =>
    grad((...ys: Value[]) => inner(resultsOf(apply(...ys)), weights), positions)(...xs) as Value[]
}

/** The results' tangents where the inputs move along `directions`. */
function pushForward(
  f: (...inputs: Value[]) => unknown,
  inputs: readonly Value[],
  directions: readonly Value[],
) {
  const level = new Tangents()
  const results = f(...inputs.map((x, k) => level.variable(x, directions[k])))
  return resultsOf(results).map((result) => level.tangentOf(result))
}

function numberOf(x: Value): number {
  const concrete = concreteOf(x)
  return typeof concrete === 'number' ? concrete : concrete.item()
}

/** Expects two inner products to agree, up to rounding of the terms they are made of. */
function expectSameInner(
  values: readonly Value[],
  weights: readonly Value[],
  others: readonly Value[],
  otherWeights: readonly Value[],
): void {
  expectClose(numberOf(inner(values, weights)), numberOf(inner(others, otherWeights)), 1e-8)
}

describe('every operation', () => {
  test.each(operations)('%s has the derivative that differences have', (_name, calls) => {
    fc.assert(
      fc.property(calls, ({ apply, inputs }) => {
        assertGradient(apply, inputs)
      }),
      { numRuns: 30 },
    )
  })

  test.each(operations)('%s has the second derivative that differences have', (_name, calls) => {
    fc.assert(
      fc.property(calls, (call) => {
        assertGradient(gradientOf(call), call.inputs)
      }),
      { numRuns: 12 },
    )
  })

  test.each(operations)('%s has one derivative, forward and in reverse', (_name, calls) => {
    fc.assert(
      fc.property(calls, (call) => {
        const { apply, inputs } = call
        const weights = randomLike(resultsOf(apply(...inputs)), 1)
        const directions = randomLike(inputs, 2)
        expectSameInner(
          pushForward(apply, inputs, directions),
          weights,
          gradientOf(call)(...inputs),
          directions,
        )
      }),
      { numRuns: 30 },
    )
  })

  test.each(operations)(
    '%s has one second derivative, forward over reverse and reverse over reverse',
    (_name, calls) => {
      fc.assert(
        fc.property(calls, ({ apply, inputs }) => {
          const first: Call = { apply, inputs }
          const gradient = gradientOf(first)
          const directions = randomLike(inputs, 2)
          const weights = randomLike(inputs, 1)
          const second = gradientOf({ apply: gradient, inputs })(...inputs)
          expectSameInner(pushForward(gradient, inputs, directions), weights, second, directions)
        }),
        { numRuns: 12 },
      )
    },
  )

  test.each(operations)('%s has gradients of the kind, shape and dtype of their sources', (_name, calls) => {
    fc.assert(
      fc.property(calls, fc.constantFrom<DType>('float32', 'float64'), ({ apply, inputs }, dtype) => {
        const sources = inputs.map((x) => (typeof x === 'number' ? x : cast(x, dtype)))
        const gradients = gradientOf({ apply, inputs: sources })(...sources)
        expect(gradients.map(specOnly)).toEqual(sources.map(specOnly))
      }),
      { numRuns: 10 },
    )
  })
})

function specOnly(x: Value): unknown {
  const { kind, shape, dtype } = specOf(x)
  return { kind, shape: [...shape], dtype }
}

test('the domains reach every primitive, those of which only derivatives are made too', () => {
  const reached = new Set<string>()
  for (const calls of Object.values(domains))
    for (const { apply, inputs } of fc.sample(calls, { numRuns: 10, seed: 1 })) {
      const outer = new Tape()
      const inner = new Tape()
      const sources = inputs.map((x) => inner.variable(outer.variable(x)))
      for (const result of resultsOf(apply(...sources)))
        if (result instanceof Variable && isDifferentiable(result)) {
          const [upstream] = randomLike([result], 1)
          inner.gradient(result, sources, { upstream: outer.variable(upstream) })
        }
      for (const tape of [outer, inner]) for (const { operation } of tape.entries) reached.add(operation)
    }
  // No operations but ways to run a user's function, with tests of their own.
  const elsewhere = ['differentiable', 'element', 'checkpoint']
  const missed = allPrimitives()
    .map(({ name }) => name)
    .filter((name) => !reached.has(name) && !elsewhere.includes(name))
  expect(missed).toEqual([])
})
