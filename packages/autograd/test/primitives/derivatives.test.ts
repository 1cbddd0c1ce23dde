/** Holds the derivatives of every operation against differences, and the modes of differentiation against each other. */
import fc from 'fast-check'
import type { DType, Value } from '../../src/index.js'
import { assertGradient, cast, isValue, specOf, Tape } from '../../src/index.js'
import { allPrimitives } from '../../src/primitive.js'
import {
  assertForwardMode,
  assertSecondOrder,
  gradientOf,
  randomLike,
} from '../../src/testing/derivatives.js'
import { isDifferentiable } from '../../src/value.js'
import { Variable } from '../../src/variable.js'
import { domains } from '../support/domains.js'

const operations = Object.entries(domains)

/** The values that a call gives: one, or several in an array. */
function resultsOf(result: unknown): Value[] {
  return [result].flat().filter(isValue)
}

describe('every operation', () => {
  test.each(operations)('%s has the derivative that differences have', (_name, calls) => {
    fc.assert(
      fc.property(calls, ({ apply, inputs }) => {
        assertGradient(apply, inputs)
      }),
      { numRuns: 20 },
    )
  })

  test.each(operations)('%s has the second derivative that differences have', (_name, calls) => {
    fc.assert(
      fc.property(calls, ({ apply, inputs }) => {
        assertSecondOrder(apply, inputs)
      }),
      { numRuns: 8 },
    )
  })

  test.each(operations)('%s has one derivative, forward and in reverse', (_name, calls) => {
    fc.assert(
      fc.property(calls, ({ apply, inputs }) => {
        assertForwardMode(apply, inputs)
      }),
      { numRuns: 20 },
    )
  })

  test.each(operations)(
    '%s has one second derivative, forward over reverse and reverse over reverse',
    (_name, calls) => {
      fc.assert(
        fc.property(calls, ({ apply, inputs }) => {
          assertForwardMode(gradientOf(apply), inputs)
        }),
        { numRuns: 8 },
      )
    },
  )

  test.each(operations)('%s has gradients of the kind, shape and dtype of their sources', (_name, calls) => {
    fc.assert(
      fc.property(calls, fc.constantFrom<DType>('float32', 'float64'), ({ apply, inputs }, dtype) => {
        const sources = inputs.map((x) => (typeof x === 'number' ? x : cast(x, dtype)))
        const gradients = gradientOf(apply)(...sources)
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
  // Ways to run a user's function, and random numbers, have tests of their own.
  const elsewhere = ['differentiable', 'element', 'checkpoint', 'drawFractions']
  const missed = allPrimitives()
    .map(({ name }) => name)
    .filter((name) => !reached.has(name) && !elsewhere.includes(name))
  expect(missed).toEqual([])
})
