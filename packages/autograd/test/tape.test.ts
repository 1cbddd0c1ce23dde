import { fc, test } from '@fast-check/jest'
import type { Value, Variable } from '@tapegrad/autograd'
import {
  ArgumentError,
  Tape,
  TapeError,
  add,
  exp,
  grad,
  mul,
  sin,
  stopGradient,
  sub,
  sum,
  tensor,
} from '@tapegrad/autograd'
import type { Program } from './support/arbitraries.js'
import { program, programInputs, run, trace } from './support/arbitraries.js'
import { expectError } from './support/errors.js'
import { plain } from './support/plain.js'

describe('recording', () => {
  test('happens exactly when an input is a Variable of the tape', () => {
    const tape = new Tape()
    const x = tape.variable(2)
    mul(3, 4)
    mul(tensor([3]), 4)
    expect(tape.length).toBe(1)
    mul(x, 4)
    expect(tape.entries.map(({ operation }) => operation)).toEqual(['variable', 'constant', 'mul'])
  })

  test.prop([program, programInputs])('changes no result', (steps, inputs) => {
    const tape = new Tape()
    const recorded = trace(
      steps,
      inputs.map((input) => tape.variable(input)),
    )
    expect(plain(recorded)).toEqual(plain(trace(steps, inputs)))
  })

  test.prop([program, programInputs])('keeps inputs before what is made of them', (steps, inputs) => {
    const tape = new Tape()
    run(
      steps,
      inputs.map((input) => tape.variable(input)),
    )
    for (const { index, inputs } of tape.entries)
      for (const input of inputs) expect(input).toBeLessThan(index)
  })

  test('names what it is told to', () => {
    const tape = new Tape()
    expect(tape.variable(1, 'x').name).toBe('x')
    expect(tape.constant(1, 'c').name).toBe('c')
    expect(tape.variable(1).name).toBeUndefined()
  })

  test('a constant has no derivative of its own, but one can be asked for', () => {
    const tape = new Tape()
    const [x, c] = [tape.variable(3), tape.constant(5)]
    const product = mul(x, c)
    expect(tape.gradient(product, x)).toBe(5)
    expect(tape.gradient(product, c)).toBe(3)
  })

  test('refuses what is no value', () => {
    expectError(
      () => new Tape().variable([1, 2] as never),
      ArgumentError,
      'WRONG_TYPE',
      'tape.variable: got plain array, wants a number, Tensor or Variable; wrap arrays with tensor(…)',
    )
    expectError(
      () => new Tape().constant('1' as never),
      ArgumentError,
      'WRONG_TYPE',
      'tape.constant: got string, wants a number, Tensor or Variable',
    )
  })
})

describe('several tapes', () => {
  /** Records a program step by step, giving way to others between the steps. */
  async function recordSlowly(tape: Tape, steps: Program, inputs: readonly Value[]): Promise<void> {
    let values: Value[] = inputs.map((input) => tape.variable(input))
    for (let k = 0; k < steps.length; k++) {
      const step = steps[k]
      values = trace([step], values)
      await Promise.resolve()
    }
  }

  test.prop([fc.array(fc.tuple(program, programInputs), { minLength: 2, maxLength: 4 })])(
    'recorded at once across await read as if each had been alone',
    async (programs) => {
      const tapes = programs.map(() => new Tape())
      await Promise.all(programs.map(([steps, inputs], k) => recordSlowly(tapes[k], steps, inputs)))
      for (const [k, [steps, inputs]] of programs.entries()) {
        const alone = new Tape()
        await recordSlowly(alone, steps, inputs)
        expect(String(tapes[k])).toBe(String(alone))
      }
    },
  )

  test('nest: a younger one records what an older one then sees in full', () => {
    const outer = new Tape()
    const x = outer.variable(3)
    const inner = new Tape()
    const y = inner.variable(x)
    const cube = mul(mul(y, y), y)
    expect(inner.length).toBe(3)
    const slope = inner.gradient(cube, y)
    expect(slope).toMatchObject({ tape: outer })
    expect((slope as Variable).item()).toBe(27)
    expect(outer.gradient(slope as Variable, x)).toBe(18)
  })

  test('of which neither is inside the other mix: the younger takes the other’s variables as constants', () => {
    const [one, other] = [new Tape(), new Tape()]
    const [x, y] = [one.variable(2), other.variable(5)]
    const product = mul(x, y)
    expect(product.tape).toBe(other)
    expect(product.value).toMatchObject({ tape: one })
    expect((other.gradient(product, y) as Variable).item()).toBe(2)
    expect(one.gradient(product.value as Variable, x)).toBe(5)
  })

  test('a variable of this tape or a younger one is no value for a new variable', () => {
    const [outer, inner] = [new Tape(), new Tape()]
    const message = (kind: string, whose: string): string =>
      `tape.${kind}: the value is a Variable of ${whose} tape; wants a number, a Tensor, or a Variable of an older tape`
    expectError(
      () => outer.variable(inner.variable(1)),
      TapeError,
      'NOT_OUTER',
      message('variable', 'a younger'),
    )
    expectError(
      () => outer.constant(outer.variable(1)),
      TapeError,
      'NOT_OUTER',
      message('constant', 'this very'),
    )
  })
})

describe('derivatives of any order', () => {
  test.each([
    [1, 80],
    [2, 160],
    [3, 240],
    [4, 240],
    [5, 120],
    [6, 0],
  ])('x⁵ at 2 has %d-th derivative %d', (order, expected) => {
    let f: (x: Value) => Value = (x) => mul(mul(mul(x, x), mul(x, x)), x)
    for (let k = 0; k < order; k++) f = grad(f) as (x: Value) => Value
    expect(f(2)).toBe(expected)
  })

  test.prop([fc.double({ min: -3, max: 3, noNaN: true })])('sin turns into itself at the fourth', (x) => {
    let f: (x: Value) => Value = sin
    for (let k = 0; k < 4; k++) f = grad(f) as (x: Value) => Value
    expect(f(x)).toBeCloseTo(Math.sin(x), 12)
  })

  test('tensors keep their dtype through orders', () => {
    const f = (x: Value): Value => sum(mul(mul(x, x), x))
    const second = grad((x: Variable) => sum(grad(f)(x)))
    expect(second(tensor([1, 2]))).toEqual(tensor([6, 12]))
  })
})

describe('perturbation confusion', () => {
  test('does not arise: d/dx x · d/dy (x + y) = 1', () => {
    expect(grad((x: Variable) => mul(x, grad((y: Variable) => add(x, y))(1)))(1)).toBe(1)
  })

  test('does not arise: d/dx x · d/dy (x · y) = 2x', () => {
    expect(grad((x: Variable) => mul(x, grad((y: Variable) => mul(x, y))(7)))(3)).toBe(6)
  })

  test('does not arise where the inner derivative is 0', () => {
    expect(grad((x: Variable) => add(x, grad((y: Variable) => add(mul(x, x), mul(y, 0)))(1)))(3)).toBe(1)
  })

  test('does not arise three deep: d/dx x·d/dy y·d/dz xyz', () => {
    // d/dz xyz = xy; y·xy = xy², by y 2xy; at y = 5: x·10x = 10x², by x 20x.
    const f = grad((x: Variable) =>
      mul(x, grad((y: Variable) => mul(y, grad((z: Variable) => mul(mul(x, y), z))(7)))(5)),
    )
    expect(f(3)).toBe(60)
  })

  test('stopGradient hides a value from every level', () => {
    const f = grad((x: Variable) => mul(stopGradient(x), grad((y: Variable) => mul(mul(y, y), x))(x)))
    // The inner gradient is 2x·x, by the outer x on both paths 4x; times the hidden x.
    expect(f(3)).toBe(36)
  })
})

describe('a closed tape', () => {
  test('records no more, and says what happened', () => {
    const tape = new Tape()
    const x = tape.variable(2)
    const y = exp(x)
    tape.close()
    const message = (name: string): string =>
      `${name}: the tape is closed; a variable was used after the grad, vjp or the like that made it had returned. ` +
      'Return what you need from the function instead of keeping its variables'
    expectError(() => mul(x, 2), TapeError, 'TAPE_CLOSED', message('mul'))
    expectError(() => exp(x), TapeError, 'TAPE_CLOSED', message('exp'))
    expectError(() => tape.variable(1), TapeError, 'TAPE_CLOSED', message('tape.variable'))
    expectError(() => tape.constant(1), TapeError, 'TAPE_CLOSED', message('tape.constant'))
    expect(tape.length).toBe(2)
    expect(y.item()).toBe(Math.exp(2))
    expect(tape.gradient(y, x)).toBe(Math.exp(2))
  })

  test('is what grad leaves behind', () => {
    let kept: Variable | undefined
    grad((x: Variable) => {
      kept = x
      return mul(x, x)
    })(2)
    expectError(() => sub(kept!, 1), TapeError, 'TAPE_CLOSED', /^sub: the tape is closed/)
  })

  test('is what grad leaves behind where the function throws, too', () => {
    let kept: Variable | undefined
    expect(() =>
      grad((x: Variable): Value => {
        kept = x
        throw new Error('stop')
      })(2),
    ).toThrow('stop')
    expectError(() => sub(kept!, 1), TapeError, 'TAPE_CLOSED', /^sub: /)
  })
})

describe('depth', () => {
  test('a chain of a million operations records and differentiates', () => {
    const tape = new Tape()
    const x = tape.variable(1)
    let y = x
    for (let i = 0; i < 1_000_000; i++) y = add(y, x)
    expect(tape.length).toBe(1_000_001)
    expect(y.item()).toBe(1_000_001)
    expect(tape.gradient(y, x)).toBe(1_000_001)
  })

  test('a hundred thousand operations on tensors do so, too', () => {
    const tape = new Tape()
    const x = tape.variable(tensor(Float64Array.of(1, 2)))
    let y = x
    for (let i = 0; i < 100_000; i++) y = add(y, x)
    expect(plain(tape.gradient(sum(y), x))).toEqual(plain(tensor(Float64Array.of(100_001, 100_001))))
  })
})
