/** Random steps with a state: what becomes of each of its values is drawn from all that can become of one. */
import type { Tensor, Value } from '@tapegrad/autograd'
import { add, flip, isValue, kindOf, leavesOf, mul, sub, sum, take, tensor } from '@tapegrad/autograd'
import fc from 'fast-check'

type Concrete = number | Tensor

/** Forms of values; a state's new value has the form of its old one. */
const forms = ['number', 'vector', 'matrix', 'double', 'whole', 'scalar'] as const
type Form = (typeof forms)[number]

/** A value of a form, different for different seeds; its elements are small multiples of 1/8. */
export function valueOf(form: Form, seed: number): Concrete {
  const element = (k: number): number => (((seed + 1) * 37 + k * 11) % 64) / 8 - 4
  const elements = (count: number): number[] => Array.from({ length: count }, (_, k) => element(k))
  switch (form) {
    case 'number':
      return element(0)
    case 'vector':
      return tensor(elements(5))
    case 'matrix':
      return tensor(elements(36), { shape: [6, 6] })
    case 'double':
      return tensor(elements(7), { dtype: 'float64' })
    case 'whole':
      return tensor(
        elements(9).map((x) => Math.round(x * 8)),
        { dtype: 'int32' },
      )
    case 'scalar':
      return tensor(element(0), { shape: [] })
  }
}

/** Rounds alike wherever it is computed. */
function mixed(form: Form, x: Value, y: Value): Value {
  return form === 'whole' ? sub(x, y) : mul(add(x, y), 0.5)
}

function reversed(form: Form, x: Value): Value {
  return form === 'number' || form === 'scalar' ? mul(x, -1) : flip(x)
}

/** What a new value is computed from: the old state, what is new of it already, an input and a constant of its form. */
interface Given {
  readonly form: Form
  readonly own: Value
  /** The old value of some state of the form, perhaps this one. */
  readonly other: Value
  /** The new value of some earlier state of the form, or the old one of this. */
  readonly earlier: Value
  readonly input: Value
  readonly constant: Concrete
}

const becomings: Readonly<Record<string, (given: Given) => Value>> = {
  itself: ({ own }) => own,
  another: ({ other }) => other,
  'what another becomes': ({ earlier }) => earlier,
  'an input': ({ input }) => input,
  'a constant': ({ constant }) => constant,
  'its mixture with an input': ({ form, own, input }) => mixed(form, own, input),
  'its mixture with another': ({ form, own, other }) => mixed(form, own, other),
  'a mixture of what another becomes': ({ form, own, earlier }) => mixed(form, earlier, own),
  'itself reversed': ({ form, own }) => reversed(form, own),
  'its mixture with itself reversed': ({ form, own }) => mixed(form, own, reversed(form, own)),
  'its mixture with another reversed': ({ form, own, other }) => mixed(form, own, reversed(form, other)),
  'its elements in another order': ({ form, own }) =>
    form === 'number' || form === 'scalar'
      ? own
      : take(
          own,
          tensor(
            Array.from({ length: lengths[form] }, (_, k) => (k * 2) % lengths[form]),
            { dtype: 'int32' },
          ),
        ),
  'a mixture with its sum': ({ form, own }) =>
    form === 'whole' ? own : mixed(form, own, sum(mul(own, 0.125))),
}

const lengths: Readonly<Record<Exclude<Form, 'number' | 'scalar'>, number>> = {
  vector: 5,
  matrix: 6,
  double: 7,
  whole: 9,
}

interface Becoming {
  readonly form: Form
  readonly rule: string
  readonly choice: number
}

export interface RandomStep {
  readonly initial: readonly Concrete[]
  /** Inputs of the run of that number. */
  inputs(run: number): readonly Concrete[]
  step(state: readonly Value[], ...inputs: readonly Value[]): { state: readonly Value[]; outputs: unknown }
}

/** A step in which the state's values become what `becomings` say, and outputs are old and new values of it. */
export function randomStep(): fc.Arbitrary<RandomStep> {
  const becoming = fc.record<Becoming>({
    form: fc.constantFrom(...forms),
    rule: fc.constantFrom(...Object.keys(becomings)),
    choice: fc.nat(1000),
  })
  return fc
    .record({ all: fc.array(becoming, { maxLength: 6 }), wanted: fc.array(fc.nat(1000), { maxLength: 4 }) })
    .map(({ all, wanted }) => ({
      initial: all.map(({ form }, k) => valueOf(form, k)),
      inputs: (run) => all.map(({ form }, k) => valueOf(form, 100 * run + 50 + k)),
      step: (state, ...inputs) => {
        const next: Value[] = []
        for (const [k, { form, rule, choice }] of all.entries()) {
          const alike = all.flatMap((other, l) => (other.form === form ? [l] : []))
          const before = alike.filter((l) => l < k)
          next.push(
            becomings[rule]({
              form,
              own: state[k],
              other: state[alike[choice % alike.length]],
              earlier: before.length === 0 ? state[k] : next[before[choice % before.length]],
              input: inputs[k],
              constant: valueOf(form, choice),
            }),
          )
        }
        const candidates = [...state, ...next, ...inputs, 7]
        const outputs = wanted.map((choice) => candidates[choice % candidates.length])
        return { state: next, outputs: { some: outputs, name: 'outputs' } }
      },
      toString: () => JSON.stringify({ all, wanted }),
    }))
}

/** All numbers in a tree, with the forms of what they are in, for exact comparison. */
export function contentsOf(tree: unknown): unknown {
  return leavesOf(tree).map((leaf) => {
    if (!isValue(leaf)) return leaf
    if (typeof leaf === 'number') return leaf
    const { dtype, shape, data } = leaf
    return { kind: kindOf(leaf), dtype, shape: [...shape], data: [...data] }
  })
}
