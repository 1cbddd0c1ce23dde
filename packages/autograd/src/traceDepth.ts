/** Whether a function is being traced: tracing is synchronous, so that nothing else runs in the meantime. */

let depth = 0

export function isTracing(): boolean {
  return depth > 0
}

/** Runs `f`, which is traced. */
export function whileTracing<R>(f: () => R): R {
  depth++
  try {
    return f()
  } finally {
    depth--
  }
}
