/** Checks of indices before a program runs, so that one that is out of bounds is an error before anything changes. */
import type { Value } from '@tapegrad/autograd'
import { IndexError } from '@tapegrad/autograd'
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
 * checked as the program runs.
 */
export function rangeChecks({ nodes }: Program, firstInput = 0): RangeCheck[] {
  const isKnown: boolean[] = []
  const checks = new Map<string, RangeCheck>()
  nodes.forEach((node, index) => {
    if (node.kind !== 'operation') {
      isKnown[index] = node.kind === 'constant' || node.position >= firstInput
      return
    }
    isKnown[index] = rearranging.has(node.operation) && node.inputs.every((input) => isKnown[input])
    const check = checkOf(node)
    if (check !== undefined && isKnown[check.indices])
      checks.set(`${check.indices} ${check.least} ${check.extent}`, check)
  })
  return [...checks.values()]
}

/** Operations whose results are elements of their first operand. */
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

function checkRange({ operation, least, extent }: RangeCheck, indices: Value): void {
  const elements = typeof indices === 'number' ? [indices] : indices.data
  for (const index of elements)
    if (!Number.isInteger(index) || index < least || index >= extent)
      throw new IndexError(
        'INDEX_OUT_OF_BOUNDS',
        `${operation}: index ${index} is out of bounds for ` +
          (operation === 'oneHot' ? `a depth of ${extent}` : `an axis of size ${extent}`) +
          (extent === 0 ? '' : `; wants ${least} to ${extent - 1}`),
      )
}
