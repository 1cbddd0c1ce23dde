/** Endless seeded batches: drawn with replacement, or shuffled epoch by epoch. */
import { ArgumentError, integers, permutation } from '@tapegrad/autograd'
import type { Rng } from '@tapegrad/autograd'
import type { Examples } from './examples.js'
import { checkExamples } from './examples.js'
import type { FloatDType } from './gather.js'
import { gather } from './gather.js'

export interface BatchOptions {
  /** How many examples a batch has; at most as many as there are. */
  readonly batchSize: number
  /** What the images become, float32 by default: bytes scaled to [0, 1], other numbers as they are. */
  readonly dtype?: FloatDType | undefined
}

/**
 * Batches without end, each of `batchSize` examples drawn with replacement: every example as likely each time,
 * one that was drawn before too. Moves `source` on, for some batches ahead, when a batch is taken.
 *
 * Throws DatasetError for unfit examples, ArgumentError for a batch size that isn't a whole number from 1 to
 * their count.
 */
export function sampledBatches(
  source: Rng,
  examples: Examples,
  { batchSize, dtype }: BatchOptions,
): Generator<Examples, never> {
  checkBatches('sampledBatches', examples, batchSize)
  return gatherBatches(sampledRows(source, examples.images.shape[0], batchSize), examples, dtype)
}

/**
 * Batches without end in epochs: each epoch has every example once, in an order of its own, and ends with a
 * smaller batch where the batch size doesn't divide their count. Moves `source` on when an epoch starts.
 *
 * Throws as `sampledBatches` does.
 */
export function shuffledBatches(
  source: Rng,
  examples: Examples,
  { batchSize, dtype }: BatchOptions,
): Generator<Examples, never> {
  checkBatches('shuffledBatches', examples, batchSize)
  return gatherBatches(shuffledRows(source, examples.images.shape[0], batchSize), examples, dtype)
}

// A generator of its own, for a generator's body, and so its checks, would only run at the first batch.
function* gatherBatches(
  rows: Iterator<Int32Array, never>,
  examples: Examples,
  dtype: FloatDType | undefined,
): Generator<Examples, never> {
  for (;;) yield gather(examples, rows.next().value, dtype)
}

/** About so many numbers are drawn at a time. */
const drawnAtOnce = 4096

/** The numbers of the examples of each batch, drawn with replacement, several batches at a time. */
export function* sampledRows(source: Rng, count: number, batchSize: number): Generator<Int32Array, never> {
  // Numbers are drawn in pairs, of which a batch of odd size leaves one; drawn together, batches would get it.
  const batches = batchSize % 2 === 0 ? Math.max(1, Math.floor(drawnAtOnce / batchSize)) : 1
  for (;;) {
    const numbers = integers(source, [batches * batchSize], { max: count }).data as Int32Array
    for (let start = 0; start < numbers.length; start += batchSize)
      yield numbers.subarray(start, start + batchSize)
  }
}

/** The numbers of the examples of each batch: all of them in each epoch, in an order of its own. */
export function* shuffledRows(source: Rng, count: number, batchSize: number): Generator<Int32Array, never> {
  for (;;) {
    const order = permutation(source, count).data as Int32Array
    for (let start = 0; start < count; start += batchSize) yield order.slice(start, start + batchSize)
  }
}

function checkBatches(name: string, examples: Examples, batchSize: number): void {
  checkExamples(name, examples)
  checkBatchSize(name, batchSize, examples.images.shape[0])
}

/** Throws ArgumentError unless `batchSize` is a whole number from 1 to `count`. */
export function checkBatchSize(name: string, batchSize: number, count: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > count)
    throw new ArgumentError(
      'BATCH_SIZE',
      `${name}: batchSize is ${String(batchSize)}; wants a whole number from 1 to ${count}, the number of examples`,
    )
}
