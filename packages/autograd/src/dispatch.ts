/** The one typed-function instance: the types that operations dispatch on, and what a mismatch says. */
import typedFunction from 'typed-function'
import { ArgumentError } from './errors.js'
import { Tensor } from './tensor.js'
import { describe } from './value.js'
import { Variable } from './variable.js'

/** A function that picks its implementation by the types of its arguments. */
export interface TypedFunction {
  (...args: readonly unknown[]): unknown
  readonly name: string
  readonly signatures: Readonly<Record<string, (...args: never[]) => unknown>>
}

interface SignatureParameter {
  readonly types: readonly { readonly name: string }[]
}

interface Signature {
  readonly params: readonly SignatureParameter[]
}

/** What tapegrad uses of the typed-function library. */
export interface TypedFunctionLibrary {
  (name: string, signatures: Readonly<Record<string, (...args: never[]) => unknown>>): TypedFunction
  /** A function that does what each of the given ones, operations among them, does for its types. */
  (name: string, ...functions: readonly ((...args: never[]) => unknown)[]): TypedFunction
  addTypes(
    types: readonly { readonly name: string; readonly test: (x: unknown) => boolean }[],
    before?: string | false,
  ): void
  addConversion(conversion: { from: string; to: string; convert: (x: never) => unknown }): void
  create(): TypedFunctionLibrary
  onMismatch: (name: string, args: ArrayLike<unknown>, signatures: readonly Signature[]) => unknown
}

/**
 * The instance that every operation is made with. To extend an operation to a class of your own, add its type
 * and merge: `typed.addTypes([…]); const add = typed('add', originalAdd, typed('add', { 'Mine, Mine': … }))`
 * is a new function; the original is left as it was.
 */
export const typed: TypedFunctionLibrary = typedFunction.create()

// typed-function tests the first six signatures in a fast lane, in the order of their types: number (built in),
// Variable, Tensor lets the scalar program, where dispatch counts, pass through it.
typed.addTypes(
  [
    { name: 'Variable', test: (x) => x instanceof Variable },
    { name: 'Tensor', test: (x) => x instanceof Tensor },
  ],
  'string',
)

typed.onMismatch = (name, args, signatures) => {
  const list = Array.from(args)
  const got = list.length === 0 ? 'no arguments' : list.map(describe).join(', ')
  const wrapping = list.some((x) => Array.isArray(x) || ArrayBuffer.isView(x))
  throw new ArgumentError(
    'WRONG_TYPE',
    `${name}: got ${got}; wants (${wantedTypes(signatures)})` +
      (wrapping ? '; wrap arrays with tensor(…)' : ''),
  )
}

/** The types that some signature takes at each position: `number | Variable | Tensor, number | Variable | Tensor`. */
function wantedTypes(signatures: readonly Signature[]): string {
  const positions: Set<string>[] = []
  for (const { params } of signatures)
    params.forEach(({ types }, position) => {
      const names = (positions[position] ??= new Set())
      // Attributes of an operation travel as a last argument of any type; they are not for the caller to see.
      for (const { name } of types) if (name !== 'any') names.add(name)
    })
  return positions
    .filter((names) => names.size > 0)
    .map((names) => [...names].join(' | '))
    .join(', ')
}
