/** Whether results agree with those of eager, judged by a float64 evaluation of the same program. */
import type { Spec, Value } from '@tapegrad/autograd'
import { kindOf, specOf, Tensor } from '@tapegrad/autograd'
import { allocate, isFloat } from '@tapegrad/autograd/tracing'
import type { Program } from '../../src/program.js'
import { Draw } from './draw.js'
import type { Concrete } from './interpreter.js'
import { isSingle, referenceNodes } from './interpreter.js'
import { describe, elementsOf } from './steps.js'

/**
 * Undefined where `actual` agrees with `eager`, else what is wrong: kinds, shapes, dtypes and whole numbers are the
 * same; an error of float32 is at most four times that of eager plus 1e-6, that of float64 at most 1e-10, both
 * relative to the largest element.
 *
 * Where eager happened to round luckily, its error says little; then that of evaluations in which every operation is
 * rounded at random stands in for it.
 */
export function disagreement(
  program: Program,
  inputs: readonly Concrete[],
  eager: readonly Value[],
  actual: readonly Value[],
): string | undefined {
  const reference = referenceNodes(program, inputs)
  const single = isSingle(program)
  let disturbed: Concrete[][] | undefined
  if (eager.length !== actual.length) return `${actual.length} results instead of ${eager.length}`
  for (const [k, output] of program.outputs.entries()) {
    const [want, got] = [eager[k] as Concrete, actual[k] as Concrete]
    if (describeForm(want) !== describeForm(got))
      return `result ${k} is ${describe(got)} instead of ${describe(want)}`
    if (!isFloat(specOf(want).dtype)) {
      const wrong = elementsOf(want).findIndex((x, i) => x !== elementsOf(got)[i])
      if (wrong >= 0)
        return `element ${wrong} of result ${k} is ${elementsOf(got)[wrong]} instead of ${elementsOf(want)[wrong]}`
      continue
    }
    const exact = elementsOf(reference[output])
    const least = (single[output] ? 1e-6 : 1e-10) * Math.max(1, magnitudeOf(exact))
    const error = errorOf(got, exact)
    if (error <= 4 * errorOf(want, exact) + least) continue
    disturbed ??= [1, 2, 3, 4].map((seed) => disturbedNodes(program, inputs, single, seed))
    const expected = Math.max(...disturbed.map((values) => errorOf(values[output], exact)))
    if (!(error <= 4 * expected + least))
      return `the error of result ${k} is ${error}, that of eager ${errorOf(want, exact)}, that of random rounding ${expected}`
  }
  return undefined
}

function describeForm(value: Concrete): string {
  return kindOf(value) === 'number' ? 'number' : describe(value)
}

function magnitudeOf(elements: readonly number[]): number {
  return elements.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
}

/** The largest difference of an element; NaN and infinities are equal to themselves. */
function errorOf(value: Concrete, exact: readonly number[]): number {
  return elementsOf(value).reduce((most, x, i) => {
    if (Object.is(x, exact[i]) || x === exact[i]) return most
    const difference = Math.abs(x - exact[i])
    return Number.isNaN(difference) ? Infinity : Math.max(most, difference)
  }, 0)
}

function disturbedNodes(
  program: Program,
  inputs: readonly Concrete[],
  single: readonly boolean[],
  seed: number,
): Concrete[] {
  const draw = new Draw(seed)
  const unit = program.nodes.map((_, index) => (single[index] ? 2 ** -24 : 2 ** -53))
  let index = -1
  const positions = program.nodes.flatMap(({ kind }, position) => (kind === 'operation' ? [position] : []))
  return referenceNodes(program, inputs, (value, spec) => {
    index++
    return isFloat(spec.dtype) ? rounded(value, spec, unit[positions[index]], draw) : value
  })
}

function rounded(value: Concrete, { dtype }: Spec, unit: number, draw: Draw): Concrete {
  const round = (x: number): number => x * (1 + draw.between(-1, 1) * unit)
  if (typeof value === 'number') return round(value)
  const data = allocate(value.dtype, value.size)
  value.data.forEach((x, i) => (data[i] = round(x)))
  return new Tensor(data, value.shape, dtype === 'float32' ? value.dtype : dtype)
}
