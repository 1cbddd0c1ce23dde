import { failuresOf } from './support/fuzz.js'

test('random programs do compiled what they do eagerly', () => {
  expect(failuresOf(500)).toEqual([])
})

test('long random programs do compiled what they do eagerly', () => {
  expect(failuresOf(20, { steps: 60, limit: 100 })).toEqual([])
})
