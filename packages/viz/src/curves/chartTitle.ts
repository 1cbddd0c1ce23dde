/** Fits the words above a chart to its width. */

import { textWidth } from './textWidth.js'

const titleSize = 15
const subtitleSize = 12

/**
 * The `title` of a chart, if there is one: title and subtitle in as many lines as they need on `width` pixels,
 * because Vega would rather shrink the plot than break a long line.
 */
export function chartTitle(width: number, title: string, subtitle = '') {
  const text = breakLines(title, titleSize, width)
  const subtext = breakLines(subtitle, subtitleSize, width)
  // Even without words, Vega would keep room for a title.
  if (text.length + subtext.length === 0) return {}
  return {
    title: {
      text,
      subtitle: subtext,
      fontSize: titleSize,
      subtitleFontSize: subtitleSize,
      // Shortens a single word that is longer than a line.
      limit: width,
    },
  }
}

/** The words of a text in lines narrower than `width` pixels, but for words that are wider themselves. */
export function breakLines(text: string, fontSize: number, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = `${lines.at(-1)} ${word}`
    if (lines.length > 0 && textWidth(longer, fontSize) < width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}
