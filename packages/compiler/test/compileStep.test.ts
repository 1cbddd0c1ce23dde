import type { Tensor, Value, Variable } from '@tapegrad/autograd'
import {
  add,
  cast,
  div,
  exp,
  grad,
  greater,
  log,
  matmul,
  mean,
  mul,
  relu,
  sqrt,
  square,
  sub,
  sum,
  take,
  Tape,
  TapegradError,
  tensor,
  where,
  zerosLike,
} from '@tapegrad/autograd'
import { test as property } from '@fast-check/jest'
import { compileStep } from '../src/compileStep.js'
import { contentsOf, randomStep } from './support/randomStep.js'

const alone = { threads: 1 }

function codeOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof TapegradError) return error.code
    throw error
  }
  return 'no error'
}

describe('a compiled step', () => {
  property.prop([randomStep()], { numRuns: 200 })(
    'does what the eager loop does, whatever becomes of the state',
    ({ initial, inputs, step }) => {
      const program = compileStep(step, initial, alone)
      let state: readonly Value[] = initial
      for (let run = 0; run < 4; run++) {
        const eager = step(state, ...inputs(run))
        state = eager.state
        expect(contentsOf(program.step(...inputs(run)))).toEqual(contentsOf(eager.outputs))
        expect(contentsOf(program.state)).toEqual(contentsOf(state))
      }
    },
  )
})
