/** The errors of this package, by what went wrong; `code` tells them apart more finely and never changes. */
import { TapegradError } from '@tapegrad/autograd'

/**
 * Bytes that are no IDX file. Codes: `MAGIC`, `GZIPPED`, `ELEMENT_TYPE`, `RANK`, `TRUNCATED_HEADER`,
 * `TRUNCATED_DATA`, `TRAILING_DATA`.
 */
export class IdxError extends TapegradError {}

/**
 * Examples or files of examples that can't be trained with. Codes: `EXAMPLES`, `EMPTY`, `SHAPES` for tensors;
 * `NOT_FOUND`, `UNREADABLE`, `TOO_LARGE`, `GZIP`, `NOT_MNIST`, `CHECKSUM` for files.
 */
export class DatasetError extends TapegradError {}

/** Training that can't go on. Code: `DIVERGED`. */
export class TrainingError extends TapegradError {}
