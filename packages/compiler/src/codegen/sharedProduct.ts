/**
 * Code for a batch of products by compressed rows that threads share row by row: each thread opens the matrices that are
 * its own, takes rows of them until none are left, and, when it has done all else that it can do without waiting for the
 * others, takes rows of those that they have opened. For one core is often slower than another, or interrupted.
 *
 * A matrix has a word in memory that says how many groups of rows are left; at 0 and below it is closed. A group is done
 * alike by whoever takes it, so that results don't depend on that.
 */
import type { Body, Expression as Code } from '@tapegrad/kernels/assembler'
import { block, br_if, call, i32, if_, local, loop, set } from '@tapegrad/kernels/assembler'
import type { MatmulKernel } from '../lowering/kernel.js'
import type { ModuleFunctions } from './moduleFunctions.js'
import type { ListedOperands } from './nonzeros.js'
import { listedProduct } from './nonzeros.js'
import { smaller } from './smaller.js'

/** Rows of a group: few, so that threads end together, but so many that taking a group costs little beside its work. */
const groupRows = 16

/** From the word of one matrix to that of the next: each has whole lines of the cache. */
export const wordStride = 128

/** Whether threads can help one another with the kernel. */
export function canBeShared({ batch, transposeA, isCompressed }: MatmulKernel): boolean {
  return batch.count > 1 && !transposeA && isCompressed === true
}

/** Where the operands of a product are, and the word that says how many of its groups are left. */
export interface SharedOperands extends ListedOperands {
  readonly left: Code<'i32'>
}

/** Opens a matrix and takes its rows; where the right side isn't finite, which takes a look at all of it, alone. */
export function multiplyOwn(
  kernel: MatmulKernel,
  functions: ModuleFunctions,
  operands: SharedOperands,
): Body {
  const { m, n, k } = kernel
  const begin = local('i32', 'firstRow')
  const end = local('i32', 'behindRows')
  return [
    if_(
      call(functions.isFinite, operands.right, i32.const(k * n)),
      [i32.atomic_store(operands.left, groupsOf(kernel)), takeRows(kernel, functions, operands)],
      [set(begin, 0), set(end, m), listedProduct(kernel, functions, operands, { begin, end })],
    ),
  ]
}

/** Takes rows of a matrix if another thread has opened it. */
export function helpWith(kernel: MatmulKernel, functions: ModuleFunctions, operands: SharedOperands): Body {
  return [if_(i32.gt_s(i32.atomic_load(operands.left), 0), [takeRows(kernel, functions, operands)])]
}

function groupsOf({ m }: MatmulKernel): number {
  return Math.ceil(m / groupRows)
}

function takeRows(kernel: MatmulKernel, functions: ModuleFunctions, operands: SharedOperands): Body {
  const left = local('i32', 'left')
  const begin = local('i32', 'groupBegin')
  const end = local('i32', 'groupEnd')
  return [
    block((done) => [
      loop((again) => [
        set(left, i32.atomic_rmw_add(operands.left, -1)),
        br_if(done, i32.le_s(left, 0)),
        set(begin, i32.mul(i32.sub(groupsOf(kernel), left), groupRows)),
        set(end, i32.add(begin, groupRows)),
        set(end, smaller(end, kernel.m)),
        listedProduct(kernel, functions, operands, { begin, end }, true),
        br_if(again, i32.const(1)),
      ]),
    ]),
  ]
}
