/** Measures a network's accuracy on any number of examples. */
import type { Tensor } from '@tapegrad/autograd'
import { createBreather } from './eventLoop.js'
import type { Examples } from './examples.js'
import { checkExamples } from './examples.js'
import { gather } from './gather.js'
import { dtypeOfNetwork } from './trainable.js'

/** What `evaluate` needs of a network. */
export interface Evaluable {
  readonly params: unknown
  accuracy(images: Tensor, labels: Tensor): number
}

export interface EvaluateOptions {
  /** Aborting it rejects with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** Few enough to keep the temporaries small, and enough for the matrix products to be fast. */
const chunkSize = 1000

/**
 * The fraction of the examples that `net` labels right. The images are given to it a thousand at a time, in its
 * dtype, bytes scaled to [0, 1]; the event loop gets a turn every 50 milliseconds.
 */
export async function evaluate(
  net: Evaluable,
  examples: Examples,
  { signal }: EvaluateOptions = {},
): Promise<number> {
  checkExamples('evaluate', examples)
  const count = examples.images.shape[0]
  const dtype = dtypeOfNetwork(net)
  const breathe = createBreather()
  let right = 0
  for (let start = 0; start < count; start += chunkSize) {
    signal?.throwIfAborted()
    const rows = Array.from({ length: Math.min(chunkSize, count - start) }, (_, i) => start + i)
    const { images, labels } = gather(examples, rows, dtype)
    // An accuracy may be rounded to float32; a count of images is whole.
    right += Math.round(net.accuracy(images, labels) * rows.length)
    await breathe()
  }
  return right / count
}
