/** The readable face of a tape: entries as objects made on demand, and as text. */
import type { Tape } from './tape.js'
import type { Value } from './value.js'
import { formatSpec, specOf } from './value.js'
import { concreteOf } from './variable.js'

/** One entry of a tape. */
export interface Entry {
  /** Its position on the tape. */
  readonly index: number
  /** The operation's name, or `variable` or `constant` for a leaf. */
  readonly operation: string
  /** The positions of its inputs, all before its own. */
  readonly inputs: readonly number[]
  /** What the operation was told beside its inputs (an axis, a shape), or undefined. */
  readonly attributes: unknown
  /** Its value with this tape peeled off. */
  readonly value: Value
  /** The name it was given. */
  readonly name: string | undefined
}

function entryAt(tape: Tape, index: number): Entry {
  const { recording } = tape
  return {
    index,
    operation: recording.isLeaf(index)
      ? recording.isConstant(index)
        ? 'constant'
        : 'variable'
      : recording.primitiveAt(index).label(recording.attributesAt(index)),
    inputs: recording.inputsOf(index),
    attributes: recording.attributesAt(index),
    value: tape.read(index),
    name: tape.nameAt(index),
  }
}

/** The position that a property key stands for, or undefined for other keys. */
function indexOfKey(key: string | symbol): number | undefined {
  const index = typeof key === 'string' ? Number(key) : NaN
  return String(index) === key ? index : undefined
}

/**
 * The tape's entries as an array that can't be changed. A proxy, so that a tape of a million entries can be
 * indexed, iterated and mapped without a million objects made first.
 */
export function entriesOf(tape: Tape): readonly Entry[] {
  const isPosition = (index: number): boolean => Number.isInteger(index) && index >= 0 && index < tape.length
  const refuse = (): boolean => false
  const target: Entry[] = []
  const entries = new Proxy<Entry[]>(target, {
    get(_target, key, receiver) {
      if (key === 'length') return tape.length
      const index = indexOfKey(key)
      if (index === undefined) return Reflect.get(target, key, receiver) as unknown
      return isPosition(index) ? entryAt(tape, index) : undefined
    },
    has(_target, key) {
      const index = indexOfKey(key)
      return index === undefined ? Reflect.has(target, key) : isPosition(index)
    },
    ownKeys: () => [...Array.from({ length: tape.length }, (_, index) => String(index)), 'length'],
    getOwnPropertyDescriptor(_target, key) {
      if (key === 'length')
        return { value: tape.length, writable: true, enumerable: false, configurable: false }
      const index = indexOfKey(key)
      if (index === undefined || !isPosition(index)) return undefined
      return { value: entryAt(tape, index), writable: false, enumerable: true, configurable: true }
    },
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    preventExtensions: refuse,
  })
  // Node prints a proxy's target, which is empty, unless the target says otherwise.
  Object.defineProperty(target, Symbol.for('nodejs.util.inspect.custom'), {
    value: () => Array.from(entries),
    configurable: true,
  })
  return entries
}

/** One line an entry, such as `%4 = mul(%3, %2): number 220.00000000000003`. */
export function formatEntries(tape: Tape): string {
  const width = String(Math.max(0, tape.length - 1)).length
  return tape.entries
    .map(({ index, operation, inputs, attributes, value, name }) => {
      const operands = [...inputs.map((input) => `%${input}`), ...formatAttributes(attributes)]
      const call = inputs.length === 0 ? operation : `${operation}(${operands.join(', ')})`
      const label = name === undefined ? '' : ` "${name}"`
      const concrete = concreteOf(value)
      const shown = typeof concrete === 'number' ? `number ${concrete}` : formatSpec(specOf(value))
      return `%${String(index).padEnd(width)} = ${call}${label}: ${shown}`
    })
    .join('\n')
}

/** Attributes that read well on a line: numbers, words, and lists of them. */
function formatAttributes(attributes: unknown): string[] {
  if (typeof attributes !== 'object' || attributes === null) return []
  return Object.entries(attributes)
    .filter(([, attribute]) => readsWell(attribute))
    .map(([key, attribute]) => `${key}: ${formatAttribute(attribute)}`)
}

function readsWell(attribute: unknown): boolean {
  return Array.isArray(attribute)
    ? attribute.every(readsWell)
    : ['number', 'boolean', 'string'].includes(typeof attribute)
}

function formatAttribute(attribute: unknown): string {
  if (Array.isArray(attribute)) return `[${attribute.map(formatAttribute).join(', ')}]`
  // JSON has no infinities.
  return typeof attribute === 'number' ? String(attribute) : JSON.stringify(attribute)
}
