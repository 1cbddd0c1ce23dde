/** Draws how the loss falls from iteration to iteration. */

import { binValues } from './bins.js'
import { ChartError } from './chartError.js'
import { chartSize, type ChartOptions } from './chartOptions.js'
import { chartTitle } from './chartTitle.js'
import { blue, lightBlue } from './colors.js'
import { legendPlace } from './legendPlace.js'
import { movingAverage } from './movingAverage.js'
import { renderChart } from './renderChart.js'

/** The loss of each iteration. */
export interface LossCurve extends ChartOptions {
  readonly loss: ArrayLike<number>
  /**
   * The weight of the past in an exponential moving average, from 0 (no smoothing) to 1 (the mean of all
   * iterations so far); 0 by default.
   */
  readonly smoothing?: number
  /** The number of the first iteration; 1 by default. */
  readonly firstIteration?: number
}

/** One iteration of the curve, or neighbouring ones summed up. */
interface Point {
  readonly iteration: number
  readonly loss: number
  readonly min: number
  readonly max: number
}

/** About as many values are written beside the axis of losses. */
const tickCount = 5

/** Points closer than this many pixels could not be told apart. */
const pointSpacing = 2

/**
 * The loss of each iteration, as SVG text.
 *
 * A series too long for the width is drawn as the mean of every few neighbouring iterations, on a light band that
 * reaches from their smallest to their largest loss. With smoothing, the line is the moving average and the band
 * the losses themselves. Losses that are not finite leave gaps and are counted under the title. The axis of losses
 * includes 0.
 *
 * @throws ChartError when there is no loss, when smoothing is not from 0 to 1, and for a size too small.
 */
export async function lossCurve(curve: LossCurve): Promise<string> {
  const { loss, smoothing = 0, title = '', firstIteration = 1 } = curve
  const size = chartSize('lossCurve', curve)
  if (loss.length === 0) throw new ChartError('lossCurve: loss is empty; there is nothing to draw')
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw new ChartError(`lossCurve: smoothing is ${smoothing}; it is a weight from 0 to 1`)
  }

  const limit = Math.floor(size.width / pointSpacing)
  const bins = binValues(loss, limit)
  const averages = smoothing > 0 ? binValues(movingAverage(loss, smoothing), limit) : bins
  const points = bins.map(({ start, end, min, max }, index) => ({
    iteration: firstIteration + (start + end - 1) / 2,
    loss: averages[index].mean,
    min,
    max,
  }))

  const together = bins[0].end
  const lineName = smoothing > 0 ? 'moving average' : `mean of ${together} iterations`
  const bandName = together > 1 ? `range of ${together} iterations` : 'each iteration'
  const names = [lineName, bandName]
  const hasBand = smoothing > 0 || together > 1
  const [bottom, top] = lossRange(points)
  const heights = points.map(({ max }) => (max - bottom) / (top - bottom))
  const color = {
    scale: { domain: names, range: [blue, lightBlue] },
    legend: hasBand
      ? { orient: legendPlace({ corner: 'top-right', labels: names, curves: [heights], size }) }
      : null,
  }

  return renderChart({
    ...size,
    ...chartTitle(size.width, title, countNotFinite(loss, firstIteration)),
    description: 'Loss against iterations',
    encoding: {
      x: {
        field: 'iteration',
        type: 'quantitative',
        title: 'iteration',
        axis: { format: ',d', tickMinStep: 1, grid: false },
        scale: { domain: [firstIteration - 1, firstIteration - 1 + loss.length], nice: false },
      },
      y: {
        field: 'loss',
        type: 'quantitative',
        title: 'loss',
        axis: { tickCount },
        // Ends the axis on a labelled tick.
        scale: { domain: [bottom, top], nice: tickCount },
      },
    },
    layer: [
      {
        data: { values: hasBand ? points : [] },
        // The outline shows the band where it has no height.
        mark: { type: 'area', stroke: lightBlue, strokeWidth: 1 },
        encoding: { y: { field: 'min' }, y2: { field: 'max' }, color: { datum: bandName, ...color } },
      },
      { data: { values: points }, mark: 'line', encoding: { color: { datum: lineName, ...color } } },
      {
        data: { values: points.filter(isIsolated) },
        mark: 'point',
        encoding: { color: { datum: lineName, ...color } },
      },
    ],
  })
}

/** The smallest range of the axis that holds 0 and every loss, and is not empty. */
function lossRange(points: readonly Point[]): readonly [bottom: number, top: number] {
  let [bottom, top] = [0, 0]
  for (const { min, max } of points) {
    if (min < bottom) bottom = min
    if (max > top) top = max
  }
  return bottom < top ? [bottom, top] : [0, 1]
}

/** Whether a point has no neighbour that a line could join it to. */
function isIsolated({ loss }: Point, index: number, points: readonly Point[]): boolean {
  const joins = (neighbour: Point | undefined) => neighbour !== undefined && Number.isFinite(neighbour.loss)
  return Number.isFinite(loss) && !joins(points[index - 1]) && !joins(points[index + 1])
}

/** The sentence under the title about losses that cannot be drawn; empty when there are none. */
function countNotFinite(loss: ArrayLike<number>, firstIteration: number): string {
  const missing = Array.from(loss, (value, index) => ({ value, iteration: firstIteration + index })).filter(
    ({ value }) => !Number.isFinite(value),
  )
  if (missing.length === 0) return ''
  const [count, total, first] = [missing.length, loss.length, missing[0].iteration].map((n) =>
    n.toLocaleString('en'),
  )
  return `${count} of ${total} losses not finite, first in iteration ${first}`
}
