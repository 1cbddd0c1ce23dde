/** Checks of indices before a program runs, so that one that is out of bounds is an error before anything changes. */
import type { Value } from '@tapegrad/autograd'
import { IndexError } from '@tapegrad/autograd'
import { isFloat } from '@tapegrad/autograd/tracing'
import { evaluate } from './evaluate.js'
import type { OperationNode, Program } from './program.js'

/** Where a node is used as indices, and which are allowed: whole numbers from `least` to below `extent`. */
export interface RangeCheck {
  readonly operation: string
  readonly indices: number
  readonly least: number
  readonly extent: number
}

/**
 * The indices among a program's nodes that are known before it runs: constants, inputs from the position
 * `firstInput` among the inputs on (those before are states, which only the program knows), and what others of these
 * pick or rearrange, such as the labels of a batch that are taken from a data set. What is computed in any other way is
 * checked as the program runs, and what is picked from constants that are all allowed needs no check.
 */
export function rangeChecks({ nodes }: Program, firstInput = 0): RangeCheck[] {
  const isKnown: boolean[] = []
  /** For each node the one whose elements it picks or rearranges: itself where there is none. */
  const origins: number[] = []
  const checks = new Map<string, RangeCheck>()
  nodes.forEach((node, index) => {
    origins[index] = index
    if (node.kind !== 'operation') {
      isKnown[index] = node.kind === 'constant' || node.position >= firstInput
      return
    }
    isKnown[index] = rearranging.has(node.operation) && node.inputs.every((input) => isKnown[input])
    // A negative element becomes a large one as uint8.
    const isChanged = node.operation === 'cast' && node.spec.dtype === 'uint8'
    if (isKnown[index] && !isChanged) origins[index] = origins[node.inputs[0]]
    const check = checkOf(node)
    if (check === undefined || !isKnown[check.indices]) return
    const origin = nodes[origins[check.indices]]
    const isAlwaysAllowed =
      origin.kind === 'constant' && origins[check.indices] !== check.indices && fits(check, origin.value)
    if (!isAlwaysAllowed) checks.set(`${check.indices} ${check.least} ${check.extent}`, check)
  })
  return [...checks.values()]
}

/** Operations whose results are elements of their first operand, in the same dtype or another. */
const rearranging = new Set([
  ...['cast', 'reshape', 'toNumber', 'stopGradient', 'transpose', 'broadcastTo', 'slice', 'flip'],
  ...['take', 'takeAlongAxis'],
])

function checkOf({ operation, inputs, attributes }: OperationNode): RangeCheck | undefined {
  switch (operation) {
    case 'take':
    case 'takeAlongAxis':
    case 'scatterAdd':
    case 'scatterAddAlongAxis': {
      const { extent } = attributes as { readonly extent: number }
      return { operation: namedBy[operation] ?? operation, indices: inputs[1], least: -extent, extent }
    }
    case 'oneHot': {
      const { depth } = attributes as { readonly depth: number }
      return { operation, indices: inputs[0], least: 0, extent: depth }
    }
    default:
      return undefined
  }
}

/** The operations that users call, of whose derivatives others are. */
const namedBy: Readonly<Record<string, string>> = {
  scatterAdd: 'take',
  scatterAddAlongAxis: 'takeAlongAxis',
}

/** Checks the indices that the inputs of a run make. Throws IndexError. */
export type CheckInputs = (inputs: readonly Value[]) => void

/**
 * A function that makes the checks of a program, given its inputs from the position `firstInput` on. What depends on
 * constants alone is checked at once.
 */
export function inputChecks(program: Program, firstInput = 0): CheckInputs {
  const { nodes } = program
  const checks = rangeChecks(program, firstInput)
  const constants = new Map<number, Value>()
  const varying: number[] = []
  for (const index of neededFor(checks, program)) {
    const node = nodes[index]
    if (node.kind === 'constant') constants.set(index, node.value)
    else if (node.kind === 'operation' && node.inputs.every((input) => constants.has(input)))
      constants.set(index, computed(node, constants))
    else varying.push(index)
  }
  const isConstant = ({ indices }: RangeCheck): boolean => constants.has(indices)
  for (const check of checks.filter(isConstant)) checkRange(check, constants.get(check.indices)!)

  const everyTime = checks.filter((check) => !isConstant(check))
  if (everyTime.length === 0) return () => undefined
  // Mostly there is nothing to compute before.
  const given = everyTime.map(({ indices }) => nodes[indices])
  if (given.every((node) => node.kind === 'input'))
    return (inputs) => {
      everyTime.forEach((check, k) => {
        checkRange(check, inputs[given[k].position - firstInput])
      })
    }
  return (inputs) => {
    const values = new Map(constants)
    for (const index of varying) {
      const node = nodes[index]
      if (node.kind === 'input') values.set(index, inputs[node.position - firstInput])
      else if (node.kind === 'operation') values.set(index, computed(node, values))
    }
    for (const check of everyTime) checkRange(check, values.get(check.indices)!)
  }
}

function computed(node: OperationNode, values: ReadonlyMap<number, Value>): Value {
  return evaluate(
    node,
    node.inputs.map((input) => values.get(input)!),
  )
}

/** The nodes that the checked ones depend on, themselves included, in the order of computation. */
function neededFor(checks: readonly RangeCheck[], { nodes }: Program): number[] {
  const needed = new Set<number>()
  const visit = (index: number): void => {
    if (needed.has(index)) return
    nodes[index].inputs.forEach(visit)
    needed.add(index)
  }
  for (const { indices } of checks) visit(indices)
  return [...needed]
}

function fits({ least, extent }: RangeCheck, indices: Value): boolean {
  return firstOutside(indices, least, extent) === undefined
}

function checkRange({ operation, least, extent }: RangeCheck, indices: Value): void {
  const index = firstOutside(indices, least, extent)
  if (index !== undefined)
    throw new IndexError(
      'INDEX_OUT_OF_BOUNDS',
      `${operation}: index ${index} is out of bounds for ` +
        (operation === 'oneHot' ? `a depth of ${extent}` : `an axis of size ${extent}`) +
        (extent === 0 ? '' : `; wants ${least} to ${extent - 1}`),
    )
}

/** The first element that is no whole number from `least` to below `extent`. */
function firstOutside(indices: Value, least: number, extent: number): number | undefined {
  if (typeof indices === 'number')
    return Number.isInteger(indices) && isBetween(indices, least, extent) ? undefined : indices
  const { data, dtype } = indices
  const mayBeFraction = isFloat(dtype)
  for (let k = 0; k < data.length; k++) {
    const x = data[k]
    if (!isBetween(x, least, extent) || (mayBeFraction && !Number.isInteger(x))) return x
  }
  return undefined
}

function isBetween(x: number, least: number, extent: number): boolean {
  return x >= least && x < extent
}
