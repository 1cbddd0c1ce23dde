import { Pace } from '../src/pace.js'

/** Lets a program of given durations run so often, and counts the ways. */
function choices(alone: number, together: number, runs: number, pace = new Pace()): Record<string, number> {
  const counts = { alone: 0, together: 0 }
  for (let k = 0; k < runs; k++) {
    const way = pace.choose()
    counts[way]++
    pace.note(way, way === 'alone' ? alone : together)
  }
  return counts
}

test('the faster way is taken, the other tried now and then', () => {
  expect(choices(2, 1, 2560)).toEqual({ alone: 60, together: 2500 })
  expect(choices(1, 2, 2560).alone).toBeGreaterThan(2500)
})

test('a way that has become the faster one is found out', () => {
  const pace = new Pace()
  choices(2, 1, 1000, pace)
  expect(choices(1, 5, 2000, pace).alone).toBeGreaterThan(1400)
})

test('a single slow run does not decide', () => {
  const pace = new Pace()
  choices(2, 1, 100, pace)
  pace.note('together', 4)
  choices(2, 1, 5, pace)
  expect(choices(2, 1, 20, pace).together).toBe(20)
})
