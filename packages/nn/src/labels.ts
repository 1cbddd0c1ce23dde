/** Labels: which class each example belongs to, as whole numbers or as a distribution over the classes. */
import type { Shape, Value } from '@tapegrad/autograd'
import {
  DTypeError,
  IndexError,
  ShapeError,
  Tensor,
  cast,
  dtypeOf,
  isValue,
  kindOf,
  oneHot,
  shapeOf,
} from '@tapegrad/autograd'
import { describe, formatShape, sameShape } from './messages.js'

/**
 * Throws, in the name of the caller, where `labels` don't belong to logits of shape [..., classes]: ShapeError
 * unless theirs is [...] or [..., classes] or where there are no examples, DTypeError for labels of shape [...]
 * that are not int32 or uint8, IndexError for one that is no class.
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
  if (areDistributions(logits, labels)) return
  if (dtypeOf(labels) !== 'int32' && dtypeOf(labels) !== 'uint8')
    throw new DTypeError(
      'LABELS_DTYPE',
      `${caller}: labels are ${describe(labels)}; ${wants}; for whole numbers use cast(labels, 'int32')`,
    )
  if (labels instanceof Tensor) checkClasses(caller, labels, logits[logits.length - 1])
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

function checkClasses(caller: string, labels: Tensor, classes: number): void {
  const { data } = labels
  for (let k = 0; k < data.length; k++)
    if (data[k] < 0 || data[k] >= classes)
      throw new IndexError(
        'LABEL_OUT_OF_RANGE',
        `${caller}: label ${data[k]} at position ${k} is no class; wants 0 to ${classes - 1}`,
      )
}
