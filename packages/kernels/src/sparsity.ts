/** When leaving out zeros pays. */

/** Beyond this fraction of nonzero elements the dense product is as fast. */
export const mostDense = 0.4

/** So many elements, evenly spread, are looked at. */
const sampledElements = 1024

/** Whether a sample of the elements says that they are mostly zeros. */
export function isSampleSparse(elements: ArrayLike<number>): boolean {
  // An odd step doesn't fall in with the rows of most matrices.
  const step = Math.floor(elements.length / sampledElements) | 1
  let nonzeros = 0
  for (let i = 0; i < elements.length; i += step) if (elements[i] !== 0) nonzeros++
  return nonzeros * step <= elements.length * mostDense
}
