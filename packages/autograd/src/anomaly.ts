/** What a tape that detects anomalies checks: that no operation makes NaN or Infinity out of finite input. */
import { AnomalyError } from './errors.js'
import type { Value } from './value.js'
import { describe } from './value.js'
import { concreteOf } from './variable.js'

function isFiniteValue(x: Value): boolean {
  const concrete = concreteOf(x)
  return typeof concrete === 'number' ? Number.isFinite(concrete) : concrete.data.every(Number.isFinite)
}

/** Throws AnomalyError where `output` isn't finite though every input is. */
export function checkOperation(name: string, inputs: readonly Value[], output: Value, origin: string): void {
  if (isFiniteValue(output) || !inputs.every(isFiniteValue)) return
  throw new AnomalyError(
    'NOT_FINITE',
    `${name}: made ${firstNotFinite(output)} out of finite input (${inputs.map(describeInput).join(', ')})` +
      `${origin === '' ? '' : `, recorded at ${origin}`}`,
  )
}

function describeInput(x: Value): string {
  return describe(concreteOf(x))
}

function firstNotFinite(x: Value): string {
  const concrete = concreteOf(x)
  if (typeof concrete === 'number') return String(concrete)
  const index = concrete.data.findIndex((element) => !Number.isFinite(element))
  return `${concrete.data[index]} (element ${index} of ${describe(concrete)})`
}

/** More frames than the usual ten: between a rule's operation and the program come the walk and the transforms. */
const frameLimit = 100

function stackLines(): string[] {
  const engine = Error as ErrorConstructor & { stackTraceLimit?: number | undefined }
  const { stackTraceLimit } = engine
  engine.stackTraceLimit = frameLimit
  const { stack = '' } = new Error('here')
  engine.stackTraceLimit = stackTraceLimit
  return stack.split('\n')
}

/** A stack line of this file, whose folder tells the library's own frames from the user's. */
const ownFrame = locationOf(stackLines().find((line) => /:\d+:\d+/.test(line)) ?? '')
const ownFolder = ownFrame.slice(0, ownFrame.lastIndexOf('/') + 1)

function locationOf(line: string): string {
  return /(?:\(|at |@)([^()@]+:\d+:\d+)\)?$/.exec(line.trim())?.[1] ?? ''
}

/** The innermost line of the user's program that led here: `file:line:column`. */
export function whereCalled(): string {
  const locations = stackLines().map(locationOf)
  const isOwn = (location: string): boolean =>
    location === '' || location.startsWith(ownFolder) || location.includes('/typed-function/')
  // Bundled into one file with the program, the library can't tell its frames; then the innermost one has to do.
  return (
    locations.find((location) => !isOwn(location)) ??
    locations.find((location) => location !== '') ??
    'unknown'
  )
}
