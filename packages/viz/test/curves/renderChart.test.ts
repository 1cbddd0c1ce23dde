import { lossCurve } from '../../src/index.js'

let loads = 0
jest.mock('vega', () => {
  loads++
  return jest.requireActual('vega')
})

test('Vega is loaded by the first picture, not by importing the package', async () => {
  expect(loads).toBe(0)
  await lossCurve({ loss: [1] })
  expect(loads).toBe(1)
})
