/** What shrinking ends at: the smallest value that fails. */
import fc from 'fast-check'

/** The value that `arbitrary` shrinks to, from whatever was drawn first, where `fails` says which values fail. */
export function smallestFailing<T>(
  arbitrary: fc.Arbitrary<T>,
  fails: (value: T) => boolean,
  parameters: fc.Parameters<[T]>,
): T {
  const { counterexample } = fc.check(
    fc.property(arbitrary, (value) => !fails(value)),
    { numRuns: 1000, ...parameters },
  )
  if (counterexample === null) throw new Error('nothing failed')
  return counterexample[0]
}
