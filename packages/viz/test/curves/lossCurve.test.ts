import { fc, test } from '@fast-check/jest'
import { movingAverage } from '../../src/curves/movingAverage.js'
import { ChartError, lossCurve } from '../../src/index.js'
import { expectDrawnAt, readChart } from '../support/chart.js'
import { pathPieces } from '../support/svg.js'

const draw = async (curve: Parameters<typeof lossCurve>[0]) => readChart(await lossCurve(curve))

/** A falling, jagged loss with one spike each way that averaging alone would hide. */
const long = Array.from(
  { length: 20_000 },
  (_, index) => 0.5 + 1.5 * Math.exp(-index / 500) + 0.1 * Math.sin(index ** 2),
)
long[12_345] = 2.9
long[15_432] = 0.01

describe('lossCurve', () => {
  const losses = fc.array(fc.integer({ min: -50, max: 500 }), { minLength: 2, maxLength: 60 })

  test.prop([losses, fc.integer({ min: 1, max: 1000 })], { numRuns: 20 })(
    'draws every loss of a short series where the axes say',
    async (loss, firstIteration) => {
      const chart = await draw({ loss, firstIteration })
      const values = loss.map((y, index) => ({ x: firstIteration + index, y }))
      expectDrawnAt(chart, pathPieces(chart.lines[0]).flat(), values)
      expect([chart.bands, chart.legendLabels]).toEqual([[], []])
    },
  )

  test.prop([losses], { numRuns: 20 })('has an axis that holds 0 and all losses', async (loss) => {
    const values = (await draw({ loss })).yTicks.map(({ value }) => value)
    expect(Math.min(...values)).toBeLessThanOrEqual(Math.min(0, ...loss))
    expect(Math.max(...values)).toBeGreaterThanOrEqual(Math.max(0, ...loss))
  })

  test('has axes titled "iteration" and "loss", the iterations from 0 to the last', async () => {
    const chart = await draw({ loss: long })
    expect(chart.axisTitles).toEqual(['iteration', 'loss'])
    expect(chart.xTicks[0].label).toBe('0')
    expect(chart.xTicks.at(-1)?.label).toBe('20,000')
  })

  test('draws a long series in few points and few bytes', async () => {
    const svg = await lossCurve({ loss: long })
    const chart = readChart(svg)
    expect(svg.length).toBeLessThan(30_000)
    expect(pathPieces(chart.lines[0]).flat().length).toBeLessThanOrEqual(240)
    expect(chart.legendLabels.map(({ text }) => text)).toEqual([
      'mean of 84 iterations',
      'range of 84 iterations',
    ])
  })

  test('shows the extremes of a long series in the band', async () => {
    const chart = await draw({ loss: long })
    const heights = pathPieces(chart.bands[0])
      .flat()
      .map(({ y }) => y)
    const [highest, lowest] = [2.9, 0.01].map((y) => chart.toPixel({ x: 0, y }).y)
    expect(Math.abs(Math.min(...heights) - highest)).toBeLessThan(0.75)
    expect(Math.abs(Math.max(...heights) - lowest)).toBeLessThan(0.75)
  })

  test('draws the moving average in front of the losses themselves', async () => {
    const loss = [4, 1, 3, 2, 0, 2]
    const chart = await draw({ loss, smoothing: 0.6 })
    const values = movingAverage(loss, 0.6).map((y, index) => ({ x: index + 1, y }))
    expectDrawnAt(chart, pathPieces(chart.lines[0]).flat(), values)
    const [band] = pathPieces(chart.bands[0])
    expectDrawnAt(
      chart,
      band.slice(0, loss.length).reverse(),
      loss.map((y, index) => ({ x: index + 1, y })).reverse(),
    )
    expect(chart.legendLabels.map(({ text }) => text)).toEqual(['moving average', 'each iteration'])
  })

  test('has the legend at the upper right, and above the plot when the loss rises into it', async () => {
    const rising = long.map((value) => 3 - value)
    const [falls, rises] = await Promise.all([draw({ loss: long.slice(0, 10_000) }), draw({ loss: rising })])
    expect(falls.legendLabels[0].origin.y).toBeGreaterThan(falls.yTicks.at(-1)!.pixel)
    expect(falls.legendLabels[0].origin.x).toBeGreaterThan(falls.xTicks[0].pixel + 100)
    expect(rises.legendLabels[1].origin.y).toBeLessThan(rises.yTicks.at(-1)!.pixel)
  })

  test('leaves gaps where losses are not finite, marks lone ones and counts the missing', async () => {
    const chart = await draw({ loss: [5, 4, NaN, 3, Infinity, 2, 1], title: 'Diverged' })
    expect(
      pathPieces(chart.lines[0]).filter((piece) => piece.length > 1 && piece[0].x !== piece[1].x),
    ).toHaveLength(2)
    expectDrawnAt(chart, chart.points, [{ x: 4, y: 3 }])
    expect(chart.title).toEqual(['Diverged', '2 of 7 losses not finite, first in iteration 3'])
  })

  test('says so when no loss is finite', async () => {
    const chart = await draw({ loss: [NaN, NaN] })
    expect(chart.lines.flatMap(pathPieces).flat()).toEqual([])
    expect(chart.title).toEqual(['2 of 2 losses not finite, first in iteration 1'])
  })

  test('marks a single loss with a point', async () => {
    const chart = await draw({ loss: [2.3] })
    expectDrawnAt(chart, chart.points, [{ x: 1, y: 2.3 }])
  })

  test('draws losses that are all 0 along the bottom', async () => {
    const chart = await draw({ loss: [0, 0] })
    expectDrawnAt(chart, pathPieces(chart.lines[0]).flat(), [
      { x: 1, y: 0 },
      { x: 2, y: 0 },
    ])
    expect(chart.yTicks[0].label).toBe('0.0')
  })

  test.each([
    [{ loss: [] }, 'lossCurve: loss is empty; there is nothing to draw'],
    [{ loss: [1], smoothing: 1.5 }, 'lossCurve: smoothing is 1.5; it is a weight from 0 to 1'],
    [{ loss: [1], smoothing: NaN }, 'lossCurve: smoothing is NaN; it is a weight from 0 to 1'],
    [
      { loss: [1], width: Infinity },
      'lossCurve: the size is Infinity × 320 pixels; it must be at least 300 × 200',
    ],
  ])('refuses %j', async (curve, message) => {
    const error = await lossCurve(curve).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ChartError)
    expect(error).toMatchObject({ code: 'viz/chart', message })
  })
})
