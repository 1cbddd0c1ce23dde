/** How tensors read when printed: aligned nested brackets, the middle of long axes left out. */
import { formatShape } from './shape.js'
import type { Tensor } from './tensor.js'

/** Tensors of more elements than this are shown by the ends of their axes. */
const longest = 200
const shownAtEachEnd = 3
/** Of the axes before the last three only the beginning is shown then, or many short ones would fill pages. */
const shownAxes = 3

function formatElement(value: number, dtype: Tensor['dtype']): string {
  if (dtype === 'bool') return value === 0 ? 'false' : 'true'
  // Nine digits tell float32 values apart, but 0.1 would read 0.100000001; seven are what it can promise.
  return dtype === 'float32' ? String(Number(value.toPrecision(7))) : String(value)
}

/** `Tensor float32 [2, 2]` and, below it, the elements. */
export function formatTensor({ data, shape, dtype }: Tensor): string {
  const shownAlong = (axis: number): (number | undefined)[] => {
    const indices = Array.from({ length: shape[axis] }, (_, i) => i)
    if (data.length <= longest) return indices
    if (axis < shape.length - shownAxes) return indices.length === 1 ? indices : [0, undefined]
    if (indices.length <= 2 * shownAtEachEnd) return indices
    return [...indices.slice(0, shownAtEachEnd), undefined, ...indices.slice(-shownAtEachEnd)]
  }
  const cells: string[] = []
  const collect = (axis: number, offset: number): void => {
    if (axis === shape.length) cells.push(formatElement(data[offset], dtype))
    else for (const i of shownAlong(axis)) if (i !== undefined) collect(axis + 1, offset * shape[axis] + i)
  }
  if (data.length > 0) collect(0, 0)
  const width = cells.reduce((widest, cell) => Math.max(widest, cell.length), 0)

  let next = 0
  const render = (axis: number): string => {
    if (axis === shape.length) return cells[next++].padStart(shape.length === 0 ? 0 : width)
    const separator =
      axis === shape.length - 1 ? ', ' : `,${'\n'.repeat(shape.length - 1 - axis)}${' '.repeat(axis + 1)}`
    return `[${shownAlong(axis)
      .map((i) => (i === undefined ? '…' : render(axis + 1)))
      .join(separator)}]`
  }
  const elements = data.length === 0 && shape.length > 0 ? '(no elements)' : render(0)
  return `Tensor ${dtype} ${formatShape(shape)}\n${elements}`
}
