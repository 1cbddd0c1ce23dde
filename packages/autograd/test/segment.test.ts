import { fc, test } from '@fast-check/jest'
import type { Value, Variable } from '@tapegrad/autograd'
import { Tape, Tensor, add, concat, exp, mul, sin, tensor } from '@tapegrad/autograd'
import { Segment, TracedError, replay } from '../src/segment.js'
import { SymbolicTape } from '../src/symbolicTape.js'
import { program, programInputs, trace } from './support/arbitraries.js'
import { plain } from './support/plain.js'

describe('a segment', () => {
  test.prop([program, programInputs, programInputs])(
    'forgotten, is replayed on the inputs it had and on others',
    (steps, inputs, others) => {
      const outer = new Tape()
      const segment = new Segment()
      const results = trace(
        steps,
        inputs.map((x) => segment.lift(outer.variable(x))),
      ) as Variable[]
      const expected = plain(trace(steps, inputs))
      expect(plain(results.map(({ value }) => value))).toEqual(expected)
      const outputs = results.map(({ index }) => index)
      segment.forget()
      const replayed = { recording: segment.recording, outputs }
      expect(plain(replay(replayed, inputs))).toEqual(expected)
      expect(plain(replay(replayed, others))).toEqual(plain(trace(steps, others)))
    },
  )

  test('lifts a variable once, in the order in which they come, captured ones too', () => {
    const [older, younger] = [new Tape(), new Tape()]
    const [x, y, z] = [older.variable(tensor([2])), younger.variable(3), older.variable(tensor([5]))]
    const segment = new Segment()
    const lifted = segment.lift(x)
    expect(segment.lift(x)).toBe(lifted)
    add(mul(mul(lifted, y), y), concat<Value>([lifted, z]))
    expect(segment.lifted.map((variable) => [x, y, z].indexOf(variable))).toEqual([0, 1, 2])
    expect([older.length, younger.length]).toEqual([2, 1])
  })

  test('works on what lies below all levels', () => {
    const outer = new Tape()
    const inner = new Tape()
    const segment = new Segment()
    expect(mul(segment.lift(inner.variable(outer.variable(3))), 2).value).toBe(6)
    expect(outer.length).toBe(1)
  })

  test('forgets tensors but those of constants', () => {
    const segment = new Segment()
    const x = segment.lift(new Tape().variable(tensor([1, 2])))
    mul(exp(x), tensor([3, 4]))
    segment.forget()
    const { recording } = segment
    const kept = Array.from({ length: recording.length }, (_, index) => recording.valueAt(index)).filter(
      (value) => value instanceof Tensor,
    )
    expect(kept).toEqual([tensor([3, 4])])
  })

  test('refuses variables without data', () => {
    const x = new SymbolicTape().input({ kind: 'tensor', shape: [2], dtype: 'float32' })
    expect(() => new Segment().lift(x)).toThrow(TracedError)
    expect(() => new Segment().lift(new Tape().variable(x))).toThrow(TracedError)
  })

  test.prop([fc.double({ min: -1, max: 1, noNaN: true })])(
    'replayed on variables is recorded by their tape',
    (x) => {
      const segment = new Segment()
      const y = sin(segment.lift(new Tape().variable(x)))
      segment.forget()
      const tape = new Tape()
      const input = tape.variable(x)
      const [result] = replay({ recording: segment.recording, outputs: [y.index] }, [input]) as [Value]
      expect(tape.gradient(result as Variable, input)).toBe(Math.cos(x))
    },
  )
})
