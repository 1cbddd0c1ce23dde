/** Lets other work in between: long loops on a page's main thread would freeze it. */

/** How long the event loop waits at most, in milliseconds: short enough for a page to feel alive. */
const patience = 50

/**
 * A function to await now and then in a long loop. It gives the event loop a turn when 50 milliseconds have passed
 * since the last one, and returns at once otherwise.
 */
export function createBreather(): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < patience) return
    await turn()
    last = performance.now()
  }
}

/** By message rather than by timer: browsers hold timers back, in hidden tabs by seconds. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
