/** What every chart lets its caller choose. */

import { ChartError } from './chartError.js'

/** The title and the size of a chart. */
export interface ChartOptions {
  /** Written above the plot; none by default. */
  readonly title?: string
  /** Width of the whole picture in pixels, axes and titles included; 480 by default. */
  readonly width?: number
  /** Height of the whole picture in pixels, axes and titles included; 320 by default. */
  readonly height?: number
}

/** In fewer pixels, axes and legend leave no room for a curve. */
const smallest = { width: 300, height: 200 }

/**
 * The size to draw `chart` at.
 *
 * @throws ChartError when it is not at least 300 pixels wide and 200 high, or infinite.
 */
export function chartSize(chart: string, { width = 480, height = 320 }: ChartOptions) {
  const fits = width >= smallest.width && height >= smallest.height && Math.max(width, height) < Infinity
  if (fits) return { width, height }
  throw new ChartError(
    `${chart}: the size is ${width} × ${height} pixels; it must be at least ${smallest.width} × ${smallest.height}`,
  )
}
