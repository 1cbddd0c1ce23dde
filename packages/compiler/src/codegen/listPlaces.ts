/**
 * Where the parts of a list of nonzero elements are: the count of all of them, or more than there are elements where
 * no list was made; then the count of each row; then for each row room for as many pairs (column, value) as it has
 * columns.
 */
import type { Expression as Code } from '@tapegrad/kernels/assembler'
import { i32 } from '@tapegrad/kernels/assembler'
import type { NonzerosKernel } from '../lowering/kernel.js'
import { aligned } from '../plan.js'
import type { Layout } from './layout.js'

/** A column, and the float32 in it. */
export const pairBytes = 8

/** A list is used where at most this fraction of the elements isn't zero: beyond it the dense product is as fast. */
const mostDense = 0.4

export interface ListPlaces {
  readonly total: number
  readonly counts: number
  readonly pairs: number
}

export function listPlaces(address: number, rows: number): ListPlaces {
  return { total: address, counts: address + 16, pairs: address + 16 + aligned(4 * rows) }
}

/** Bytes of a list. Loops may look at the column of the pair after the last one, so there is room for it. */
export function listBytes({ rows, columns }: NonzerosKernel): number {
  return 16 + aligned(4 * rows) + (rows * columns + 1) * pairBytes
}

/** Whether the list of so many elements was made: code for 1 or 0. */
export function isSparse(layout: Layout, list: number, elements: number): Code<'i32'> {
  return i32.le_u(i32.load(i32.const(layout.addressOf(list))), Math.floor(elements * mostDense))
}
