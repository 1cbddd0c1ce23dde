/** Draws how the accuracies on training and test data grow from epoch to epoch. */

import { ChartError } from './chartError.js'
import { chartSize, type ChartOptions } from './chartOptions.js'
import { chartTitle } from './chartTitle.js'
import { blue, vermilion } from './colors.js'
import { legendPlace } from './legendPlace.js'
import { renderChart } from './renderChart.js'

/** Accuracies from 0 to 1, at the same epochs; NaN where none was measured. */
export interface AccuracyCurves extends ChartOptions {
  readonly train: ArrayLike<number>
  readonly test: ArrayLike<number>
  /** When they were measured, in rising order; by default 0, 1, 2, …: before training, then after every epoch. */
  readonly epochs?: ArrayLike<number>
}

const names = ['train', 'test']
const solid = [1, 0]
const dashed = [6, 3]

/**
 * The accuracies on training data (solid) and test data (dashed) against epochs, as SVG text.
 *
 * A line joins the accuracies that were measured. The legend is inside the plot at the lower right, or above the
 * plot where a curve runs through that corner.
 *
 * @throws ChartError when there are no accuracies, when the two are not equally many, when one is neither NaN nor
 * from 0 to 1, and for a size too small.
 */
export async function accuracyCurves(curves: AccuracyCurves): Promise<string> {
  const { title = '' } = curves
  const size = chartSize('accuracyCurves', curves)
  const train = Array.from(curves.train)
  const test = Array.from(curves.test)
  const epochs = Array.from(curves.epochs ?? train.keys())
  check(train, test, epochs)
  const lines = Object.entries({ train, test }).map(([data, accuracies]) =>
    accuracies
      .map((accuracy, index) => ({ data, epoch: epochs[index], accuracy }))
      .filter(({ accuracy }) => !Number.isNaN(accuracy)),
  )
  return renderChart({
    ...size,
    ...chartTitle(size.width, title),
    description: 'Accuracies on training data and test data against epochs',
    encoding: {
      x: {
        field: 'epoch',
        type: 'quantitative',
        title: 'epochs',
        axis: { format: 'd', tickMinStep: 1, grid: false },
        scale: { domain: [epochs[0], epochs[epochs.length - 1]], nice: false },
      },
      y: {
        field: 'accuracy',
        type: 'quantitative',
        title: 'accuracy',
        axis: { format: '.1f', tickCount: 5 },
        scale: { domain: [0, 1] },
      },
      color: {
        field: 'data',
        type: 'nominal',
        scale: { domain: names, range: [blue, vermilion] },
        legend: {
          orient: legendPlace({ corner: 'bottom-right', labels: names, curves: [train, test], size }),
        },
      },
    },
    layer: [
      {
        data: { values: lines.flat() },
        mark: 'line',
        encoding: {
          strokeDash: {
            field: 'data',
            type: 'nominal',
            scale: { domain: names, range: [solid, dashed] },
          },
        },
      },
      // A line through a single point would not be seen.
      { data: { values: lines.filter((line) => line.length === 1).flat() }, mark: 'point' },
    ],
  })
}

function check(train: readonly number[], test: readonly number[], epochs: readonly number[]): void {
  if (train.length !== test.length) {
    throw new ChartError(
      `accuracyCurves: train has ${train.length} accuracies and test ${test.length}; ` +
        'both need one for each epoch: put NaN where none was measured',
    )
  }
  if (train.length === 0) {
    throw new ChartError('accuracyCurves: train and test are empty; there is nothing to draw')
  }
  if (epochs.length !== train.length || epochs.some((epoch, i) => i > 0 && !(epoch > epochs[i - 1]))) {
    throw new ChartError(
      `accuracyCurves: epochs are ${JSON.stringify(epochs)} for ${train.length} accuracies; ` +
        'wants one for each, in rising order',
    )
  }
  for (const [name, accuracies] of Object.entries({ train, test })) {
    const index = accuracies.findIndex((accuracy) => accuracy < 0 || accuracy > 1)
    if (index >= 0) {
      throw new ChartError(
        `accuracyCurves: ${name}[${index}] is ${accuracies[index]}; ` +
          'accuracies are from 0 to 1: divide percentages by 100',
      )
    }
  }
}
