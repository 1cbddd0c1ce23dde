/** How drawn tensors read in fast-check's reports: as the code that makes them. */
import fc from 'fast-check'
import type { Tensor } from '../index.js'

/** The same tensor, which fast-check prints as a call of `tensor` to paste into a test of its own. */
export function printable(x: Tensor): Tensor {
  // Not enumerable, so that comparing tensors doesn't see it.
  return Object.defineProperty(x, fc.toStringMethod, { value: () => codeOf(x) })
}

function codeOf(x: Tensor): string {
  const options = [
    // Nested brackets don't tell the sizes after an axis of size 0.
    ...(x.size === 0 ? [`shape: [${x.shape.join(', ')}]`] : []),
    ...(x.dtype === 'float32' ? [] : [`dtype: '${x.dtype}'`]),
  ]
  const data = x.size === 0 ? '[]' : JSON.stringify(x.toArray()).replaceAll(',', ', ')
  return `tensor(${data}${options.length === 0 ? '' : `, { ${options.join(', ')} }`})`
}
