/** Reads the curves of a chart back from its SVG text, by the numbers written on its axes. */

import { descendants, parseSvg, withinClass, type Point, type SvgElement } from './svg.js'

export interface Chart {
  readonly root: SvgElement
  /** The drawn lines, in the order of drawing. */
  readonly lines: SvgElement[]
  /** The drawn bands. */
  readonly bands: SvgElement[]
  /** The centres of the drawn points. */
  readonly points: Point[]
  /** Labels along the axes, each with the pixel it stands for. */
  readonly xTicks: Tick[]
  readonly yTicks: Tick[]
  readonly axisTitles: string[]
  readonly legendLabels: SvgElement[]
  /** Lines of title and subtitle. */
  readonly title: string[]
  /** The pixel at which the axes place a value. */
  readonly toPixel: (value: Point) => Point
}

interface Tick {
  readonly label: string
  readonly value: number
  readonly pixel: number
}

export function readChart(svg: string): Chart {
  const root = parseSvg(svg)
  const labels = withinClass(root, 'role-axis-label').map((element) => ({
    label: element.text,
    // Vega writes a true minus sign and thousands separators.
    value: Number(element.text.replace('−', '-').replaceAll(',', '')),
    element,
  }))
  const centered = labels.filter(({ element }) => element.attributes['text-anchor'] === 'middle')
  const xTicks = centered.map(({ element, ...tick }) => ({ ...tick, pixel: element.origin.x }))
  const yTicks = labels
    .filter((label) => !centered.includes(label))
    // The baseline of a label is a third of the font size (12) below its tick.
    .map(({ element, ...tick }) => ({ ...tick, pixel: element.origin.y - 4 }))
  const [toX, toY] = [xTicks, yTicks].map(interpolate)
  return {
    root,
    lines: withinClass(root, 'mark-line'),
    bands: withinClass(root, 'mark-area'),
    points: withinClass(root, 'mark-symbol')
      .filter(({ attributes }) => attributes.d.includes('A'))
      .map(({ origin }) => origin),
    xTicks,
    yTicks,
    axisTitles: withinClass(root, 'role-axis-title').map(({ text }) => text),
    legendLabels: withinClass(root, 'role-legend-label'),
    title: ['role-title-text', 'role-title-subtitle'].flatMap((name) =>
      withinClass(root, name)
        .flatMap(descendants)
        .map(({ text }) => text)
        .filter((text) => text !== ''),
    ),
    toPixel: ({ x, y }) => ({ x: toX(x), y: toY(y) }),
  }
}

function interpolate(ticks: readonly Tick[]): (value: number) => number {
  const first = ticks[0]
  const last = ticks[ticks.length - 1]
  const scale = (last.pixel - first.pixel) / (last.value - first.value)
  return (value) => first.pixel + (value - first.value) * scale
}

/** Expects points, in pixels, where the axes place the given values. */
export function expectDrawnAt(chart: Chart, drawn: readonly Point[], values: readonly Point[]): void {
  expect(drawn).toHaveLength(values.length)
  values.map(chart.toPixel).forEach((pixel, index) => {
    // Axes are drawn half a pixel off, so that their rules are sharp.
    expect(Math.abs(drawn[index].x - pixel.x)).toBeLessThan(0.75)
    expect(Math.abs(drawn[index].y - pixel.y)).toBeLessThan(0.75)
  })
}
