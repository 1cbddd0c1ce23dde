/** The options of `fit`, and the checks that they make sense together. */
import { ArgumentError } from '@tapegrad/autograd'
import { checkBatchSize } from './batches.js'
import type { Optimizer } from './optimizer.js'

/** How long to train: a number of iterations, or of epochs of ⌈examples / batchSize⌉ iterations each. */
export type Duration =
  | { readonly iterations: number; readonly epochs?: undefined }
  | { readonly epochs: number; readonly iterations?: undefined }

/** An iteration that has just been completed. */
export interface IterationReport {
  /** Counted from 1. */
  readonly iteration: number
  /** The loss on this iteration's batch, after the update. */
  readonly loss: number
}

/** Accuracies that have just been measured. */
export interface EpochReport {
  /** How many epochs the parameters were trained for: 0 before the first iteration, not whole after a last, partial epoch. */
  readonly epoch: number
  /** How many iterations that was. */
  readonly iteration: number
  readonly trainAccuracy: number
  readonly testAccuracy: number
}

interface Settings<State> {
  readonly optimizer: Optimizer<State>
  /** How many examples a batch has. */
  readonly batchSize: number
  /** Where batches come from; 0 by default. The same seed gives the same run. */
  readonly seed?: number | undefined
  /** `sampled` with replacement, the default, or `shuffled`: every example once an epoch, the last batch smaller. */
  readonly batches?: 'sampled' | 'shuffled' | undefined
  /** Runs the iterations as one compiled program, the default, or operation by operation. */
  readonly compile?: boolean | undefined
  /** How many threads run the compiled program: the cores up to 8 by default. */
  readonly threads?: number | undefined
  /** Goes on after a loss of NaN or Infinity instead of throwing; false by default. */
  readonly allowNonFinite?: boolean | undefined
  /** Aborting it stops before the next iteration and rejects with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Called, and awaited, after each iteration. */
  readonly onIteration?: ((report: IterationReport) => unknown) | undefined
  /** Called, and awaited, each time accuracies were measured, before training for the first time. */
  readonly onEpoch?: ((report: EpochReport) => unknown) | undefined
}

export type FitOptions<State> = Settings<State> & Duration

/** How many iterations to train for, and how many make an epoch. */
export interface Schedule {
  readonly iterations: number
  readonly iterationsPerEpoch: number
}

/** The schedule that `options` ask for with `count` training examples. Throws ArgumentError for options that don't make sense. */
export function scheduleOf(options: FitOptions<unknown>, count: number): Schedule {
  const { batchSize, batches = 'sampled', iterations, epochs } = options
  checkOptimizer(options.optimizer)
  checkBatchSize('fit', batchSize, count)
  if (batches !== 'sampled' && batches !== 'shuffled')
    throw new ArgumentError('BATCHES', `fit: batches is ${String(batches)}; wants 'sampled' or 'shuffled'`)
  const iterationsPerEpoch = Math.ceil(count / batchSize)
  if ((iterations === undefined) === (epochs === undefined))
    throw new ArgumentError(
      'DURATION',
      `fit: got ${iterations === undefined ? 'neither' : 'both'} iterations and epochs; wants one of them`,
    )
  if (iterations !== undefined) {
    checkPositive('iterations', iterations)
    return { iterations, iterationsPerEpoch }
  }
  checkPositive('epochs', epochs)
  return { iterations: epochs * iterationsPerEpoch, iterationsPerEpoch }
}

function checkOptimizer(optimizer: Optimizer<unknown> | undefined): void {
  if (typeof optimizer?.init !== 'function' || typeof optimizer.update !== 'function')
    throw new ArgumentError('OPTIMIZER', 'fit: there is no optimizer; wants one such as sgd({ rate: 0.1 })')
}

function checkPositive(name: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new ArgumentError(
      'DURATION',
      `fit: ${name} is ${String(count)}; wants a whole number of at least 1`,
    )
}
