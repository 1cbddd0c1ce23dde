import fc from 'fast-check'
import type { Touch } from '../src/lowering/touches.js'
import type { CutStep, Phase, Step } from '../src/phases.js'
import { isAlone, phasesOf } from '../src/phases.js'

interface Drawn {
  readonly rows: number
  readonly reads: readonly number[]
  readonly writes: readonly number[]
  /** What it touches as a whole, not by rows. */
  readonly whole?: readonly number[]
  readonly unlessListed?: number | undefined
  readonly isForEveryThread?: boolean
  readonly work?: number
}

function stepOf(drawn: Drawn, kernel: number): Step {
  const { rows, reads, writes, whole = [], unlessListed, isForEveryThread, work = 50_000 } = drawn
  const touch = (buffer: number): Touch => ({
    buffer,
    isByRows: (n) => n === rows && !whole.includes(buffer),
  })
  const code = { total: rows, grain: 1, unlessListed, isForEveryThread } as Step['code']
  const touches = { reads: reads.map(touch), writes: writes.map(touch) }
  return { kernel, code, codeAt: () => code, touches, rows, work, bytes: 0 }
}

const phases = (...drawn: Drawn[]): Phase[] => phasesOf(drawn.map(stepOf), (buffer) => buffer)

const kernels = (result: readonly Phase[]): number[][] =>
  result.map((phase) => phase.map(({ kernel }) => kernel))

test('steps that follow one another row by row don’t wait', () => {
  const result = phases(
    { rows: 100, reads: [0], writes: [1] },
    { rows: 100, reads: [1, 9], writes: [2], whole: [9] },
    { rows: 100, reads: [2], writes: [3] },
  )
  expect(kernels(result)).toEqual([[0, 1, 2]])
  expect(result[0].map(({ waits }) => waits)).toEqual(['always', 'never', 'never'])
})

test('a step that needs all rows waits, and so does one that writes over what others read', () => {
  expect(
    kernels(
      phases({ rows: 100, reads: [0], writes: [1] }, { rows: 10, reads: [1], writes: [2], whole: [1] }),
    ),
  ).toEqual([[0], [1]])
  expect(
    kernels(
      phases({ rows: 100, reads: [0], writes: [1], whole: [0] }, { rows: 100, reads: [3], writes: [0] }),
    ),
  ).toEqual([[0], [1]])
})

test('steps that would have to wait are put off as long as there are others', () => {
  const result = phases(
    { rows: 100, reads: [0], writes: [1] },
    { rows: 10, reads: [1], writes: [2], whole: [1] },
    { rows: 100, reads: [1], writes: [3] },
    { rows: 10, reads: [2], writes: [4] },
  )
  expect(kernels(result)).toEqual([
    [0, 2],
    [1, 3],
  ])
})

test('for steps that are left undone where a list is used one waits only where it isn’t, and once', () => {
  const [phase, ...others] = phases(
    { rows: 7, reads: [0], writes: [1], whole: [1], unlessListed: 5 },
    { rows: 100, reads: [1], writes: [2], whole: [1] },
    { rows: 100, reads: [1, 2], writes: [3], whole: [1] },
  )
  expect(others).toEqual([])
  expect(phase.map(({ waits }) => waits)).toEqual(['always', { unlessListed: 5 }, 'never'])
})

test('what every thread does for itself waits for what it reads', () => {
  expect(
    kernels(
      phases(
        { rows: 100, reads: [0], writes: [1] },
        { rows: 1, reads: [1], writes: [], isForEveryThread: true },
      ),
    ),
  ).toEqual([[0], [1]])
})

test('a phase of little work is done by one thread', () => {
  const result = phases(
    { rows: 100, reads: [0], writes: [1], work: 100 },
    { rows: 10, reads: [1], writes: [2], whole: [1], work: 100 },
  )
  expect(result.every(isAlone)).toBe(true)
})

const drawnStep: fc.Arbitrary<Drawn> = fc.record({
  rows: fc.constantFrom(1, 6, 12),
  reads: fc.array(fc.nat({ max: 8 }), { maxLength: 3 }),
  writes: fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 1 }),
  whole: fc.array(fc.nat({ max: 8 }), { maxLength: 4 }),
  unlessListed: fc.option(fc.constantFrom(20, 21), { nil: undefined, freq: 4 }),
  isForEveryThread: fc.constantFrom(false, false, false, true),
})

/** Whether the later of two steps may run on a thread that has done no more than its own rows of the earlier one. */
function mayFollow(earlier: CutStep, later: CutStep): boolean {
  const touched = (step: CutStep): (readonly [Touch, boolean])[] => [
    ...step.touches.reads.map((touch) => [touch, false] as const),
    ...step.touches.writes.map((touch) => [touch, true] as const),
  ]
  const shares = !earlier.code.isForEveryThread && !later.code.isForEveryThread && earlier.rows === later.rows
  return touched(earlier).every(([a, aWrites]) =>
    touched(later).every(
      ([b, bWrites]) =>
        a.buffer !== b.buffer ||
        !(aWrites || bWrites) ||
        (shares && (later.rows === 1 || (a.isByRows(later.rows) && b.isByRows(later.rows)))),
    ),
  )
}

test('whatever the program: all steps are done, and none before what it has to wait for', () => {
  fc.assert(
    fc.property(fc.array(drawnStep, { maxLength: 40 }), (drawn) => {
      const result = phases(...drawn)
      const order = result.flat()
      expect(order.map(({ kernel }) => kernel).sort((a, b) => a - b)).toEqual(drawn.map((_, k) => k))
      const phaseOf = new Map(result.flatMap((phase, time) => phase.map((step) => [step.kernel, time])))
      order.forEach((later, position) => {
        for (const [before, earlier] of order.slice(0, position).entries()) {
          if (mayFollow(earlier, later)) continue
          // In the order of the program, and with a wait between: always, or where the earlier one is done at all.
          expect(earlier.kernel).toBeLessThan(later.kernel)
          if (phaseOf.get(earlier.kernel) !== phaseOf.get(later.kernel)) continue
          const between = order.slice(before + 1, position + 1)
          expect(
            between.some(
              ({ waits }) => typeof waits === 'object' && waits.unlessListed === earlier.code.unlessListed,
            ),
          ).toBe(true)
        }
      })
    }),
    { numRuns: 500 },
  )
})
