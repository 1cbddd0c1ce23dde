import { fc, test } from '@fast-check/jest'
import {
  abs,
  add,
  bernoulli,
  integers,
  max,
  mul,
  normal,
  ones,
  type Rng,
  rng,
  sub,
  type Tensor,
  uniform,
  type Value,
  zeros,
} from '@tapegrad/autograd'
import { compile, compileStep } from '../src/index.js'

const seed = fc.nat()
const count = fc.integer({ min: 0, max: 9 })

describe('generators', () => {
  test.prop([seed, count])(
    'draw the same numbers compiled as eagerly, and move on as far',
    (seed, count) => {
      const draw = (source: Rng): Value[] => [
        uniform(source, [count], { dtype: 'float64' }),
        integers(source, [count, 2], { max: 1000 }),
        bernoulli(source, [count], { probability: 0.3 }),
      ]
      const compiled = compile(draw, { threads: 1 })
      const [one, other] = [rng(seed), rng(seed)]
      for (let run = 0; run < 2; run++) {
        expect(compiled(one)).toEqual(draw(other))
        expect(one.counter).toBe(other.counter)
      }
    },
    20_000,
  )

  test.prop([seed])(
    'give normal numbers that differ in rounding only',
    (seed) => {
      const draw = (source: Rng): Value => normal(source, [33], { mean: 1, deviation: 3, dtype: 'float64' })
      const difference = max(abs(sub(compile(draw, { threads: 1 })(rng(seed)), draw(rng(seed)))))
      expect((difference as Tensor).item()).toBeLessThan(1e-13)
    },
    20_000,
  )

  test('are part of a state, as in dropout', () => {
    interface State {
      readonly source: Rng
      readonly sum: Tensor
    }
    const step = ({ source, sum }: State, x: Tensor) => {
      const kept = bernoulli(source, [8], { probability: 0.5, dtype: 'float32' })
      return { state: { source, sum: add(sum, mul(x, kept)) }, outputs: kept }
    }
    const program = compileStep(step, { source: rng(5), sum: zeros([8]) }, { threads: 1 })
    let state: State = { source: rng(5), sum: zeros([8]) }
    for (let i = 0; i < 5; i++) {
      const outputs = program.step(ones([8]))
      const eager = step(state, ones([8]))
      state = eager.state
      expect(outputs).toEqual(eager.outputs)
    }
    expect(program.state).toEqual(state)
  })

  test('are drawn from by a compiled function in another one', () => {
    const draw = compile((source: Rng) => uniform(source, [3]), { threads: 1 })
    const twice = compile((source: Rng) => [draw(source), draw(source)], { threads: 1 })
    const [one, other] = [rng(2), rng(2)]
    draw(rng(1))
    expect(twice(one)).toEqual([uniform(other, [3]), uniform(other, [3])])
    expect(one.counter).toBe(other.counter)
  })

  test('that a traced function captured are refused', () => {
    const captured = rng(0)
    const f = compile((x: Value) => add(x, uniform(captured, [2])))
    expect(() => f(ones([2]))).toThrow(
      expect.objectContaining({
        code: 'CAPTURED_RNG',
        message: expect.stringContaining(
          'pass the generator as an argument, or make it part of the state',
        ) as unknown,
      }) as Error,
    )
  })
})
