/** Labels: which class each example belongs to, as whole numbers or as a distribution over the classes. */
import type { Shape, Tensor, Value } from '@tapegrad/autograd'
import {
  DTypeError,
  IndexError,
  ShapeError,
  cast,
  dtypeOf,
  isValue,
  kindOf,
  oneHot,
  shapeOf,
} from '@tapegrad/autograd'
import { formatShape } from '@tapegrad/autograd/tracing'
import { describe, sameShape } from './messages.js'

/**
 * Throws, in the name of the caller, where `labels` don't belong to logits of shape [..., classes]: ShapeError
 * unless theirs is [...] or [..., classes], or where there are no examples; DTypeError for labels of shape [...]
 * that are not int32 or uint8. Which classes they name is for `checkClasses` to see.
 */
export function checkLabels(caller: string, logits: Shape, labels: Value): void {
  const leading = logits.slice(0, -1)
  const wants = `wants integers of shape ${formatShape(leading)} or a distribution (one-hot) of shape ${formatShape(logits)}`
  if (!isValue(labels) || kindOf(labels) === 'number')
    throw new ShapeError('LABELS_SHAPE', `${caller}: labels are ${describe(labels)}; ${wants}`)
  const shape = shapeOf(labels)
  if (!sameShape(shape, leading) && !sameShape(shape, logits))
    throw new ShapeError('LABELS_SHAPE', `${caller}: labels are ${describe(labels)}; ${wants}`)
  if (logits.includes(0))
    throw new ShapeError(
      'NO_EXAMPLES',
      `${caller}: logits of shape ${formatShape(logits)} hold nothing to take the mean of; wants at least one example and class`,
    )
  const isInteger = dtypeOf(labels) === 'int32' || dtypeOf(labels) === 'uint8'
  if (!areDistributions(logits, labels) && !isInteger)
    throw new DTypeError(
      'LABELS_DTYPE',
      `${caller}: labels are ${describe(labels)}; ${wants}; for whole numbers use cast(labels, 'int32')`,
    )
}

/** Whether labels, which have been checked, are a distribution for each example rather than an integer. */
export function areDistributions(logits: Shape, labels: Value): boolean {
  return shapeOf(labels).length === logits.length
}

/** Labels, which have been checked, as distributions in the shape and dtype of `logits`. */
export function distributions(logits: Value, labels: Value): Value {
  const shape = shapeOf(logits)
  const dtype = dtypeOf(logits)
  return areDistributions(shape, labels)
    ? cast(labels, dtype)
    : oneHot(labels, shape[shape.length - 1], { dtype })
}

/** Throws IndexError, in the name of the caller, for an integer label that is no class of logits of the given shape. */
export function checkClasses(caller: string, logits: Shape, labels: Tensor): void {
  if (areDistributions(logits, labels)) return
  const { data } = labels
  const classes = logits[logits.length - 1]
  for (let k = 0; k < data.length; k++)
    if (data[k] < 0 || data[k] >= classes)
      throw new IndexError(
        'LABEL_OUT_OF_RANGE',
        `${caller}: label ${data[k]} at position ${k} is no class; wants 0 to ${classes - 1}`,
      )
}
