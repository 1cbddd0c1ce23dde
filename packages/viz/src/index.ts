/** Pictures of training, as SVG text: plain arrays in, no browser needed. */

export { accuracyCurves } from './curves/accuracyCurves.js'
export type { AccuracyCurves } from './curves/accuracyCurves.js'
export { ChartError } from './curves/chartError.js'
export type { ChartOptions } from './curves/chartOptions.js'
export { lossCurve } from './curves/lossCurve.js'
export type { LossCurve } from './curves/lossCurve.js'
