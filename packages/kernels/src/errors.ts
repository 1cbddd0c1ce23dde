/** The base class of every error that a caller of tapegrad can cause. */

/**
 * An error with a stable `code` to test for; its message says what was called, what it got, what it wants,
 * and, where there is one, what to do. Subclasses are named after themselves in stack traces.
 */
export class TapegradError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
    this.name = new.target.name
  }
}
