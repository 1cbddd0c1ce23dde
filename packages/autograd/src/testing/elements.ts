/** Arbitrary numbers within bounds and away from kinks, which shrink to round ones. */
import fc from 'fast-check'
import { isFloat } from '../dtype.js'
import type { DType } from '../index.js'
import { ArgumentError } from '../index.js'

export interface ElementConstraints {
  /** float64 by default. */
  readonly dtype?: DType | undefined
  /** The least element, −2 by default (0 where the dtype has no negatives). */
  readonly min?: number | undefined
  /** The greatest element, 2 by default (1 for bool). */
  readonly max?: number | undefined
  /** Points that elements keep away from, such as kinks. */
  readonly avoid?: readonly number[] | undefined
  /** How far they keep away, 1/16 by default: differences reach two thousandths to each side. */
  readonly margin?: number | undefined
  /** Whole numbers only, as integer dtypes have them anyway: sums and products of a few are exact. */
  readonly whole?: boolean | undefined
}

interface Interval {
  readonly min: number
  readonly max: number
}

/**
 * A number as an element of a tensor: between `min` and `max`, further than `margin` from each of `avoid`, both by
 * construction. Floats are multiples of a power of two, 1/1024 for the default bounds, so that float32 holds them
 * exactly. It shrinks to round numbers: 0, whole ones, halves, quarters, ….
 *
 * Throws ArgumentError where no number is left to draw.
 */
export function element({
  dtype = 'float64',
  min = dtype === 'bool' || dtype === 'uint8' ? 0 : -2,
  max = dtype === 'bool' ? 1 : 2,
  avoid = [],
  margin = 1 / 16,
  whole = false,
}: ElementConstraints = {}): fc.Arbitrary<number> {
  const grain = whole || !isFloat(dtype) ? 1 : grainBetween(min, max)
  const allowed = intervalsAround(avoid, margin, { min, max })
  const choices = allowed
    .map((interval) => ({ min: Math.ceil(interval.min / grain), max: Math.floor(interval.max / grain) }))
    .filter((grains) => grains.min <= grains.max)
    .map((grains) => ({ weight: 1 + grains.max - grains.min, arbitrary: fc.integer(grains) }))
  if (choices.length === 0)
    throw new ArgumentError(
      'NOTHING_TO_DRAW',
      `element: no ${grain === 1 ? 'whole number' : 'number'} from ${min} to ${max} is left` +
        (avoid.length === 0 ? '' : `, ${margin} or more from ${avoid.join(', ')}`) +
        '; wants wider bounds',
    )
  const drawn = fc.oneof(...choices).map((grains) => grains * grain)
  return new RoundingArbitrary(
    drawn,
    (x) =>
      allowed.some((interval) => interval.min <= x && x <= interval.max) &&
      (grain !== 1 || Number.isInteger(x)),
  )
}

/** The power of two of which some 2000 to 4000 multiples lie between the bounds, exact in float32 too. */
function grainBetween(min: number, max: number): number {
  if (min === max) return Math.abs(min) || 1
  const largest = Math.max(Math.abs(min), Math.abs(max))
  const finest = Math.floor(Math.log2((max - min) / 4096))
  return 2 ** Math.max(finest, Math.floor(Math.log2(largest)) - 23)
}

/** What is left of an interval without the surroundings of some points. */
function intervalsAround(points: readonly number[], margin: number, { min, max }: Interval): Interval[] {
  const ends = [...points].sort((a, b) => a - b)
  const starts = [min, ...ends.map((point) => Math.max(min, point + margin))]
  return [...ends.map((point) => Math.min(max, point - margin)), max]
    .map((end, k) => ({ min: starts[k], max: end }))
    .filter((interval) => interval.min <= interval.max)
}

/**
 * Numbers that are drawn as `source` draws them and shrink, within what is allowed, to rounder ones. Where
 * fast-check asks for special numbers, they are such rounder ones: 0, 1, −2, 1.5.
 */
class RoundingArbitrary extends fc.Arbitrary<number> {
  constructor(
    private readonly source: fc.Arbitrary<number>,
    private readonly allows: (x: number) => boolean,
  ) {
    super()
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<number> {
    const x = this.source.generate(random, undefined).value
    if (bias === undefined || random.nextInt(1, bias) !== 1) return new fc.Value(x, undefined)
    const rounder = [x, ...this.rounderThan(x)]
    return new fc.Value(rounder[random.nextInt(0, rounder.length - 1)], undefined)
  }

  override canShrinkWithoutContext(x: unknown): x is number {
    return typeof x === 'number' && this.allows(x)
  }

  override shrink(x: number): fc.Stream<fc.Value<number>> {
    return this.rounderThan(x).map((rounder) => new fc.Value(rounder, undefined))
  }

  private rounderThan(x: number): fc.Stream<number> {
    return fc.stream(rounderNumbers(x)).filter(this.allows)
  }
}

/**
 * The numbers to try in the place of `x`, the roundest first. Rounder is what has fewer binary places, then what
 * is nearer to 0, then what is positive: an order without cycles, so that shrinking ends.
 */
function* rounderNumbers(x: number): Generator<number, undefined> {
  if (x === 0 || !Number.isFinite(x)) return
  yield 0
  const away = Math.sign(x)
  let step = 1
  for (; !Number.isInteger(x / step); step /= 2) {
    const towardsZero = Math.trunc(x / step) * step
    if (towardsZero !== 0) yield towardsZero
    yield towardsZero + away * step
  }
  if (x < 0) yield -x
  const half = Math.trunc(x / step / 2) * step
  if (half !== 0) yield half
  if (x !== away * step) yield x - away * step
}
