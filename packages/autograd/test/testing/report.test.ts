/** The report of a failing property in the guide is the one that such a property gives. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { Value } from '@tapegrad/autograd'
import { abs, differentiable, lessEqual, minimum, mul, square, sub, where } from '@tapegrad/autograd'
import { gradientProperty, tensor } from '@tapegrad/autograd/testing'

test('the guide shows what a failing property says', () => {
  const huber = differentiable('huber', {
    forward: (r: Value) => where(lessEqual(abs(r), 1), mul(0.5, square(r)), sub(abs(r), 0.5)),
    backward: (upstream, { inputs: [r] }) => [mul(upstream, minimum(r, 1))],
  })
  const residuals = tensor({ min: -3, max: 3, avoid: [-1, 1] })
  let report = ''
  try {
    fc.assert(gradientProperty(huber, residuals), { seed: 4 })
  } catch (error) {
    report = `${String(error)}\n\nCause: ${String((error as Error).cause)}`
  }
  const guide = readFileSync(join(__dirname, '../../../../docs/checking-gradients.md'), 'utf8')
  const shown = /```text\n(.*?)\n```/s.exec(guide)![1]
  expect(withoutLastDigits(shown)).toBe(withoutLastDigits(report))
})

/** Engines differ in the last digit of a cosine, with which upstream derivatives are drawn. */
function withoutLastDigits(text: string): string {
  return text.replace(/\d+\.\d{10,}/g, (number) => Number(number).toPrecision(10))
}
