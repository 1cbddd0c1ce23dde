import { mismatchOf } from './support/fuzz.js'

const seeds = (count: number, from = 1): number[] => Array.from({ length: count }, (_, k) => from + k)

test('random programs do compiled what they do eagerly', () => {
  expect(seeds(600).flatMap((seed) => mismatchOf(seed) ?? [])).toEqual([])
})

test('long random programs do compiled what they do eagerly', () => {
  expect(seeds(20).flatMap((seed) => mismatchOf(seed, { steps: 60, limit: 100 }) ?? [])).toEqual([])
})
