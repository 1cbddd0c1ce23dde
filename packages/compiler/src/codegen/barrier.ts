/** How threads wait for one another, and the words at the start of memory by which they do. */
import type { DefinedFunction } from '@tapegrad/kernels/assembler'
import {
  br_if,
  block,
  drop,
  func,
  i32,
  if_,
  increase,
  local,
  loop,
  memory,
  set,
} from '@tapegrad/kernels/assembler'

/** Addresses of 32-bit words at the start of a program's memory, each on a cache line of its own. */
export const control = {
  /** How many threads have come to the barrier. */
  arrived: 64,
  /** How many times all have come; who waits, waits for it to change. */
  generation: 128,
  /** How many runs have been started; workers wait for it to change. */
  started: 192,
  /** 1 where an index was out of bounds. */
  error: 256,
} as const

/** The first byte behind the control words. */
export const controlBytes = 320

/** How many times a waiting thread looks before it goes to sleep: some tens of microseconds. */
const looksBeforeSleep = 20_000

/**
 * Waits until all threads have come here: looks for a while, then sleeps, on threads that may. A page's main thread
 * may not.
 */
export function barrierFunction(): DefinedFunction<'none'> {
  return func('barrier', { threads: 'i32', maySleep: 'i32' }, 'none', ({ threads, maySleep }) => {
    const generation = local('i32', 'generation')
    const looks = local('i32', 'looks')
    const current = i32.atomic_load(i32.const(control.generation))
    return [
      set(generation, current),
      if_(
        i32.eq(i32.atomic_rmw_add(i32.const(control.arrived), 1), i32.sub(threads, 1)),
        [
          i32.atomic_store(i32.const(control.arrived), 0),
          i32.atomic_store(i32.const(control.generation), i32.add(generation, 1)),
          drop(memory.atomic_notify(i32.const(control.generation), threads)),
        ],
        [
          block((passed) => [
            loop((again) => [
              br_if(passed, i32.ne(current, generation)),
              increase(looks, 1),
              br_if(again, i32.or(i32.lt_u(looks, looksBeforeSleep), i32.eqz(maySleep))),
              // Wakes at once where the generation has changed in the meantime.
              drop(memory.atomic_wait32(i32.const(control.generation), generation, -1)),
              br_if(again, i32.const(1)),
            ]),
          ]),
        ],
      ),
    ]
  })
}
