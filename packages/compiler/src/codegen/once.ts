/** Functions of a module that are made once for each kind of them. */

/** The function, remembering what it made for each key. */
export function once<Argument, Made>(
  make: (argument: Argument) => Made,
  keyOf: (argument: Argument) => unknown = (argument) => argument,
): (argument: Argument) => Made {
  const made = new Map<unknown, Made>()
  return (argument) => {
    const key = keyOf(argument)
    const known = made.get(key)
    if (known !== undefined) return known
    const fresh = make(argument)
    made.set(key, fresh)
    return fresh
  }
}
