/** Estimates how much room words take. */

/**
 * The width of a text in pixels, on the generous side, as Vega itself estimates it to lay a picture out where there
 * is no canvas to measure on.
 */
export function textWidth(text: string, fontSize: number): number {
  return 0.8 * fontSize * text.length
}
