import { fc, test } from '@fast-check/jest'
import type { Value } from '@tapegrad/autograd'
import {
  ArgumentError,
  GradientError,
  Tape,
  Tensor,
  add,
  assertGradient,
  cast,
  checkGradient,
  differentiable,
  div,
  mul,
  neg,
  sin,
  softmax,
  sub,
  sum,
  take,
  tensor,
} from '@tapegrad/autograd'
import { expectError } from '../support/errors.js'

const x = tensor([
  [0.5, -1.25, 2],
  [0.1, 0.7, -0.3],
])

/** sin with a planted mistake in its derivative. */
function wrongSine(plant: (right: Tensor) => Value): (x: Value) => Value {
  return differentiable('wrongSine', {
    forward: (x: Value) => sin(x),
    backward: (upstream, { inputs: [x] }) => {
      const right = mul(upstream, sin(add(x, Math.PI / 2)))
      return [right instanceof Tensor ? plant(right) : right]
    },
  }) as (x: Value) => Value
}

function withElement(x: Tensor, index: number, element: number): Tensor {
  return new Tensor(x.data.with(index, element), x.shape, x.dtype)
}

describe('checkGradient', () => {
  test('passes right derivatives, and tells how near they are', () => {
    const check = checkGradient((x: Value) => softmax(sin(x)), [x])
    expect(check.ok).toBe(true)
    expect(check.maxAbsoluteError).toBeLessThan(1e-8)
    expect(check.maxRelativeError).toBeLessThan(1e-6)
    expect(check.worst).toMatchObject({ input: 0, path: '' })
    expect(check.worst?.index).toHaveLength(2)
  })

  test.prop([fc.nat(5), fc.constantFrom(-1, 1), fc.nat()])(
    'catches one wrong element, and names it',
    (index, sign, seed) => {
      const wrong = wrongSine((right) => withElement(right, index, right.data[index] + sign * 1e-3))
      const check = checkGradient(wrong, [x], { seed })
      expect(check.ok).toBe(false)
      expect(check.worst?.index).toEqual([Math.floor(index / 3), index % 3])
      expect(check.worst!.analytic - check.worst!.numerical).toBeCloseTo(sign * 1e-3, 6)
      expect(check.maxAbsoluteError).toBeCloseTo(1e-3, 6)
    },
  )

  test('catches a wrong sign, a forgotten factor and a forgotten term', () => {
    expect(
      checkGradient(
        wrongSine((right) => neg(right)),
        [x],
      ).ok,
    ).toBe(false)
    expect(
      checkGradient(
        wrongSine((right) => mul(right, 1.001)),
        [x],
      ).ok,
    ).toBe(false)
    expect(
      checkGradient(
        wrongSine((right) => mul(right, 0)),
        [x],
      ).ok,
    ).toBe(false)
  })

  test('catches what an upstream of ones would let cancel', () => {
    // Σ softmax is 1, so that its derivative vanishes where upstream is all ones, right or wrong.
    const wrongSoftmax = differentiable('wrongSoftmax', {
      forward: (x: Value) => softmax(x),
      backward: (upstream, { output }) => {
        const weighted = mul(upstream, output)
        return [mul(2, sub(weighted, mul(output, sum(weighted, { axis: -1, keepDims: true }))))]
      },
    }) as (x: Value) => Value
    expect(checkGradient(wrongSoftmax, [x]).ok).toBe(false)
  })

  test('takes a derivative that is NaN or infinite for wrong', () => {
    for (const element of [NaN, Infinity, -Infinity]) {
      const check = checkGradient(
        wrongSine((right) => withElement(right, 4, element)),
        [x],
      )
      expect(check.ok).toBe(false)
      expect(check.worst).toMatchObject({ index: [1, 1], analytic: element })
      expect(check.maxAbsoluteError).toBe(Infinity)
    }
  })

  test('lets a derivative of the wrong shape be the error that it is', () => {
    expectError(
      () =>
        checkGradient(
          wrongSine((right) => sum(right)),
          [x],
        ),
      GradientError,
      'DERIVATIVE_FORM',
      'wrongSine: the derivative by input 0 is float64 [], the input float64 [2, 3]; wants the same shape and dtype',
    )
  })

  test('computes in float64, so that float32 inputs pass', () => {
    const seen = new Set<string>()
    const f = (x: Value): Value => {
      if (typeof x !== 'number') seen.add(x.dtype)
      return sin(x)
    }
    expect(checkGradient(f, [cast(x, 'float32')]).ok).toBe(true)
    expect([...seen]).toEqual(['float64'])
  })

  test('takes numbers, tensors, variables and trees, and any tree of results', () => {
    const f = (x: Value, params: { W: Value; b: Value }, label: string): unknown => ({
      label,
      results: [mul(x, params.W), { again: [add(params.b, x)] }],
    })
    const inputs = [3, { W: x, b: new Tape().variable(2) }, 'unused']
    expect(checkGradient(f, inputs)).toMatchObject({ ok: true })
  })

  test('checks every float in a tree that holds integers too', () => {
    const wrong = wrongSine((right) => mul(right, 2))
    const f = (tree: { rows: Value; x: Value }): Value => take(wrong(tree.x), tree.rows)
    const rows = tensor([1, 1, 0], { dtype: 'int32' })
    const check = checkGradient(f, [{ rows, x }])
    expect(check.ok).toBe(false)
    expect(check.worst).toMatchObject({ input: 0, path: 'x' })
    expect(
      checkGradient((tree: { rows: Value; x: Value }) => take(sin(tree.x), tree.rows), [{ rows, x }]).ok,
    ).toBe(true)
  })

  test('names the leaf of a tree that is wrong', () => {
    const wrong = wrongSine((right) => withElement(right, 2, 7))
    const f = (a: Value, tree: { layers: { W: Value }[] }): Value => add(a, wrong(tree.layers[0].W))
    expect(checkGradient(f, [1, { layers: [{ W: x }] }]).worst).toMatchObject({
      input: 1,
      path: 'layers[0].W',
      index: [0, 2],
    })
  })

  test('passes where there are no elements', () => {
    expect(checkGradient((x: Value) => mul(x, 2), [tensor([])])).toEqual({
      ok: true,
      maxAbsoluteError: 0,
      maxRelativeError: 0,
      worst: undefined,
    })
  })

  test('keeps to the tolerances it is told', () => {
    const wrong = wrongSine((right) => mul(right, 1.01))
    expect(checkGradient(wrong, [x], { rtol: 0.02 }).ok).toBe(true)
    expect(checkGradient(wrong, [x], { rtol: 0.005 }).ok).toBe(false)
    expect(checkGradient(wrong, [x], { rtol: 0, atol: 1 }).ok).toBe(true)
  })

  test('gives the same for the same seed', () => {
    const f = (x: Value): Value => div(sin(x), 3)
    expect(checkGradient(f, [x], { seed: 5 })).toEqual(checkGradient(f, [x], { seed: 5 }))
    expect(checkGradient(f, [x], { seed: 5 })).not.toEqual(checkGradient(f, [x], { seed: 6 }))
  })

  test.each([
    [{ eps: 0 }, 'eps 0, rtol 0.000001, atol 1e-8'],
    [{ rtol: -1 }, 'eps 0.001, rtol -1, atol 1e-8'],
    [{ atol: NaN }, 'eps 0.001, rtol 0.000001, atol NaN'],
  ])('refuses the options %j', (options, got) => {
    expectError(
      () => checkGradient(sin, [x], options),
      ArgumentError,
      'TOLERANCE',
      `checkGradient: ${got}; wants positive numbers`,
    )
  })

  test('refuses inputs without floats and functions without results', () => {
    expectError(
      () => checkGradient((x: Value) => x, [tensor([1], { dtype: 'int32' }), 'x']),
      ArgumentError,
      'NO_VALUES',
      'checkGradient: got inputs (Tensor int32 [1], string); wants an array with at least one float value in it',
    )
    expectError(
      () => checkGradient(() => undefined, [1]),
      ArgumentError,
      'RESULT',
      'checkGradient: the function returned undefined; wants a value or a tree of values',
    )
    expectError(
      () => checkGradient(() => Promise.resolve(1), [1]),
      ArgumentError,
      'PROMISE',
      /^checkGradient: the function returned a Promise/,
    )
  })
})

describe('assertGradient', () => {
  test('is silent where the derivatives agree', () => {
    expect(() => assertGradient((x: Value) => sin(x), [x])).not.toThrow()
  })

  test('names function, worst element, both derivatives and the inputs where they differ', () => {
    const wrong = wrongSine((right) => withElement(right, 1, 7))
    function objective(x: Value): Value {
      return wrong(x)
    }
    const small = tensor(Float64Array.of(0, 0.5))
    const { worst } = checkGradient(objective, [small, { b: 1 }])
    expectError(
      () => assertGradient(objective, [small, { b: 1 }]),
      GradientError,
      'GRADIENT_DIFFERS',
      new RegExp(
        [
          '^gradient of objective differs from the numerical one',
          '  worst:     input 0 at \\[1\\]',
          '  analytic:  7',
          `  numerical: ${worst?.numerical}`,
          '  largest error: \\d\\.\\d\\de[+-]\\d+ absolute, \\d\\.\\d\\de[+-]\\d+ relative',
          '  input 0: Tensor float64 \\[2\\]',
          '\\[  0, 0\\.5\\]',
          '  input 1: \\{"b":1\\}$',
        ].join('\n'),
      ),
    )
  })

  test('says where in a tree the worst element is', () => {
    const wrong = wrongSine((right) => neg(right))
    expectError(
      () => assertGradient(({ W }: { W: Value }) => wrong(W), [{ W: tensor([0.5]) }]),
      GradientError,
      'GRADIENT_DIFFERS',
      /^gradient of the function differs from the numerical one\n {2}worst: {5}input 0 \(W\) at \[0\]\n[^]*\n {2}input 0: \{"W":\[0.5\]\}$/,
    )
  })
})
