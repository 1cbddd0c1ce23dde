/** How threads wait for one another and share work, and the words in memory by which they do. */
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
  return_,
  set,
  unreachable,
} from '@tapegrad/kernels/assembler'

/** Addresses of the words by which the threads of a program keep together, each on a cache line of its own. */
export interface ControlWords {
  /** How many threads have come to the barrier. */
  readonly arrived: number
  /** How many times all have come; who waits, waits for it to change. */
  readonly generation: number
  /** The current run: its number, and how many threads take part; workers wait for it to change. */
  readonly run: number
  /** How many workers are ready. */
  readonly ready: number
  /** 1 where an index was out of bounds. */
  readonly error: number
  /** 1 where a thread has failed, which the others must not wait for. */
  readonly failed: number
  /** How often work has been claimed in this run. */
  readonly claimed: number
}

const cacheLine = 64

/** The control words from an address on, a multiple of 64, and the first byte behind them. */
export function controlWordsAt(start: number): ControlWords & { readonly end: number } {
  const [arrived, generation, run, ready, error, failed, claimed, end] = Array.from(
    { length: 8 },
    (_, k) => start + k * cacheLine,
  )
  return { arrived, generation, run, ready, error, failed, claimed, end }
}

/** How many times a waiting thread looks before it goes to sleep: some tens of microseconds. */
const looksBeforeSleep = 20_000

/**
 * Waits until all threads have come here: looks for a while, then sleeps, on threads that may. A page's main thread
 * may not. Traps where a thread has failed: that is said before the generation is moved on to wake who waits, so who
 * has not seen the one sees the other.
 */
export function barrierFunction(control: ControlWords): DefinedFunction<'none'> {
  return func('barrier', { threads: 'i32', maySleep: 'i32' }, 'none', ({ threads, maySleep }) => {
    const generation = local('i32', 'generation')
    const looks = local('i32', 'looks')
    const current = i32.atomic_load(i32.const(control.generation))
    const trapIfFailed = if_(i32.atomic_load(i32.const(control.failed)), [unreachable()])
    return [
      if_(i32.eq(threads, 1), [return_()]),
      set(generation, current),
      trapIfFailed,
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
          trapIfFailed,
        ],
      ),
    ]
  })
}
