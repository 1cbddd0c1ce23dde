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

test('the faster way is taken, the other tried now and then, ever more rarely', () => {
  const pace = new Pace()
  const first = choices(2, 1, 1000, pace).alone
  expect(first).toBeLessThan(200)
  expect(choices(2, 1, 10_000, pace).alone).toBeLessThan(first)
  expect(choices(1, 2, 1000).alone).toBeGreaterThan(900)
})

test('a way that has become the slower one is left after a few runs', () => {
  const pace = new Pace()
  choices(2, 1, 1000, pace)
  expect(choices(2, 5, 300, pace).alone).toBeGreaterThan(200)
})

test('a way that has become the faster one is found out', () => {
  const pace = new Pace()
  choices(1, 2, 300, pace)
  expect(choices(2, 1, 2000, pace).together).toBeGreaterThan(1400)
})

test('a few slow runs do not decide', () => {
  const pace = new Pace()
  choices(2, 1, 200, pace)
  expect(choices(2, 9, 3, pace).together).toBe(3)
  expect(choices(2, 1, 20, pace).together).toBe(20)
})

test('ways that take as long as one another are not changed all the time', () => {
  const pace = new Pace()
  let changes = 0
  let last = pace.choose()
  for (let k = 0; k < 3000; k++) {
    pace.note(last, 1 + 0.02 * Math.sin(k))
    const way = pace.choose()
    if (way !== last) changes++
    last = way
  }
  expect(changes).toBeLessThan(20)
})
