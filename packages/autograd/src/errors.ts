/** The errors of this package, by what went wrong; `code` tells them apart more finely and never changes. */
import { TapegradError } from '@tapegrad/kernels'

export { TapegradError }

/** Shapes, axes or sizes that don't fit. */
export class ShapeError extends TapegradError {}

/** Element types that don't fit, such as a gradient asked for integers. */
export class DTypeError extends TapegradError {}

/** An argument of a kind that the function doesn't take. */
export class ArgumentError extends TapegradError {}

/** An index outside the axis it points into. */
export class IndexError extends TapegradError {}

/** A matrix without what is asked of it: an inverse, or a Cholesky factor. */
export class LinearAlgebraError extends TapegradError {}

/** A tape or variable used in a way it can't be: closed, foreign, or without a scalar to differentiate. */
export class TapeError extends TapegradError {}

/** A derivative that is wrong in form, or differs from the numerical one. */
export class GradientError extends TapegradError {}

/** A value that an anomaly-detecting tape refuses: NaN or Infinity made out of finite input. */
export class AnomalyError extends TapegradError {}
