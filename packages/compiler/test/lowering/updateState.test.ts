import type { Spec, Value } from '@tapegrad/autograd'
import { add, flip, matmul, mul, relu, sum, tensor, transpose } from '@tapegrad/autograd'
import { lower } from '../../src/lowering/lower.js'
import { updateState } from '../../src/lowering/updateState.js'
import { optimize } from '../../src/passes/index.js'
import { inputIndices } from '../../src/places.js'
import { traceProgram } from '../../src/trace.js'

const matrix: Spec = { kind: 'tensor', shape: [4, 4], dtype: 'float32' }

/** Of a step on two states and an input, all of one form: how many new values are written in place, how many copied. */
function updates(f: (x: Value, y: Value, input: Value) => readonly Value[]): {
  inPlace: number
  copies: number
} {
  const program = optimize(traceProgram(([x, y, input]) => f(x, y, input), [matrix, matrix, matrix]))
  const { lowered, inPlace } = updateState(lower(program), inputIndices(program).slice(0, 2))
  return { inPlace: inPlace.size, copies: lowered.kernels.filter(({ kind }) => kind === 'copy').length }
}

test.each([
  ['computed of their own elements', (x, y, g) => [add(x, g), mul(y, 2)], 2, 0],
  ['computed of one another in order', (x, y, g) => [add(x, g), add(y, x)], 1, 1],
  ['that stay', (x, y) => [x, y], 0, 0],
  [
    'that are constants and inputs',
    (_x, _y, g) => [tensor(new Float32Array(16), { shape: [4, 4] }), g],
    0,
    2,
  ],
  ['of their elements in another order', (x, y) => [flip(x), transpose(y)], 0, 2],
  ['from products and sums', (x, y) => [matmul(x, y), add(mul(y, 0), sum(y, { axis: 0 }))], 1, 1],
  [
    'that are one and the same',
    (x, y) => {
      const z = relu(add(x, y))
      return [z, z]
    },
    0,
    2,
  ],
  // One is copied beside, which frees its place for the other; then the copy goes home.
  ['that are swapped', (x, y) => [y, x], 1, 3],
  ['of which one becomes what the other was', (x, _y, g) => [add(x, g), x], 1, 2],
  ['of which one stays and the other becomes it', (x) => [x, x], 0, 1],
  ['whose old value is an output', (x, y) => [mul(x, 2), mul(y, 2), x], 1, 2],
  ['whose old value stays and is an output', (x, y) => [x, mul(y, 2), x], 1, 0],
  [
    'that are outputs too',
    (x, y, g) => {
      const z = add(x, g)
      return [z, y, z]
    },
    1,
    0,
  ],
] as [string, (x: Value, y: Value, input: Value) => readonly Value[], number, number][])(
  'new values %s',
  (_name, f, inPlace, copies) => {
    expect(updates(f)).toEqual({ inPlace, copies })
  },
)
