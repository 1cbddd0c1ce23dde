import { compilableOperations, uncompilableOperations } from '@tapegrad/compiler'
import { allPrimitives } from '@tapegrad/autograd/tracing'
import { failuresOf } from './support/fuzz.js'
import { composedSteps, primitiveSteps } from './support/steps.js'

/** Primitives that programs get only through the derivatives or the internals of others. */
const indirect: Readonly<Record<string, string>> = {
  scatterAdd: 'take',
  scatterAddAlongAxis: 'takeAlongAxis',
  mergeWindows: 'windows',
  toNumber: 'mul',
  element: 'custom',
  drawFractions: 'a generator, in the tests of generators',
}

const primitives = allPrimitives().map(({ name }) => name)

test('every primitive is either compilable or on the list of those that are not', () => {
  expect([...compilableOperations, ...uncompilableOperations].sort()).toEqual([...primitives].sort())
})

test('every compilable operation is drawn into random programs', () => {
  expect(compilableOperations.filter((name) => !(name in primitiveSteps) && !(name in indirect))).toEqual([])
})

test.each([...Object.keys(primitiveSteps), ...Object.keys(composedSteps)])(
  '%s gives compiled what it gives eagerly, and so do its derivatives',
  (about) => {
    expect([1, 2, 3].flatMap((steps) => failuresOf(5, { steps, about }))).toEqual([])
  },
)
