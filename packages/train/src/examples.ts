/** Examples: images with their labels, as data sets hold them and networks learn from them. */
import { Tensor } from '@tapegrad/autograd'
import { formatShape } from '@tapegrad/autograd/tracing'
import { DatasetError } from './errors.js'

/** Images and their labels, an example a row: the first axes of both have one size. */
export interface Examples {
  /** Of shape [count, …]; bytes (uint8) stand for 0 to 1. */
  readonly images: Tensor
  /** Of shape [count] for integer classes, [count, classes] for one-hot rows. */
  readonly labels: Tensor
}

/** Examples to learn from, and others to measure on what was learnt. */
export interface Dataset {
  readonly train: Examples
  readonly test: Examples
}

/** Throws DatasetError unless `examples` are tensors of images and labels, as many of one as of the other, and some. */
export function checkExamples(name: string, examples: Partial<Examples> | undefined): void {
  const { images, labels } = examples ?? {}
  if (!(images instanceof Tensor) || !(labels instanceof Tensor))
    throw new DatasetError('EXAMPLES', `${name}: wants { images, labels }, both tensors`)
  if (images.rank === 0 || labels.rank === 0 || images.shape[0] !== labels.shape[0])
    throw new DatasetError(
      'SHAPES',
      `${name}: images ${formatShape(images.shape)} and labels ${formatShape(labels.shape)} ` +
        'differ in their first sizes; wants one label an image',
    )
  if (images.shape[0] === 0) throw new DatasetError('EMPTY', `${name}: there are no examples`)
}

/** Throws DatasetError unless both parts of `data` are examples, and of the same kind. */
export function checkDataset(name: string, data: Dataset): void {
  if (data instanceof Promise)
    throw new DatasetError('EXAMPLES', `${name}: data is a Promise; await it first, as in await loadMnist()`)
  checkExamples(`${name}: data.train`, data?.train)
  checkExamples(`${name}: data.test`, data?.test)
  for (const part of ['images', 'labels'] as const) {
    const train = data.train[part].shape
    const test = data.test[part].shape
    if (train.slice(1).join() !== test.slice(1).join())
      throw new DatasetError(
        'SHAPES',
        `${name}: train ${part} ${formatShape(train)} and test ${part} ${formatShape(test)} ` +
          'may differ in their first size only',
      )
  }
}
