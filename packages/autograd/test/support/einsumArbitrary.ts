/** Random calls of einsum, drawn as labels and sizes and written out as a specification afterwards. */
import fc from 'fast-check'
import { tensor } from '@tapegrad/autograd/testing'
import type { Shape, Tensor } from '../../src/index.js'
import { at, elementsOf, indicesOf } from './reference.js'

export interface EinsumCall {
  readonly spec: string
  readonly operands: readonly { readonly labels: readonly string[]; readonly value: Tensor }[]
  readonly output: readonly string[]
  readonly sizes: Readonly<Record<string, number>>
}

const letters = ['i', 'j', 'k', 'A']

/** The axes of the ellipsis; an operand may have the last or both of them. */
const ellipsis = ['…2', '…1']

const sizesOfLabels = fc.record(
  Object.fromEntries(
    [...letters, ...ellipsis].map((label) => [
      label,
      fc.oneof(
        { weight: 12, arbitrary: fc.integer({ min: 1, max: 3 }) },
        { weight: 1, arbitrary: fc.constant(0) },
      ),
    ]),
  ),
)

/** Letters, repeated ones too, with some axes of the ellipsis at some place among them, or no ellipsis. */
const term = fc
  .tuple(
    fc.array(fc.constantFrom(...letters), { maxLength: 3 }),
    fc.nat({ max: 2 }),
    fc.nat({ max: 3 }),
    fc.boolean(),
  )
  .map(([names, count, place, hasEllipsis]) =>
    hasEllipsis
      ? {
          labels: names.toSpliced(place, 0, ...ellipsis.slice(2 - count)),
          text: names.toSpliced(place, 0, '...').join(''),
        }
      : { labels: names, text: names.join('') },
  )

type Term = typeof term extends fc.Arbitrary<infer T> ? T : never

/** Operands of these terms. An axis whose label its operand has once may have size 1 instead. */
function operandsOf(terms: readonly Term[], sizes: EinsumCall['sizes']) {
  const operands = terms.map(({ labels }) =>
    fc
      .array(fc.integer({ min: 0, max: 4 }), { minLength: labels.length, maxLength: labels.length })
      .chain((draws) => {
        const isSingle = (label: string): boolean => labels.indexOf(label) === labels.lastIndexOf(label)
        const shape = labels.map((label, axis) => (draws[axis] === 4 && isSingle(label) ? 1 : sizes[label]))
        return tensor({ shape }).map((value) => ({ labels, value }))
      }),
  )
  return fc.tuple(...operands)
}

/** The result's labels: some of those there are in some order, the whole ellipsis among them; or none are given. */
function outputOf(terms: readonly Term[]) {
  const used = [...new Set(terms.flatMap(({ labels }) => labels))]
  const common = ellipsis.filter((label) => used.includes(label))
  const named = used.filter((label) => !ellipsis.includes(label))
  const count = (letter: string): number =>
    terms.flatMap(({ labels }) => labels).filter((l) => l === letter).length
  const implicit = {
    output: [...common, ...named.filter((letter) => count(letter) === 1).sort()],
    text: '',
  }
  const explicit = fc.tuple(fc.shuffledSubarray(named), fc.nat({ max: 3 })).map(([kept, place]) => ({
    output: kept.toSpliced(place, 0, ...common),
    text: '->' + (common.length === 0 ? kept : kept.toSpliced(place, 0, '...')).join(''),
  }))
  return fc.oneof({ weight: 1, arbitrary: fc.constant(implicit) }, { weight: 2, arbitrary: explicit })
}

/** The sizes that labels have in the end: a label may have size 1 wherever it appears. */
function sizesIn(operands: EinsumCall['operands']): Record<string, number> {
  const sizes: Record<string, number> = {}
  for (const { labels, value } of operands)
    labels.forEach((label, axis) => {
      if (value.shape[axis] !== 1 || !(label in sizes)) sizes[label] = value.shape[axis]
    })
  return sizes
}

/** Calls of one to `maxOperands` operands. */
export function einsumCall(maxOperands = 3): fc.Arbitrary<EinsumCall> {
  return fc
    .tuple(fc.array(term, { minLength: 1, maxLength: maxOperands }), sizesOfLabels)
    .chain(([terms, sizes]) =>
      fc.tuple(operandsOf(terms, sizes), outputOf(terms)).map(([operands, { output, text }]) => ({
        spec: terms.map((each) => each.text).join(',') + text,
        operands,
        output,
        sizes: sizesIn(operands),
      })),
    )
}

/** What einsum should give: one loop over the result's labels, one over all others. */
export function einsumByLoops({ operands, output, sizes }: EinsumCall): { shape: Shape; elements: number[] } {
  const summed = Object.keys(sizes).filter((label) => !output.includes(label))
  const shape = output.map((label) => sizes[label])
  const steps = indicesOf(summed.map((label) => sizes[label]))
  const elements = elementsOf(shape, (index) => {
    let total = 0
    for (const step of steps) {
      const place = (label: string): number =>
        output.includes(label) ? index[output.indexOf(label)] : step[summed.indexOf(label)]
      total += operands.reduce((product, { labels, value }) => product * at(value, labels.map(place)), 1)
    }
    return total
  })
  return { shape, elements }
}
