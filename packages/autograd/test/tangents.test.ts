import { fc, test } from '@fast-check/jest'
import type { Value, Variable } from '@tapegrad/autograd'
import {
  Tape,
  TapeError,
  Variable as VariableClass,
  add,
  cast,
  concat,
  grad,
  greater,
  mul,
  sin,
  stopGradient,
  sum,
  tensor,
  where,
  zeros,
} from '@tapegrad/autograd'
import { TangentVariable, Tangents } from '../src/tangents.js'
import { program, programInputs, run, trace } from './support/arbitraries.js'
import { expectError } from './support/errors.js'
import { plain } from './support/plain.js'

/** The value of `f` and its tangent, for the given tangents of its inputs. */
function push(
  f: (xs: Value[]) => Value,
  inputs: readonly Value[],
  tangents: readonly Value[],
): { value: Value; tangent: Value } {
  const level = new Tangents()
  const result = f(inputs.map((input, k) => level.variable(input, tangents[k])))
  return {
    value: result instanceof TangentVariable ? result.value : result,
    tangent: level.tangentOf(result),
  }
}

/** Σ derivative · tangent, as a number. */
function inner(derivatives: readonly Value[], tangents: readonly Value[]): number {
  return derivatives
    .map((derivative, k): Value => sum(mul(derivative, tangents[k])))
    .reduce<number>((total, x) => total + (typeof x === 'number' ? x : x.item()), 0)
}

function gradientOf(f: (xs: Variable[]) => Value, inputs: readonly Value[]): Value[] {
  const tape = new Tape()
  const variables = inputs.map((input) => tape.variable(input))
  return tape.gradient(f(variables) as Variable, variables)
}

function item(x: Value): number {
  return typeof x === 'number' ? x : x.item()
}

describe('forward mode', () => {
  test.prop([program, programInputs, programInputs])(
    'is the reverse mode’s gradient times the tangents',
    (steps, inputs, tangents) => {
      const f = (xs: Value[]): Value => run(steps, xs)
      const { value, tangent } = push(f, inputs, tangents)
      expect(item(tangent) + 0).toBe(inner(gradientOf(f, inputs), tangents) + 0)
      expect(plain(value)).toEqual(plain(f([...inputs])))
    },
  )

  test.prop([program, programInputs, programInputs])(
    'gives tangents of the kind, shape and dtype of their values',
    (steps, inputs, tangents) => {
      const level = new Tangents()
      const variables = inputs.map((input, k) => level.variable(input, tangents[k]))
      for (const x of trace(steps, variables)) {
        const tangent = level.tangentOf(x)
        const form = (value: Value): unknown =>
          typeof value === 'number' ? 'number' : [value.kind, value.shape, value.dtype]
        expect(form(tangent)).toEqual(form((x as TangentVariable).value))
      }
    },
  )

  test.prop([program, programInputs, programInputs, programInputs])(
    'over the gradient of a tape is the product of the second derivatives and the tangents, either way around',
    (steps, inputs, v, w) => {
      const f = (xs: Value[]): Value => run(steps, xs)
      // ⟨w, ∇⟩ pushed along v is wᵀHv; so is ⟨v, ∇⟩ pulled back to w: the Hessian is symmetric where there is one.
      fc.pre(steps.every(({ operation }) => !['abs', 'relu', 'maximum'].includes(operation)))
      const along =
        (direction: readonly Value[]) =>
        (xs: Value[]): Value =>
          gradientOf(f, xs)
            .map((derivative, k): Value => sum(mul(derivative, direction[k])))
            .reduce((total, x) => add(total, x))
      const forwardOverReverse = item(push(along(w), inputs, v).tangent)
      const tape = new Tape()
      const variables = inputs.map((input) => tape.variable(input))
      const slope = along(w)(variables)
      const reverseOverReverse =
        slope instanceof VariableClass ? inner(tape.gradient(slope, variables), v) : 0
      expect(forwardOverReverse + 0).toBe(reverseOverReverse + 0)
      expect(item(push(along(v), inputs, w).tangent) + 0).toBe(forwardOverReverse + 0)
    },
  )

  test.prop([program, programInputs, programInputs, programInputs])(
    'inside a tape can be differentiated by it',
    (steps, inputs, v, w) => {
      const f = (xs: Value[]): Value => run(steps, xs)
      const slopeAlongV = (xs: Value[]): Value => push(f, xs, v).tangent
      const tape = new Tape()
      const variables = inputs.map((input) => tape.variable(input))
      const slope = slopeAlongV(variables)
      const pulled = slope instanceof VariableClass ? inner(tape.gradient(slope, variables), w) : 0
      expect(pulled + 0).toBe(item(push(slopeAlongV, inputs, w).tangent) + 0)
    },
  )

  test('nests in itself without confusing levels: d/dx x · d/dy (x + y) = 1', () => {
    const derivative = (f: (x: Value) => Value, x: Value): Value => push(([y]) => f(y), [x], [1]).tangent
    expect(
      derivative(
        (x) =>
          mul(
            x,
            derivative((y) => add(x, y), 1),
          ),
        1,
      ),
    ).toBe(1)
    expect(derivative((x) => mul(x, grad((y: Variable) => mul(x, y))(7)), 3)).toBe(6)
    expect(
      grad((x: Variable) =>
        mul(
          x,
          derivative((y) => mul(x, y), 7),
        ),
      )(3),
    ).toBe(6)
    expect(derivative((x) => derivative((y) => derivative(sin, y), x), 0.3)).toBeCloseTo(-Math.cos(0.3), 14)
  })

  test('is zeros where the result does not depend on the inputs, or not by a path of derivatives', () => {
    const x = tensor([1, 3])
    for (const f of [
      () => zeros([2]),
      (xs: Value[]): Value => stopGradient(xs[0]),
      (xs: Value[]): Value => cast(cast(xs[0], 'int32'), 'float32'),
      (xs: Value[]): Value => where(greater(xs[0], 2), tensor([1, 1]), tensor([2, 2])),
    ])
      expect(push(f, [x], [tensor([5, 5])]).tangent).toEqual(zeros([2]))
    expect(push(([x]) => greater(x, 2), [x], [x]).tangent).toEqual(zeros([2], { dtype: 'bool' }))
  })

  test('goes through operations of many inputs', () => {
    const { tangent } = push(
      ([x, y]) => concat([x, x, y, tensor([9])]),
      [tensor([1]), tensor([2])],
      [tensor([3]), tensor([4])],
    )
    expect(tangent).toEqual(tensor([3, 3, 4, 0]))
  })
})

describe('a variable of forward mode', () => {
  test('is on no tape, and says so', () => {
    const x = new Tangents().variable(1, 1)
    for (const property of ['tape', 'index'] as const)
      expectError(
        () => x[property],
        TapeError,
        'NO_TAPE',
        `${property}: a variable of forward mode (jvp) is on no tape; use grad or vjp to record one`,
      )
    expect(x.name).toBeUndefined()
    expect([x.item(), x.shape]).toEqual([1, []])
    expect(String(x)).toBe('Variable: 1')
  })

  test('can be the value of a younger tape’s variable, but not of an older one’s', () => {
    const older = new Tape()
    const x = new Tangents().variable(2, 1)
    const younger = new Tape()
    expect(younger.variable(x).item()).toBe(2)
    expectError(() => older.variable(x), TapeError, 'NOT_OUTER', /^tape\.variable: /)
  })
})
