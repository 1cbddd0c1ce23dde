import fc from 'fast-check'
import { mergeLoops } from '../../src/codegen/loops.js'
import type { Linear } from '../../src/lowering/linear.js'
import { at, indicesOf } from '../support/loopNest.js'

/** Loops, and forms in which neighbours often continue one another. */
const nests = fc
  .array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 })
  .chain((loops) => fc.tuple(fc.constant(loops), fc.array(formOver(loops), { maxLength: 3 })))

function formOver(loops: readonly number[]): fc.Arbitrary<Linear> {
  return fc
    .record({
      offset: fc.nat({ max: 5 }),
      first: fc.constantFrom(0, 1, 1, 1, -1, 2),
      breaks: fc.array(fc.boolean(), { minLength: loops.length, maxLength: loops.length }),
    })
    .map(({ offset, first, breaks }) => {
      const steps = new Array<number>(loops.length)
      let step = first
      for (let loop = loops.length - 1; loop >= 0; loop--) {
        steps[loop] = step
        step = step * loops[loop] + (breaks[loop] ? 1 : 0)
      }
      return { offset, steps }
    })
}

test('merged loops give every form the same values in the same order', () => {
  fc.assert(
    fc.property(nests, ([loops, forms]) => {
      const { extents, merge } = mergeLoops(loops, forms)
      for (const form of forms)
        expect(indicesOf(extents).map((i) => at(merge(form), i))).toEqual(
          indicesOf(loops).map((i) => at(form, i)),
        )
      expect(indicesOf(extents)).toHaveLength(indicesOf(loops).length)
    }),
    { numRuns: 500 },
  )
})

test('there is always a loop, and none of size 1 beside others', () => {
  fc.assert(
    fc.property(nests, ([loops, forms]) => {
      const { extents } = mergeLoops(loops, forms)
      expect(extents.length).toBeGreaterThan(0)
      if (extents.length > 1) expect(extents).not.toContain(1)
    }),
  )
})

test('loops that are walked as one become one', () => {
  const contiguous = { offset: 0, steps: [12, 4, 1] }
  const constant = { offset: 7, steps: [0, 0, 0] }
  expect(mergeLoops([2, 3, 4], [contiguous, constant]).extents).toEqual([24])
  expect(mergeLoops([2, 3, 4], [contiguous, { offset: 0, steps: [0, 4, 1] }]).extents).toEqual([2, 12])
  expect(mergeLoops([2, 1, 4], [{ offset: 0, steps: [4, 99, 1] }]).extents).toEqual([8])
  expect(mergeLoops([2, 3], [{ offset: 5, steps: [-3, -1] }]).extents).toEqual([6])
  expect(mergeLoops([], [])).toMatchObject({ extents: [1] })
})
