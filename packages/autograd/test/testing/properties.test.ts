/** Properties of derivatives: what passes, and how planted mistakes are reported. */
import { fc, test } from '@fast-check/jest'
import type { Value } from '@tapegrad/autograd'
import {
  GradientError,
  Tensor,
  add,
  cos,
  differentiable,
  matmul,
  maximum,
  mul,
  neg,
  norm,
  relu,
  sign,
  sin,
  square,
  sum,
  where,
  greater,
} from '@tapegrad/autograd'
import type { Drawn } from '@tapegrad/autograd/testing'
import {
  broadcastableShapes,
  element,
  forwardModeProperty,
  gradientProperty,
  secondOrderProperty,
  shape,
  tensor,
  tensors,
  tree,
} from '@tapegrad/autograd/testing'

/** The sine, with a derivative of one's own. */
function sine(
  name: string,
  derivative: (upstream: Value, x: Value) => Value,
  jvp: (tangent: Value, x: Value) => Value = derivative,
): (x: Value) => Value {
  return differentiable(name, {
    forward: (x: Value) => sin(x),
    backward: (upstream, { inputs: [x] }) => [derivative(upstream, x)],
    jvp: ([tangent], { inputs: [x] }) => jvp(tangent, x),
  })
}

const rightSine = sine('rightSine', (flow, x) => mul(flow, cos(x)))

/** What fast-check's report and its cause say of a property that fails. */
function reportOf<Inputs>(property: fc.IProperty<Inputs>, seed: number): string {
  try {
    fc.assert(property, { seed, numRuns: 200 })
  } catch (error) {
    const { message, cause } = error as Error & { cause: Error }
    expect(cause).toBeInstanceOf(GradientError)
    return `${message}\n${cause.message}`
  }
  throw new Error('the property holds')
}

/** The line of a report that begins so. */
function lineOf(report: string, beginning: string): string | undefined {
  return report
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line.startsWith(beginning))
    ?.slice(beginning.length)
    .trim()
}

describe('properties that hold', () => {
  test('of one argument, several, and trees', () => {
    fc.assert(gradientProperty(rightSine, tensor()))
    fc.assert(gradientProperty((x, y) => mul(x, y), tensor({ shape: [2] }), element()))
    fc.assert(gradientProperty(([a, b]) => add(a, b), tensors({ shapes: broadcastableShapes() })))
    const layer = tree({ W: tensor({ shape: [2, 3] }), b: tensor({ shape: [3] }), name: 'affine' })
    const affine = (x: Value, { W, b }: { W: Value; b: Value }): Value => add(matmul(x, W), b)
    fc.assert(gradientProperty(affine, tensor({ shape: [2] }), layer), { numRuns: 10 })
    fc.assert(secondOrderProperty(affine, tensor({ shape: [2] }), layer), { numRuns: 10 })
    fc.assert(forwardModeProperty(affine, tensor({ shape: [2] }), layer), { numRuns: 10 })
  })

  test('of functions with kinks, away from them', () => {
    fc.assert(gradientProperty(relu, tensor({ avoid: [0] })))
    expect(() => {
      fc.assert(gradientProperty(relu, tensor()), { seed: 1 })
    }).toThrow('Property failed')
  })

  test('of integers among the arguments, which are passed on', () => {
    const picked = (x: Value, { condition }: { condition: Value }): Value => where(condition, x, mul(2, x))
    const condition = tensor({ shape: [3], dtype: 'bool' })
    for (const property of [gradientProperty, secondOrderProperty, forwardModeProperty])
      fc.assert(property(picked, tensor({ shape: [3] }), tree({ condition })), { numRuns: 20 })
  })

  test('with options', () => {
    const rough = sine('rough', (upstream, x) => mul(upstream, mul(1.001, cos(x))))
    fc.assert(gradientProperty(rough, tensor(), { rtol: 0.01, atol: 0.01 }))
    fc.assert(secondOrderProperty(rightSine, tensor(), { eps: 1e-2, rtol: 1e-4, seed: 3 }), { numRuns: 20 })
    fc.assert(forwardModeProperty(rightSine, tensor(), { rtol: 1e-12 }), { numRuns: 20 })
  })

  test('type the function by what is drawn', () => {
    const drawn = tree({ a: tensor(), n: element(), label: 'x' })
    type Argument = Drawn<{ a: typeof drawn }>['a']
    const f = ({ a, n }: { a: Value; n: Value; label: string }): Value => mul(a, n)
    const property: fc.IProperty<[Argument]> = gradientProperty(f, drawn)
    expect(property.isAsync()).toBe(false)
    // @ts-expect-error -- on the tape the argument is no Tensor
    gradientProperty((x: Tensor) => x, tensor())
    // @ts-expect-error -- there are two arguments, and one arbitrary
    expect(() => gradientProperty((x: Value, y: Value) => mul(x, y), tensor())).not.toThrow()
  })
})

describe('planted mistakes', () => {
  test('a wrong sign everywhere is reported on a single zero, whole', () => {
    const wrongSign = sine('wrongSign', (upstream, x) => neg(mul(upstream, cos(x))))
    expect(
      reportOf(gradientProperty(wrongSign, tensor({ shape: shape({ minRank: 1 }) })), 1).split('\n'),
    ).toEqual([
      'Property failed after 1 tests',
      expect.stringMatching(/^\{ seed: 1, path: "[\d:]+", endOnFailure: true \}$/),
      "Counterexample: [tensor([0], { dtype: 'float64' })]",
      expect.stringMatching(/^Shrunk \d+ time\(s\)$/),
      '',
      expect.stringMatching(/^Hint/),
      'gradient of wrongSign differs from the numerical one',
      '  worst:     input 0 at [0]',
      expect.stringMatching(/^ {2}analytic: {2}0\.0904730487/),
      expect.stringMatching(/^ {2}numerical: -0\.0904730487/),
      '  largest error: 1.81e-1 absolute, 2.00e+0 relative',
      '  input 0: Tensor float64 [1]',
      '[0]',
    ])
  })

  test.prop([fc.nat()], { numRuns: 15 })(
    'a wrong sign of negative elements is reported on one of them',
    (seed) => {
      const wrongBelow = sine('wrongBelow', (upstream, x) => mul(upstream, mul(sign(x), cos(x))))
      const report = reportOf(gradientProperty(wrongBelow, tensor({ avoid: [0] })), seed)
      expect(lineOf(report, 'Counterexample:')).toBe("[tensor(-1, { dtype: 'float64' })]")
      expect(lineOf(report, 'gradient of')).toBe('wrongBelow differs from the numerical one')
      expect(Number(lineOf(report, 'analytic:'))).toBeCloseTo(-Number(lineOf(report, 'numerical:')), 9)
    },
  )

  test.prop([fc.nat()], { numRuns: 15 })(
    'one wrong element is reported on the smallest tensor that has it',
    (seed) => {
      const wrongThird = sine('wrongThird', (upstream, x) => {
        const right = mul(upstream, cos(x))
        return right instanceof Tensor && right.rank === 1 && right.size > 2
          ? new Tensor(right.data.with(2, 7), right.shape, right.dtype)
          : right
      })
      const report = reportOf(gradientProperty(wrongThird, tensor()), seed)
      expect(lineOf(report, 'Counterexample:')).toBe("[tensor([0, 0, 0], { dtype: 'float64' })]")
      expect(lineOf(report, 'worst:')).toBe('input 0 at [2]')
      expect(lineOf(report, 'analytic:')).toBe('7')
      expect(Number(lineOf(report, 'numerical:'))).not.toBeCloseTo(7)
    },
  )

  test.prop([fc.nat()], { numRuns: 15 })(
    'a wrong value beyond a threshold is reported on the first whole number there',
    (seed) => {
      const wrongBeyond = sine('wrongBeyond', (upstream, x) =>
        mul(upstream, where(greater(x, 1.3), sin(x), cos(x))),
      )
      const report = reportOf(gradientProperty(wrongBeyond, tensor({ shape: [2], avoid: [1.3] })), seed)
      expect(['[tensor([2, 0]', '[tensor([0, 2]']).toContain(
        lineOf(report, 'Counterexample:')?.replace(", { dtype: 'float64' })]", ''),
      )
    },
  )

  test.prop([fc.nat()], { numRuns: 15 })(
    'a wrong shape in one case is reported with the shapes and the case',
    (seed) => {
      const wrongShape = sine('wrongShape', (upstream, x) => {
        const right = mul(upstream, cos(x))
        return right instanceof Tensor && right.rank === 2 ? sum(right) : right
      })
      const report = reportOf(gradientProperty(wrongShape, tensor({ shape: shape({ minSize: 1 }) })), seed)
      expect(lineOf(report, 'Counterexample:')).toBe("[tensor([[0]], { dtype: 'float64' })]")
      expect(report).toContain(
        'wrongShape: the derivative by input 0 is float64 [], the input float64 [1, 1]; wants the same shape and dtype',
      )
    },
  )

  test.prop([fc.nat()], { numRuns: 15 })(
    'a forgotten sum over a broadcast axis is reported on shapes that broadcast',
    (seed) => {
      // The derivatives have the shape of the product; where that is the inputs', too, nothing is wrong.
      const product = differentiable('product', {
        forward: (x: Value, y: Value) => mul(x, y),
        backward: (upstream, { inputs: [x, y] }) => [mul(upstream, y), mul(upstream, x)],
      })
      const pairs = tensors({ shapes: broadcastableShapes({ minRank: 1, minSize: 1 }) })
      const property = gradientProperty(([x, y]) => product(x, y), pairs)
      const { counterexample } = fc.check(property, { seed, numRuns: 200 })
      const [[x, y]] = counterexample!
      expect(x.size + y.size).toBeLessThanOrEqual(3)
      expect([...x.data, ...y.data].every((element) => element === 0)).toBe(true)
      const report = reportOf(property, seed)
      expect(report).toMatch(/product: the derivative by input [01] is/)
    },
  )

  test.prop([fc.nat()], { numRuns: 15 })(
    'a mistake in one leaf of a tree is reported by the name of the leaf',
    (seed) => {
      const wrongBias = sine('wrongBias', (upstream) => upstream)
      const model = tree({ W: tensor({ shape: [2] }), layers: [{ b: tensor({ shape: [2], avoid: [0] }) }] })
      const f = ({ W, layers: [{ b }] }: { W: Value; layers: readonly [{ b: Value }] }): Value =>
        add(W, wrongBias(b))
      const report = reportOf(gradientProperty(f, model), seed)
      expect(lineOf(report, 'worst:')).toMatch(/^input 0 \(layers\[0\]\.b\) at \[[01]\]$/)
      expect(report).toMatch(/input 0: \{"W":\[0,0\],"layers":\[\{"b":\[-?[12],-?[12]\]\}\]\}/)
    },
  )

  test('a derivative that can only be taken once is reported by the second order', () => {
    // The derivative's own derivative is lost, as it is computed outside of the tape.
    const onlyOnce = sine('onlyOnce', (upstream, x) => {
      const detached = typeof x === 'number' ? Math.cos(x) : mul(1, cos(x.stopGradient()))
      return mul(upstream, detached)
    })
    fc.assert(gradientProperty(onlyOnce, tensor()))
    const report = reportOf(secondOrderProperty(onlyOnce, tensor({ avoid: [0] })), 1)
    expect(lineOf(report, 'Counterexample:')).toBe("[tensor(1, { dtype: 'float64' })]")
    expect(lineOf(report, 'gradient of')).toBe('the gradient of onlyOnce differs from the numerical one')
    expect(lineOf(report, 'analytic:')).toBe('0')
  })

  test('a wrong jvp is reported by the forward mode', () => {
    const wrongJvp = sine(
      'wrongJvp',
      (upstream, x) => mul(upstream, cos(x)),
      (tangent, x) => mul(tangent, sin(x)),
    )
    fc.assert(gradientProperty(wrongJvp, tensor()))
    const report = reportOf(forwardModeProperty(wrongJvp, tensor()), 1)
    expect(lineOf(report, 'Counterexample:')).toBe("[tensor(0, { dtype: 'float64' })]")
    expect(lineOf(report, 'forward and reverse mode disagree on')).toBe(
      'wrongJvp, along one random direction',
    )
    expect(lineOf(report, 'forward:')).toBe('0')
    expect(Number(lineOf(report, 'reverse:'))).not.toBeCloseTo(0)
  })

  test('is found again from the seed and path of the report', () => {
    const wrong = sine('wrong', (upstream) => upstream)
    const first = fc.check(gradientProperty(wrong, tensor({ avoid: [0] })), { seed: 5 })
    const replay = { seed: 5, path: first.counterexamplePath!, endOnFailure: true }
    const again = fc.check(gradientProperty(wrong, tensor({ avoid: [0] })), replay)
    expect(fc.stringify(again.counterexample)).toBe(fc.stringify(first.counterexample))
    expect(again.numShrinks).toBe(0)
  })
})

test('a function that gives nothing to differentiate is refused', () => {
  for (const property of [secondOrderProperty, forwardModeProperty])
    expect(fc.check(property(() => 'text', tensor())).errorInstance).toMatchObject({ code: 'RESULT' })
})

test('kinks where elements meet are avoided by distinct elements', () => {
  const largest = (x: Value): Value => maximum(norm(x), square(norm(x)))
  fc.assert(gradientProperty(largest, tensor({ shape: [2], min: 1.1, max: 2 })))
})
