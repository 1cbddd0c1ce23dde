import { createBreather } from '../src/eventLoop.js'

const workFor = (milliseconds: number): void => {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

describe('createBreather', () => {
  test('gives other work a turn once 50 milliseconds have passed', async () => {
    const breathe = createBreather()
    let turns = 0
    setImmediate(() => turns++)
    workFor(60)
    await breathe()
    // A message may come before or after setImmediate within a turn, but not twice.
    workFor(60)
    await breathe()
    expect(turns).toBe(1)
  })

  test('returns without leaving the current turn before that', async () => {
    const breathe = createBreather()
    let turns = 0
    setImmediate(() => turns++)
    const started = performance.now()
    await breathe()
    if (performance.now() - started < 50) expect(turns).toBe(0)
  })
})
