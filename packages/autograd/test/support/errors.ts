/** What error tests check: the class, the stable code and the text. */

/** Runs `f` and expects it to throw exactly this. A string is the whole message, a pattern a part of it. */
export function expectError(
  f: () => unknown,
  errorClass: new (code: string, message: string) => Error,
  code: string,
  message: string | RegExp,
): void {
  let thrown: unknown
  try {
    f()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(errorClass)
  const error = thrown as Error & { code: string }
  expect(error.code).toBe(code)
  expect(error.name).toBe(errorClass.name)
  if (typeof message === 'string') expect(error.message).toBe(message)
  else expect(error.message).toMatch(message)
}
