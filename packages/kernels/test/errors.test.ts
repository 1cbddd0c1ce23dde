import { TapegradError } from '@tapegrad/kernels'

class ShapeError extends TapegradError {}

test('an error has a code to test for, and the name of its class', () => {
  const error = new ShapeError('SHAPE', 'the shapes differ')
  expect(error).toBeInstanceOf(TapegradError)
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: 'ShapeError', code: 'SHAPE', message: 'the shapes differ' })
  expect(String(error)).toBe('ShapeError: the shapes differ')
})
