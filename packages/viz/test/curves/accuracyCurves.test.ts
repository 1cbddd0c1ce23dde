import { fc, test } from '@fast-check/jest'
import { accuracyCurves, ChartError } from '../../src/index.js'
import { expectDrawnAt, readChart } from '../support/chart.js'
import { pathPieces } from '../support/svg.js'

const train = [0.1, 0.8, 0.9, 0.95]
const testData = [0.12, 0.79, 0.88, 0.91]

const draw = async (curves: Parameters<typeof accuracyCurves>[0]) => readChart(await accuracyCurves(curves))

describe('accuracyCurves', () => {
  const accuracy = fc.double({ min: 0, max: 1, noNaN: true })
  const pairs = fc.array(fc.tuple(accuracy, accuracy), { minLength: 3, maxLength: 40 })

  test.prop([pairs, fc.integer({ min: 0, max: 100 }), fc.constantFrom(1, 0.5, 3)], { numRuns: 20 })(
    'draws every accuracy where the axes say',
    async (pairs, firstEpoch, step) => {
      const series = [pairs.map(([train]) => train), pairs.map(([, test]) => test)]
      const epochs = pairs.map((_, index) => firstEpoch + step * index)
      const chart = await draw({ train: series[0], test: series[1], epochs })
      expect(chart.lines).toHaveLength(2)
      chart.lines.forEach((line, index) => {
        const values = series[index].map((y, index) => ({ x: epochs[index], y }))
        expectDrawnAt(chart, pathPieces(line).flat(), values)
      })
    },
  )

  test.each([[[0, 1, 2]], [[0, 1, 1, 2]], [[0, 1, NaN, 2]]])('refuses the epochs %j', async (epochs) => {
    await expect(accuracyCurves({ train, test: testData, epochs })).rejects.toThrow(
      `accuracyCurves: epochs are ${JSON.stringify(epochs)} for 4 accuracies; wants one for each, in rising order`,
    )
  })

  test('draws the test line dashed and in another colour', async () => {
    const [trainLine, testLine] = (await draw({ train, test: testData })).lines
    expect(trainLine.attributes['stroke-dasharray']).toBe('1,0')
    expect(testLine.attributes['stroke-dasharray']).toBe('6,3')
    expect(testLine.attributes.stroke).not.toBe(trainLine.attributes.stroke)
  })

  test('has axes titled "epochs" and "accuracy", the accuracies from 0 to 1', async () => {
    const chart = await draw({ train, test: testData })
    expect(chart.axisTitles).toEqual(['epochs', 'accuracy'])
    expect(chart.xTicks.map(({ label }) => label)).toEqual(['0', '1', '2', '3'])
    expect(chart.yTicks.map(({ label }) => label)).toEqual(['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'])
  })

  test('has the legend inside the plot at the lower right', async () => {
    const { legendLabels, xTicks, yTicks } = await draw({ train, test: testData })
    expect(legendLabels.map(({ text }) => text)).toEqual(['train', 'test'])
    for (const { origin } of legendLabels) {
      expect(origin.x).toBeGreaterThan((xTicks[0].pixel + xTicks[3].pixel) / 2)
      expect(origin.x).toBeLessThan(xTicks[3].pixel)
      expect(origin.y).toBeGreaterThan((yTicks[0].pixel + yTicks[5].pixel) / 2)
      expect(origin.y).toBeLessThan(yTicks[0].pixel)
    }
  })

  test('has the legend above the plot when a curve stays low', async () => {
    const { legendLabels, yTicks } = await draw({ train, test: [0.1, 0.1, 0.1, 0.1] })
    for (const { origin } of legendLabels) expect(origin.y).toBeLessThan(yTicks[5].pixel)
  })

  test('joins the accuracies around epochs without one', async () => {
    const chart = await draw({ train, test: [0.1, NaN, NaN, 0.9] })
    const pieces = pathPieces(chart.lines[1])
    expect(pieces).toHaveLength(1)
    expectDrawnAt(chart, pieces[0], [
      { x: 0, y: 0.1 },
      { x: 3, y: 0.9 },
    ])
  })

  test('marks a lone accuracy with a point', async () => {
    const chart = await draw({ train, test: [NaN, NaN, NaN, 0.9] })
    expectDrawnAt(chart, chart.points, [{ x: 3, y: 0.9 }])
    expect((await draw({ train: [0.9], test: [0.8] })).points).toHaveLength(2)
  })

  test('draws axes alone where nothing was measured', async () => {
    const chart = await draw({ train: [NaN, NaN], test: [NaN, NaN] })
    expect([chart.lines, chart.points]).toEqual([[], []])
  })

  test('is as large as asked, on white, in a generic font', async () => {
    const svg = await accuracyCurves({ train, test: testData, width: 640, height: 360 })
    const { root } = readChart(svg)
    expect(root.attributes).toMatchObject({ width: '640', height: '360' })
    expect(root.children[0].attributes).toEqual({ width: '640', height: '360', fill: 'white' })
    expect(new Set(svg.match(/font-family="[^"]*"/g))).toEqual(new Set(['font-family="sans-serif"']))
  })

  test('writes any title, broken into lines that leave the plot its width', async () => {
    const title = 'A "two-layer" network & <50 hidden units> on the digits of MNIST, trained without momentum'
    const [plain, titled] = await Promise.all([
      draw({ train, test: testData }),
      draw({ train, test: testData, title }),
    ])
    expect(titled.title.length).toBeGreaterThan(1)
    expect(titled.title.join(' ')).toBe(title)
    expect(titled.xTicks[3].pixel).toBe(plain.xTicks[3].pixel)
  })

  test('draws the same picture from the same accuracies, in any kind of array', async () => {
    const once = await accuracyCurves({ train: [0, 0.5, 1], test: [0, 0.25, 0.75] })
    const again = await accuracyCurves({
      train: Float32Array.of(0, 0.5, 1),
      test: Float64Array.of(0, 0.25, 0.75),
    })
    expect(again).toBe(once)
  })

  test.each([
    [{ train: [], test: [] }, 'accuracyCurves: train and test are empty; there is nothing to draw'],
    [
      { train: [0.5, 0.6], test: [0.5] },
      'accuracyCurves: train has 2 accuracies and test 1; both need one for each epoch: put NaN where none was measured',
    ],
    [
      { train: [0.5, 0.6], test: [0.5, 97] },
      'accuracyCurves: test[1] is 97; accuracies are from 0 to 1: divide percentages by 100',
    ],
    [
      { train: [0.5], test: [0.5], width: 10 },
      'accuracyCurves: the size is 10 × 320 pixels; it must be at least 300 × 200',
    ],
    [
      { train: [0.5], test: [0.5], height: NaN },
      'accuracyCurves: the size is 480 × NaN pixels; it must be at least 300 × 200',
    ],
  ])('refuses %j', async (curves, message) => {
    const error = await accuracyCurves(curves).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ChartError)
    expect(error).toMatchObject({ code: 'viz/chart', message })
  })
})
