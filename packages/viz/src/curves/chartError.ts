/** The error of charts that cannot be drawn as asked. */

import { TapegradError } from '@tapegrad/kernels'

/** Values or options of which no honest picture can be made; `code` is `viz/chart`. */
export class ChartError extends TapegradError {
  constructor(message: string) {
    super('viz/chart', message)
  }
}
