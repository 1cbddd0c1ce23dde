import { fc, test } from '@fast-check/jest'
import { binValues } from '../../src/curves/bins.js'

const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const series = fc.array(finite, { maxLength: 300 })
const limit = fc.integer({ min: 1, max: 50 })

describe('binValues', () => {
  test.prop([series, limit])('makes at most as many bins as the limit', (values, limit) => {
    expect(binValues(values, limit).length).toBeLessThanOrEqual(limit)
  })

  test.prop([series, limit])('puts every value into exactly one bin, in order', (values, limit) => {
    let next = 0
    for (const { start, end } of binValues(values, limit)) {
      expect(start).toBe(next)
      expect(end).toBeGreaterThan(start)
      next = end
    }
    expect(next).toBe(values.length)
  })

  test.prop([series, limit])('makes bins of equal length, but for the last', (values, limit) => {
    const lengths = binValues(values, limit).map(({ start, end }) => end - start)
    expect(new Set(lengths.slice(0, -1)).size).toBeLessThanOrEqual(1)
    expect(lengths.at(-1) ?? 0).toBeLessThanOrEqual(lengths[0] ?? 0)
  })

  test.prop([series, limit])('keeps the extremes of every bin', (values, limit) => {
    for (const { start, end, min, max } of binValues(values, limit)) {
      // `+ 0` makes no difference between zeros of either sign.
      expect(min + 0).toBe(Math.min(...values.slice(start, end)) + 0)
      expect(max + 0).toBe(Math.max(...values.slice(start, end)) + 0)
    }
  })

  test.prop([fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 300 }), limit])(
    'keeps the sum: means times lengths',
    (values, limit) => {
      const sum = values.reduce((total, value) => total + value, 0)
      const binned = binValues(values, limit).reduce(
        (total, { start, end, mean }) => total + mean * (end - start),
        0,
      )
      expect(binned).toBeCloseTo(sum, 6)
    },
  )

  test.prop([series])('leaves a series within the limit as it is', (values) => {
    expect(binValues(values, values.length + 1).map(({ mean }) => mean + 0)).toEqual(
      values.map((value) => value + 0),
    )
  })

  test.prop([fc.array(fc.oneof(finite, fc.constantFrom(NaN, Infinity, -Infinity)), { maxLength: 100 })])(
    'sums up only the finite values of a bin',
    (values) => {
      for (const bin of binValues(values, 7)) {
        const kept = values.slice(bin.start, bin.end).filter(Number.isFinite)
        const [alone] = kept.length > 0 ? binValues(kept, 1) : [{ mean: NaN, min: NaN, max: NaN }]
        expect([bin.mean, bin.min, bin.max]).toEqual([alone.mean, alone.min, alone.max])
      }
    },
  )

  test('takes means of values whose sum overflows', () => {
    expect(binValues([1.5e308, 1.5e308, 1.5e308], 1)[0].mean).toBeCloseTo(1.5e308, -300)
  })
})
