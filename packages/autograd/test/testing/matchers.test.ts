/** Matchers for derivatives and tensors: what passes, and what they say where something doesn't. */
import { fc, test } from '@fast-check/jest'
import type { Value } from '@tapegrad/autograd'
import { ArgumentError, Tape, add, differentiable, mul, neg, sin, tensor } from '@tapegrad/autograd'
import { gradientMatchers, tensor as anyTensor } from '@tapegrad/autograd/testing'
import { expectError } from '../support/errors.js'

expect.extend(gradientMatchers)

/** The message that an expectation fails with. */
function messageOf(expectation: () => void): string {
  try {
    expectation()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('the expectation holds')
}

const wrongSine = differentiable('wrongSine', {
  forward: (x: Value) => sin(x),
  backward: (upstream, { inputs: [x] }) => [neg(mul(upstream, sin(add(x, Math.PI / 2))))],
})

describe('toHaveCorrectGradient', () => {
  test('passes right derivatives, and negated wrong ones', () => {
    expect(sin).toHaveCorrectGradient([tensor([1, 2])])
    expect(wrongSine).not.toHaveCorrectGradient([tensor([1, 2])])
    expect(wrongSine).toHaveCorrectGradient([0.5], { atol: 10 })
  })

  test('names function, worst element and both derivatives where they differ', () => {
    const message = messageOf(() => expect(wrongSine).toHaveCorrectGradient([tensor([0])]))
    expect(message.split('\n')).toEqual([
      'gradient of wrongSine differs from the numerical one',
      '  worst:     input 0 at [0]',
      expect.stringMatching(/^ {2}analytic: +0\.09/),
      expect.stringMatching(/^ {2}numerical: -0\.09/),
      expect.stringMatching(/^ {2}largest error/),
      '  input 0: Tensor float32 [1]',
      '[0]',
    ])
  })

  test('says where they agree, though that is not wanted', () => {
    expect(messageOf(() => expect(sin).not.toHaveCorrectGradient([0.5]))).toMatch(
      /^gradient of sin agrees with the numerical one, to \d\.\d\de-\d+$/,
    )
    expect(messageOf(() => expect((x: Value) => mul(x, x)).not.toHaveCorrectGradient([0.5]))).toMatch(
      /^gradient of the function agrees/,
    )
  })

  test('refuses what is no function', () => {
    expectError(
      () => expect(tensor([1])).toHaveCorrectGradient([1]),
      ArgumentError,
      'WRONG_TYPE',
      'toHaveCorrectGradient: got Tensor float32 [1]; wants a function',
    )
  })
})

describe('toBeCloseToTensor', () => {
  test.prop([anyTensor()])('passes a tensor, itself and its elements', (x) => {
    expect(x).toBeCloseToTensor(x)
    expect(x).toBeCloseToTensor(new Tape().variable(x), { rtol: 0, atol: 0 })
    if (!x.shape.includes(0)) expect(x).toBeCloseToTensor(x.toArray())
  })

  test.prop([anyTensor({ min: 1 }), fc.nat()])('keeps to the tolerances', (x, seed) => {
    const offset = 3e-3 * (seed % 2 === 0 ? 1 : -1)
    fc.pre(x.size > 0)
    expect(add(x, offset)).not.toBeCloseToTensor(x)
    expect(add(x, offset)).toBeCloseToTensor(x, { atol: 4e-3 })
    expect(mul(x, 1 + offset)).toBeCloseToTensor(x, { rtol: 4e-3 })
    expect(mul(x, 1 + offset)).not.toBeCloseToTensor(x, { rtol: 2e-3 })
  })

  test('numbers are as tensors without axes', () => {
    expect(0.1 + 0.2).toBeCloseToTensor(0.3)
    expect(1).toBeCloseToTensor(tensor(1))
    expect(tensor([1])).not.toBeCloseToTensor(1)
  })

  test('NaN is close to NaN and an infinity to itself, and to nothing else', () => {
    const special = tensor([NaN, Infinity, -Infinity])
    expect(special).toBeCloseToTensor(special)
    const others = [NaN, Infinity, -Infinity, 0]
    for (const a of others)
      for (const b of others)
        if (!Object.is(a, b)) expect(a).not.toBeCloseToTensor(b, { rtol: 1, atol: 1e300 })
    expect(messageOf(() => expect(tensor([0, NaN])).toBeCloseToTensor([1, Infinity]))).toMatch(
      /^2 of 2 elements differ, the worst at \[1\]: got NaN, wants Infinity\n/,
    )
  })

  test('names the number of elements that differ, and the worst one', () => {
    const got = tensor([
      [1, 2],
      [3, 5],
    ])
    const wanted = tensor([
      [1, 2.5],
      [3, 4],
    ])
    expect(messageOf(() => expect(got).toBeCloseToTensor(wanted))).toBe(
      [
        '2 of 4 elements differ, the worst at [1, 1]: got 5, wants 4',
        '  got:   Tensor float32 [2, 2]',
        '[[1, 2],',
        ' [3, 5]]',
        '  wants: Tensor float32 [2, 2]',
        '[[  1, 2.5],',
        ' [  3,   4]]',
      ].join('\n'),
    )
    expect(messageOf(() => expect(1).toBeCloseToTensor(2))).toMatch(
      /^1 of 1 elements differ, the worst the only one: got 1, wants 2\n/,
    )
  })

  test('names shapes and dtypes that differ', () => {
    const x = tensor([1, 2])
    expect(messageOf(() => expect(x).toBeCloseToTensor([[1, 2]]))).toMatch(
      /^shape is \[2\], wants \[1, 2\]\n/,
    )
    expect(messageOf(() => expect(x).toBeCloseToTensor(tensor([1, 2], { dtype: 'float64' })))).toMatch(
      /^dtype is float32, wants float64\n/,
    )
    expect(messageOf(() => expect(x).not.toBeCloseToTensor([1, 2]))).toMatch(/^all elements are close\n/)
  })

  test('refuses what is no value', () => {
    expectError(
      () => expect([1, 2]).toBeCloseToTensor([1, 2]),
      ArgumentError,
      'WRONG_TYPE',
      'toBeCloseToTensor: got plain array; wants a number, a Tensor or a Variable',
    )
  })
})
