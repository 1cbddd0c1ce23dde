/** Reads what einsum is told, such as 'ij,jk->ik': which label each axis of each operand and of the result has. */
import { ArgumentError, ShapeError } from '../errors.js'
import type { Shape } from '../shape.js'
import { formatShape } from '../shape.js'

/** What a specification means for operands of given shapes. Axes with the same label are walked together. */
export interface EinsumPlan {
  /** The labels of each operand's axes. */
  readonly operands: readonly (readonly string[])[]
  /** The labels of the result's axes, each at most once. */
  readonly output: readonly string[]
  /** How far each label runs. */
  readonly sizes: ReadonlyMap<string, number>
}

/** A term: letters, and at most one ellipsis. */
const termPattern = /^[A-Za-z]*(?:\.\.\.[A-Za-z]*)?$/

function invalid(spec: string, problem: string): ArgumentError {
  return new ArgumentError('EINSUM_SPECIFICATION', `einsum '${spec}': ${problem}`)
}

/**
 * The labels of a specification for operands of these shapes. Throws ArgumentError where it can't be read or has
 * another number of operands, ShapeError where it doesn't fit their shapes.
 */
export function parseEinsum(spec: string, shapes: readonly Shape[]): EinsumPlan {
  if (typeof spec !== 'string')
    throw invalid(String(spec), "the first argument is no string; wants one such as 'ij,jk->ik'")
  const sides = spec.replaceAll(' ', '').split('->')
  if (sides.length > 2) throw invalid(spec, "'->' appears more than once")
  const terms = sides[0].split(',')
  for (const term of [...terms, ...sides.slice(1)])
    if (!termPattern.test(term))
      throw invalid(spec, `can't read '${term}'; wants letters and at most one ellipsis (...)`)
  if (terms.length !== shapes.length)
    throw invalid(spec, `names ${terms.length} operands, and got ${shapes.length} values`)
  const operands = terms.map((term, k) => labelsOf(spec, term, shapes[k], k))
  const ellipsis = longestEllipsis(operands)
  const output =
    sides.length === 1
      ? implicitOutput(operands, ellipsis)
      : explicitOutput(spec, sides[1], operands, ellipsis)
  return { operands, output, sizes: sizesOf(spec, operands, shapes) }
}

/** The axes that an ellipsis stands for, as labels. They are counted from the end, where they are aligned. */
function ellipsisLabels(count: number): string[] {
  return Array.from({ length: count }, (_, k) => `...${count - k}`)
}

function isEllipsisLabel(label: string): boolean {
  return label.startsWith('.')
}

/** The labels of a term, given how many axes its ellipsis stands for. */
function expand(term: string, ellipsisCount: number): string[] {
  const [before, after] = term.split('...')
  return after === undefined ? [...before] : [...before, ...ellipsisLabels(ellipsisCount), ...after]
}

function labelsOf(spec: string, term: string, shape: Shape, operand: number): string[] {
  const hasEllipsis = term.includes('...')
  const named = expand(term, 0).length
  if (hasEllipsis ? named > shape.length : named !== shape.length)
    throw new ShapeError(
      'EINSUM_RANK',
      `einsum '${spec}': operand ${operand} has shape ${formatShape(shape)}, and '${term}' names ` +
        `${hasEllipsis ? 'at least ' : ''}${named} axes`,
    )
  return expand(term, shape.length - named)
}

/** The labels of the longest ellipsis among the operands: what they broadcast to. */
function longestEllipsis(operands: EinsumPlan['operands']): string[] {
  return ellipsisLabels(Math.max(0, ...operands.map((labels) => labels.filter(isEllipsisLabel).length)))
}

/** The axes of the ellipsis, then the letters that appear just once, in the order of the alphabet. */
function implicitOutput(operands: EinsumPlan['operands'], ellipsis: readonly string[]): string[] {
  const letters = operands.flat().filter((label) => !isEllipsisLabel(label))
  const isSingle = (letter: string): boolean => letters.indexOf(letter) === letters.lastIndexOf(letter)
  return [...ellipsis, ...letters.filter(isSingle).sort()]
}

function explicitOutput(
  spec: string,
  term: string,
  operands: EinsumPlan['operands'],
  ellipsis: readonly string[],
): string[] {
  const output = expand(term, ellipsis.length)
  const repeated = output.find((label, k) => output.indexOf(label) !== k)
  if (repeated !== undefined) throw invalid(spec, `'${repeated}' appears twice in the result`)
  const unknown = output.find((label) => !operands.some((labels) => labels.includes(label)))
  if (unknown !== undefined) throw invalid(spec, `'${unknown}' in the result is in no operand`)
  if (ellipsis.length > 0 && !term.includes('...'))
    throw invalid(
      spec,
      "the result lacks the operands' ellipsis; add '...' to it, or name its axes to sum over them",
    )
  return output
}

/** How far each label runs: its size wherever it is not 1. */
function sizesOf(
  spec: string,
  operands: EinsumPlan['operands'],
  shapes: readonly Shape[],
): Map<string, number> {
  const sizes = new Map<string, number>()
  operands.forEach((labels, operand) => {
    labels.forEach((label, axis) => {
      const size = shapes[operand][axis]
      const known = sizes.get(label) ?? 1
      // Within one operand, a diagonal needs equal sizes: there is nothing to broadcast to.
      const twin = shapes[operand][labels.indexOf(label)]
      if (size !== twin || (size !== 1 && known !== 1 && size !== known))
        throw new ShapeError(
          'EINSUM_SIZE',
          `einsum '${spec}': '${label}' has size ${size === twin ? known : twin} and, in operand ${operand} of shape ` +
            `${formatShape(shapes[operand])}, ${size}; wants equal sizes` +
            (size === twin ? ', or 1' : ' for a diagonal'),
        )
      sizes.set(label, size === 1 ? known : size)
    })
  })
  return sizes
}
