/** The training loop: batch, gradient, update, loss; accuracies in between. */
import { TrainingError } from './errors.js'
import { evaluate } from './evaluate.js'
import { createBreather } from './eventLoop.js'
import type { Dataset } from './examples.js'
import { checkDataset } from './examples.js'
import type { FitOptions } from './fitOptions.js'
import { scheduleOf } from './fitOptions.js'
import { checkTrainable } from './trainable.js'
import type { Trainable } from './trainable.js'
import { startTraining } from './training.js'

/** What happened in training. */
export interface History {
  /** After each iteration, the loss on its batch under the updated parameters. */
  readonly loss: number[]
  /** The epochs that the accuracies belong to: 0 is before training; the last isn't whole where training ends within an epoch. */
  readonly epochs: number[]
  /** The accuracy on all the training examples, at each of `epochs`. */
  readonly trainAccuracy: number[]
  /** The accuracy on the test examples, at each of `epochs`. */
  readonly testAccuracy: number[]
  /** The time that the iterations took, without accuracies, callbacks and pauses. */
  readonly seconds: number
}

/**
 * Trains `net` on `data.train`, one batch an iteration: the gradient of the objective, the optimizer's update, then
 * the loss on the same batch again, which is recorded.
 *
 * The accuracies on all of `data.train` and `data.test` are measured before the first iteration, after every epoch
 * of ⌈examples / batchSize⌉ iterations, and after the last iteration. Images are given to the network in the dtype
 * of its parameters, bytes (uint8) scaled to [0, 1]. The event loop gets a turn every 50 milliseconds.
 *
 * `net.params` is replaced before accuracies are measured and when training ends: after an abort or an error too,
 * when it is the result of the last iteration. In between, the parameters are the training's own.
 *
 * Random numbers that the objective draws from its context are those of a stream of their own: what is drawn leaves
 * the batches as they are, and is the same for the same seed, compiled or not.
 *
 * Iterations run as one compiled program, or, with `{ compile: false }`, operation by operation; the history is the
 * same but for rounding.
 *
 * Throws ArgumentError for options and DatasetError for data that don't make sense, before anything is changed;
 * TrainingError of code `DIVERGED` where the loss isn't finite; CompileError where the network uses what can't be
 * compiled; and the signal's reason when it is aborted.
 */
export async function fit<P, State>(
  net: Trainable<P>,
  data: Dataset,
  options: FitOptions<State>,
): Promise<History> {
  checkTrainable('fit', net)
  checkDataset('fit', data)
  const { iterations, iterationsPerEpoch } = scheduleOf(options, data.train.images.shape[0])
  const { signal, onIteration, onEpoch, allowNonFinite = false } = options
  const breathe = createBreather()
  const loss: number[] = []
  const epochs: number[] = []
  const trainAccuracy: number[] = []
  const testAccuracy: number[] = []
  let milliseconds = 0

  const measure = async (iteration: number): Promise<void> => {
    const epoch = iteration / iterationsPerEpoch
    const onTrain = await evaluate(net, data.train, { signal })
    const onTest = await evaluate(net, data.test, { signal })
    epochs.push(epoch)
    trainAccuracy.push(onTrain)
    testAccuracy.push(onTest)
    await onEpoch?.({ epoch, iteration, trainAccuracy: onTrain, testAccuracy: onTest })
  }

  await measure(0)
  const training = startTraining(net, data.train, options)
  try {
    for (let iteration = 1; iteration <= iterations; iteration++) {
      signal?.throwIfAborted()
      const started = performance.now()
      const batchLoss = training.iterate()
      milliseconds += performance.now() - started

      if (!Number.isFinite(batchLoss) && !allowNonFinite) throw divergence(batchLoss, iteration)
      loss.push(batchLoss)
      await onIteration?.({ iteration, loss: batchLoss })
      if (iteration % iterationsPerEpoch === 0 || iteration === iterations) {
        net.params = training.params()
        await measure(iteration)
      }
      await breathe()
    }
  } finally {
    net.params = training.params()
    training.end()
  }
  return { loss, epochs, trainAccuracy, testAccuracy, seconds: milliseconds / 1000 }
}

function divergence(loss: number, iteration: number): TrainingError {
  return new TrainingError(
    'DIVERGED',
    `fit: the loss became ${loss} in iteration ${iteration}; a lower learning rate usually helps. ` +
      '{ allowNonFinite: true } trains on regardless',
  )
}
