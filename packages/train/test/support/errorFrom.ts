/** Catches the error of a call, to look at its class, code and text. */

/** What `f` throws, or rejects with. Fails where it does neither. */
export async function errorFrom(f: () => unknown): Promise<unknown> {
  try {
    await f()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
