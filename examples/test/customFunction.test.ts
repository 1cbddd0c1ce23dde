/** How to test a differentiable function of one's own: copy the properties, with your function for `huber`. */
import fc from 'fast-check'
import {
  forwardModeProperty,
  gradientProperty,
  secondOrderProperty,
  shape,
  tensor,
} from '@tapegrad/autograd/testing'
import { huber } from '../src/customFunction/huber.js'

describe('huber', () => {
  // Elements from −3 to 3, but not near ±1, where the second derivative jumps. Differences are taken element by
  // element: small shapes keep this quick.
  const residuals = tensor({ shape: shape({ maxSize: 3 }), min: -3, max: 3, avoid: [-1, 1] })

  test('has the derivative of differences', () => {
    fc.assert(gradientProperty(huber(1), residuals))
  })

  test('has the second derivative of differences', () => {
    fc.assert(secondOrderProperty(huber(1), residuals))
  })

  test('has one derivative, forward and in reverse', () => {
    fc.assert(forwardModeProperty(huber(1), residuals))
  })
})

test('the program shows that an outlier moves the least squares, and hardly the least Huber loss', async () => {
  const log = jest.spyOn(console, 'log').mockImplementation()
  await import('../src/customFunction.js')
  expect(log.mock.calls.flat()).toEqual([
    'least squares: 27.468',
    'least Huber loss: 9.835',
    expect.stringMatching(
      /^On the tape it is one entry:\n%0 = variable "residuals": .*\n%1 = huber\(%0\): .*$/,
    ),
  ])
  log.mockRestore()
})
