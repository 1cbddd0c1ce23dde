import type { Spec, Tensor, Value } from '@tapegrad/autograd'
import {
  add,
  argmax,
  broadcastTo,
  cast,
  expandDims,
  grad,
  IndexError,
  mul,
  oneHot,
  reshape,
  slice,
  specOf,
  sum,
  take,
  takeAlongAxis,
  tensor,
  zeros,
} from '@tapegrad/autograd'
import type { Variable } from '@tapegrad/autograd'
import { test as property } from '@fast-check/jest'
import fc from 'fast-check'
import { optimize } from '../src/passes/index.js'
import type { Program } from '../src/program.js'
import { inputChecks, rangeChecks } from '../src/rangeChecks.js'
import { traceProgram } from '../src/trace.js'

type Function_ = (...inputs: Value[]) => Value

function programOf(f: Function_, ...inputs: Value[]): Program {
  const specs = inputs.map((input): Spec => {
    const { kind, shape, dtype } = specOf(input)
    return { kind, shape, dtype }
  })
  return optimize(traceProgram((variables) => [f(...variables)], specs))
}

const int32 = (...list: number[]): Tensor => tensor(list, { dtype: 'int32' })
const data = tensor(
  Array.from({ length: 15 }, (_, k) => k),
  { shape: [5, 3] },
)
const labels = tensor([0, 1, 2, 9, 1], { dtype: 'uint8' })

/** The ranges that are checked of a program of one input. */
function ranges(f: Function_, input: Value = int32(0)): string[] {
  return rangeChecks(programOf(f, input)).map(
    ({ operation, least, extent }) => `${operation} from ${least} to below ${extent}`,
  )
}

describe('what is checked before a run', () => {
  test.each([
    ['rows', (i) => take(data, i), ['take from -5 to below 5']],
    ['columns', (i) => take(data, i, 1), ['take from -3 to below 3']],
    [
      'a reshaped, cast slice',
      (i) => take(data, cast(slice(reshape(i, [1, 1]), [0, 0], [1, 1]), 'uint8')),
      ['take from -5 to below 5'],
    ],
    [
      'elements along an axis',
      (i) => takeAlongAxis(data, broadcastTo(reshape(i, [1, 1]), [1, 3]), 0),
      ['takeAlongAxis from -5 to below 5'],
    ],
    ['classes', (i) => oneHot(i, 4), ['oneHot from 0 to below 4']],
    [
      'picked classes',
      (i) => oneHot(take(labels, i), 4),
      ['take from -5 to below 5', 'oneHot from 0 to below 4'],
    ],
    ['picked classes that all fit', (i) => oneHot(take(labels, i), 10), ['take from -5 to below 5']],
    [
      'the rows of a derivative',
      (i) => grad((w: Variable) => sum(take(w, i)))(data as unknown as Variable) as unknown as Value,
      ['take from -5 to below 5'],
    ],
    [
      'the same rows of two, once',
      (i) => add(take(data, i), take(mul(data, 2), i)),
      ['take from -5 to below 5'],
    ],
    ['computed rows', (i) => take(data, add(i, i)), []],
    ['rows found by the program', (i) => take(data, argmax(i)), []],
  ] as [string, (i: Variable) => Value, string[]][])('%s', (_name, f, wanted) => {
    expect(ranges(f as Function_)).toEqual(wanted)
  })

  test('no rows that a state names', () => {
    const program = programOf((state, i) => add(take(data, state), take(data, i)), int32(0), int32(0))
    expect(rangeChecks(program, 1)).toHaveLength(1)
    const check = inputChecks(program, 1)
    expect(() => {
      check([int32(5)])
    }).toThrow('take: index 5 is out of bounds for an axis of size 5; wants -5 to 4')
    check([int32(4)])
  })

  test('constants, at once', () => {
    expect(() => inputChecks(programOf((x) => mul(x, oneHot(labels, 4)), 1))).toThrow('oneHot: index 9')
  })

  test('numbers, which have to be whole', () => {
    const check = inputChecks(programOf((i) => take(data, i), 1))
    check([-5])
    for (const wrong of [0.5, NaN, 5, Infinity])
      expect(() => {
        check([wrong])
      }).toThrow(`index ${wrong} is out of bounds`)
  })

  test('an axis without elements', () => {
    const check = inputChecks(programOf((i) => take(zeros([0, 2]), i), int32()))
    check([int32()])
    const wrong = inputChecks(programOf((i) => take(zeros([0, 2]), i), int32(0)))
    expect(() => {
      wrong([int32(0)])
    }).toThrow('take: index 0 is out of bounds for an axis of size 0')
  })
})

const uses: readonly Function_[] = [
  (i) => take(data, i),
  (i) => take(data, i, 1),
  (i) => oneHot(i, 4),
  (i) => oneHot(take(labels, i), 4),
  (i) => take(take(data, i), reshape(i, [2, 2]), 1),
  (i) => takeAlongAxis(data, expandDims(take(i, int32(0, 1, 2)), 0), 0),
]

property.prop([
  fc.constantFrom(...uses),
  fc.array(
    fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 0, max: 2 }) }, fc.integer({ min: -7, max: 7 })),
    { minLength: 4, maxLength: 4 },
  ),
])('indices are refused exactly where eager refuses them, in the same words', (f, list) => {
  const indices = int32(...list)
  const messageOf = (call: () => unknown): string => {
    try {
      call()
      return 'fits'
    } catch (error) {
      if (error instanceof IndexError) return error.message
      throw error
    }
  }
  const check = inputChecks(programOf(f, indices))
  const [checked, eager] = [
    messageOf(() => {
      check([indices])
    }),
    messageOf(() => f(indices)),
  ]
  expect(checked === 'fits').toBe(eager === 'fits')
  // Of several wrong ones, another may be named first.
  expect(checked.replace(/-?\d+ is/, 'i is')).toMatch(
    /^fits|^(take|takeAlongAxis|oneHot): index i is out of bounds for an? (axis of size|depth of) \d; wants -?\d to \d$/,
  )
})
