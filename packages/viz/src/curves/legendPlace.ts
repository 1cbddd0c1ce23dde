/** Finds a place for a legend where it hides no curve. */

import { textWidth } from './textWidth.js'

/** Pixels around the plot that axes and padding take. */
const margin = { width: 70, height: 60 }

/** Pixels of a legend beside and between its labels: line samples, gaps, some air. */
const samples = 60
const rowHeight = 28

/** The font size of a legend's labels. */
export const labelSize = 12

/** A legend for a corner of the plot, and what is drawn there. */
interface Placement {
  readonly corner: 'top-right' | 'bottom-right'
  readonly labels: readonly string[]
  /** Curves with points evenly spread over the plot's width, each value from 0 (bottom) to 1 (top). */
  readonly curves: readonly (readonly number[])[]
  /** The size of the whole picture. */
  readonly size: { readonly width: number; readonly height: number }
}

/** The wanted corner inside the plot, or `top`, above the plot, where a curve runs through that corner. */
export function legendPlace({ corner, labels, curves, size }: Placement): Placement['corner'] | 'top' {
  const labelWidth = Math.max(...labels.map((label) => textWidth(label, labelSize)))
  const left = 1 - (samples + labelWidth) / (size.width - margin.width)
  const thickness = (labels.length * rowHeight) / (size.height - margin.height)
  const inCorner = (value: number, index: number, curve: readonly number[]) =>
    index >= left * (curve.length - 1) && (corner === 'top-right' ? value > 1 - thickness : value < thickness)
  return curves.some((curve) => curve.some(inCorner)) ? 'top' : corner
}
