import { fc, test } from '@fast-check/jest'
import { movingAverage } from '../../src/curves/movingAverage.js'

const value = fc.integer({ min: -1000, max: 1000 })
const series = fc.array(value, { maxLength: 50 })
const smoothing = fc.double({ min: 0, max: 1, noNaN: true })

describe('movingAverage', () => {
  test.prop([series, smoothing])('weighs the past by powers of the smoothing', (values, smoothing) => {
    movingAverage(values, smoothing).forEach((average, last) => {
      const weights = values.slice(0, last + 1).map((_, index) => smoothing ** (last - index))
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      const weighted = weights.reduce((sum, weight, index) => sum + weight * values[index], 0)
      expect(average).toBeCloseTo(weighted / total, 6)
    })
  })

  test.prop([series])('without smoothing leaves a series as it is', (values) => {
    movingAverage(values, 0).forEach((average, index) => expect(average).toBeCloseTo(values[index], 6))
  })

  test.prop([value, smoothing])(
    'leaves a constant series as it is from its first value on',
    (constant, smoothing) => {
      for (const average of movingAverage([constant, constant, constant], smoothing)) {
        expect(average).toBeCloseTo(constant, 6)
      }
    },
  )

  test.prop([series, series, smoothing])('passes over what is not finite', (before, after, smoothing) => {
    const withGap = movingAverage([...before, NaN, -Infinity, ...after], smoothing)
    expect(withGap.splice(before.length, 2)).toEqual([NaN, NaN])
    expect(withGap).toEqual(movingAverage([...before, ...after], smoothing))
  })
})
