/** Random programs over the compilable operations, with gradients inside; the same for the same seed. */
import type { Value } from '@tapegrad/autograd'
import { add, dtypeOf, grad, jvp, mul, specOf, sub, sum, vjp } from '@tapegrad/autograd'
import { isFloat, sizeOf } from '@tapegrad/autograd/tracing'
import { traceProgram } from '../../src/trace.js'
import type { Program } from '../../src/program.js'
import { Draw } from './draw.js'
import type { Concrete } from './interpreter.js'
import { referenceNodes } from './interpreter.js'
import { composedSteps, describe, elementsOf, Pool, primitiveSteps } from './steps.js'

export interface RandomProgram {
  readonly inputs: readonly Concrete[]
  readonly f: (...inputs: Value[]) => readonly Value[]
  /** The steps, one a line, for a report. */
  toString(): string
}

export interface ProgramOptions {
  /** How many operations are drawn. */
  readonly steps?: number
  /** The most elements of a value. */
  readonly limit?: number
  /** The operation that the last step shall be about. */
  readonly about?: string
}

/** What is computed of the values of the steps. */
type Ending = 'values' | 'grad' | 'vjp' | 'jvp'

const largest = 1e4

export function randomProgram(seed: number, options: ProgramOptions = {}): RandomProgram {
  const draw = new Draw(seed)
  const { steps = draw.whole(1, 12), limit = draw.pick([60, 300, 1500]), about } = options
  const pool = new Pool(draw, limit)
  const inputs = Array.from({ length: draw.whole(1, 4) }, () => drawInput(draw, limit))
  for (const [k, input] of inputs.entries()) {
    pool.values.push(input)
    pool.steps.push({ name: `input ${describe(input)}`, operands: [], apply: () => inputs[k] })
  }
  const names = Object.keys(allSteps)
  const first = pool.values.length
  for (let k = 0; k < steps; k++) {
    if (about !== undefined && k === steps - 1) {
      for (let attempt = 0; attempt < 20; attempt++) if (takeStep(pool, about)) break
    } else takeStep(pool, draw.pick(names))
  }
  const results = drawResults(pool, first)
  const ending = draw.pick<Ending>(['values', 'values', 'grad', 'vjp', 'jvp'])
  const program = endedBy(ending, pool, inputs, results)
  return isBenign(program) ? program : endedBy('values', pool, inputs, results)
}

const allSteps = { ...primitiveSteps, ...composedSteps }

function drawInput(draw: Draw, limit: number): Concrete {
  if (draw.chance(0.15)) return draw.between(-2, 2)
  return draw.tensor(draw.shape(limit), draw.dtype())
}

/** Draws a step and keeps it if its value is small and finite; values are benign by construction. */
function takeStep(pool: Pool, name: string): boolean {
  const before = pool.values.length
  const step = allSteps[name](pool)
  if (step === undefined) return false
  const index = pool.add(step)
  const value = pool.values[index]
  const isKept =
    sizeOf(typeof value === 'number' ? [] : value.shape) <= 4 * pool.limit &&
    elementsOf(value).every((x) => Math.abs(x) <= largest)
  if (!isKept) {
    pool.values.length = before
    pool.steps.length = before
  }
  return isKept
}

/** The last value and some others, perhaps one twice. */
function drawResults({ draw, values }: Pool, first: number): number[] {
  const last = values.length - 1
  const others = Array.from({ length: draw.whole(0, 2) }, () => draw.whole(Math.min(first, last), last))
  return draw.chance(0.1) ? [last, ...others, draw.whole(0, last)] : [last, ...others]
}

/** The program of the steps, or of derivatives of the results by the inputs. */
function endedBy(
  ending: Ending,
  pool: Pool,
  inputs: readonly Concrete[],
  results: readonly number[],
): RandomProgram {
  const { steps, values, draw } = pool
  const run = (given: readonly Value[], wanted: readonly number[]): readonly Value[] => {
    const computed = [...given]
    for (const { operands, apply } of steps.slice(given.length))
      computed.push(apply(operands.map((operand) => computed[operand])))
    return wanted.map((result) => computed[result])
  }
  const sources = inputs.flatMap((input, k) => (isFloat(dtypeOf(input)) ? [k] : []))
  const targets = results.filter((result) => isFloat(dtypeOf(values[result])))
  const upstream = targets.map((target) => alike(draw, values[target]))
  const tangents = sources.map((source) => alike(draw, inputs[source]))
  const isPlain = ending === 'values' || sources.length === 0 || targets.length === 0

  const differentiated = (given: readonly Value[]): readonly Value[] => {
    const watched = sources.map((source) => given[source])
    const f = (...x: Value[]): readonly Value[] =>
      run(
        given.map((value, k) => (sources.includes(k) ? x[sources.indexOf(k)] : value)),
        targets,
      )
    switch (ending) {
      case 'grad': {
        const loss = (...x: Value[]): Value =>
          f(...x)
            .map((value, k): Value => sum(mul(value, upstream[k])))
            .reduce((total, term): Value => add(total, term))
        return grad(
          loss,
          watched.map((_, k) => k),
        )(...watched) as Value[]
      }
      case 'jvp': {
        const { value, tangent } = jvp(f, watched, tangents)
        return [...(value as Value[]), ...(tangent as Value[])]
      }
      default: {
        const { value, pullback } = vjp(f, watched)
        return [...(value as Value[]), ...(pullback(upstream) as Value[])]
      }
    }
  }
  return {
    inputs,
    f: (...given) => (isPlain ? run(given, results) : differentiated(given)),
    toString: () =>
      [
        ...steps.map(
          ({ name, operands }, k) => `%${k} = ${name}(${operands.map((o) => `%${o}`).join(', ')})`,
        ),
        `results: ${results.map((result) => `%${result}`).join(', ')}; ${isPlain ? 'values' : ending}`,
      ].join('\n'),
  }
}

/** A random value of the kind, shape and dtype of another. */
function alike(draw: Draw, value: Concrete): Concrete {
  return typeof value === 'number' ? draw.between(-2, 2) : draw.tensor(value.shape, value.dtype)
}

/** The program's specs, as tracing takes them. */
export function traced({ f, inputs }: RandomProgram): Program {
  return traceProgram((variables) => f(...variables), inputs.map(specOf))
}

/**
 * Whether derivatives too are finite and decide nothing where rounding could change it: what they compare is equal
 * by construction, or clearly different.
 */
function isBenign(program: RandomProgram): boolean {
  const { nodes } = traced(program)
  const values = referenceNodes({ nodes, outputs: [] }, program.inputs)
  return nodes.every((node, index) => {
    if (!elementsOf(values[index]).every((x) => Math.abs(x) <= 1e5)) return false
    if (node.kind !== 'operation') return true
    const operands = node.inputs.map((input) => values[input])
    if (!operands.some((operand) => isFloat(dtypeOf(operand)))) return true
    if (isComparison(node.operation))
      return elementsOf(sub(operands[0], operands[1])).every((x) => x === 0 || Math.abs(x) > 1e-4)
    return node.operation !== 'sign' || elementsOf(operands[0]).every((x) => x === 0 || Math.abs(x) > 1e-4)
  })
}

function isComparison(operation: string): boolean {
  return ['equal', 'notEqual', 'greater', 'greaterEqual', 'less', 'lessEqual'].includes(operation)
}
