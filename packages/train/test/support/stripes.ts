/** A small data set that a linear network can learn: which of four stripes of an image is bright. */
import { integers, rng, tensor } from '@tapegrad/autograd'
import type { Dataset, Examples } from '../../src/index.js'

export const stripeInputs = 8
export const stripeClasses = 4

function examples(count: number, seed: number): Examples {
  const source = rng(seed)
  const labels = Uint8Array.from(integers(source, [count], { max: stripeClasses }).data)
  const images = Uint8Array.from(integers(source, [count * stripeInputs], { max: 120 }).data)
  labels.forEach((label, i) =>
    images.fill(200, i * stripeInputs + 2 * label, i * stripeInputs + 2 * label + 2),
  )
  return { images: tensor(images, { shape: [count, stripeInputs] }), labels: tensor(labels) }
}

/** 105 examples to train with, so that batches of 10 don't divide them, and 40 to test. */
export const stripes: Dataset = { train: examples(105, 1), test: examples(40, 2) }
