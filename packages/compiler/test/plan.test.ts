import fc from 'fast-check'
import type { Lifetime } from '../src/plan.js'
import { placeBuffers, roomFor } from '../src/plan.js'

const lifetimes: fc.Arbitrary<Lifetime[]> = fc
  .array(
    fc.record({
      bytes: fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 10_000 })),
      first: fc.nat({ max: 20 }),
      steps: fc.nat({ max: 8 }),
    }),
    { maxLength: 40 },
  )
  .map((list) =>
    list.map(({ bytes, first, steps }, buffer) => ({ buffer, bytes, first, last: first + steps })),
  )

test('no two buffers that are needed at the same time overlap', () => {
  fc.assert(
    fc.property(lifetimes, fc.nat({ max: 1000 }), (list, start) => {
      const { addresses, end } = placeBuffers(list, start)
      for (const a of list) {
        const from = addresses.get(a.buffer)!
        expect(from).toBeGreaterThanOrEqual(start)
        expect(from % (a.bytes < 128 ? 16 : 128)).toBe(0)
        expect(from + a.bytes).toBeLessThanOrEqual(end)
        const overlapping = list.filter((b) => {
          const address = addresses.get(b.buffer)!
          const meets = a.first <= b.last && b.first <= a.last
          // Nothing else is on the last lines of a large buffer.
          return a !== b && meets && address < from + roomFor(a.bytes) && from < address + roomFor(b.bytes)
        })
        expect(overlapping).toEqual([])
      }
    }),
  )
})

test('buffers that follow one another share their memory', () => {
  const chain = Array.from({ length: 10 }, (_, k) => ({ buffer: k, bytes: 64, first: k, last: k + 1 }))
  expect(placeBuffers(chain, 0).end).toBe(128)
})

test('small buffers lie side by side, large ones have whole lines of the cache', () => {
  expect([1, 16, 17, 127, 128, 129, 4120].map(roomFor)).toEqual([16, 16, 32, 128, 128, 256, 4224])
})

test('memory is no more than all buffers side by side', () => {
  fc.assert(
    fc.property(lifetimes, (list) => {
      expect(placeBuffers(list, 0).end).toBeLessThanOrEqual(
        list.reduce((total, { bytes }) => total + roomFor(bytes), 0),
      )
    }),
  )
})
