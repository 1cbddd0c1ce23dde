/** The part of typed-function that tapegrad uses; the library ships no types of its own. */
declare module 'typed-function' {
  import type { TypedFunctionLibrary } from './dispatch.js'

  const typed: { create(): TypedFunctionLibrary }
  export default typed
}
