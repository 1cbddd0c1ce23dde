/** Draws a Vega-Lite specification as SVG text, in the one style all charts share. */

import type { Config, TopLevelSpec } from 'vega-lite'
import { labelSize } from './legendPlace.js'

const ink = '#222222'
const faint = '#e4e4e4'

/** Dark text and thin rules on white, readable on screens and in print. */
const style: Config = {
  background: 'white',
  padding: 8,
  font: 'sans-serif',
  // Width and height are those of the whole picture.
  autosize: { type: 'fit', contains: 'padding' },
  view: { stroke: null },
  title: { anchor: 'start', frame: 'bounds', color: ink, subtitleColor: ink, subtitlePadding: 5, offset: 12 },
  axis: {
    domainColor: ink,
    gridColor: faint,
    labelColor: ink,
    labelFlush: false,
    labelFontSize: 12,
    tickColor: ink,
    titleColor: ink,
    titleFontSize: 13,
    titleFontWeight: 'normal',
    titlePadding: 8,
  },
  legend: {
    direction: 'vertical',
    labelColor: ink,
    labelFontSize: labelSize,
    labelLimit: 0,
    offset: 8,
    symbolSize: 900,
    symbolStrokeWidth: 2,
    symbolType: 'stroke',
    title: null,
  },
  // A curve's own description would be that of its first point.
  mark: { aria: false },
  line: { strokeJoin: 'round', strokeWidth: 2 },
  point: { filled: true, opacity: 1, size: 40 },
}

/**
 * The picture as SVG text, with a plain-text description for those who don't see it. Vega is loaded by the first
 * call, so that importing this package stays cheap.
 */
export async function renderChart(specification: TopLevelSpec & { description: string }): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')])
  const { spec } = vegaLite.compile(specification, { config: style })
  const view = new vega.View(vega.parse(spec), { renderer: 'none' })
  try {
    const svg = await view.toSVG()
    // Vega describes a picture only where it draws into a page.
    return svg.replace('<svg ', `<svg role="img" aria-label="${specification.description}" `)
  } finally {
    view.finalize()
  }
}
