/** Random tensors from a counter-based generator: the same seed gives the same numbers on any machine. */
import { philox } from '@tapegrad/kernels'
import type { DTypeOption } from './create.js'
import type { DType } from './dtype.js'
import { checkDType, isFloat } from './dtype.js'
import { flatten, split } from './composed/shapes.js'
import { ArgumentError, DTypeError, TapeError } from './errors.js'
import { add, mul, sub } from './primitives/arithmetic.js'
import { cast } from './primitives/cast.js'
import { greaterEqual, less, where } from './primitives/comparison.js'
import { cos, floor, log, sin, sqrt } from './primitives/elementwise.js'
import { drawFractions, fillWithFractions, fractionsInBlock } from './primitives/random.js'
import { concat, reshape, slice } from './primitives/shape.js'
import type { Shape } from './shape.js'
import { checkShape, sizeOf } from './shape.js'
import { Tensor } from './tensor.js'
import { isTracing } from './traceDepth.js'
import type { Value } from './value.js'
import { describe } from './value.js'
import { concreteOf, Variable } from './variable.js'

/** A stream of random numbers: a key, and a counter that drawing moves on. */
export class Rng {
  /**
   * @internal Made by `rng(seed)`. `counter` is the number of blocks of four 32-bit words drawn so far. Key and
   * counter of a stream that a traced function was given are variables.
   */
  constructor(
    readonly key: readonly [Value, Value],
    public counter: Value = 0,
  ) {}

  /** An independent stream, drawn from this one. */
  split(): Rng {
    const words = new Uint32Array(4)
    philox([numberOf(this.key[0]), numberOf(this.key[1])], numberOf(this.counter), words, 0)
    this.counter = add(this.counter, 1)
    return new Rng([words[0], words[1]])
  }
}

/** A new stream. Seeds are whole numbers from 0 to 2⁵³ − 1; equal seeds give equal streams. */
export function rng(seed: number): Rng {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new ArgumentError(
      'SEED',
      `rng: seed is ${seed}; wants a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`,
    )
  return new Rng([seed >>> 0, Math.floor(seed / 2 ** 32)])
}

function checkArguments(name: string, source: Rng, shape: Shape): void {
  if (!(source instanceof Rng))
    throw new ArgumentError(
      'WRONG_TYPE',
      `${name}: got ${describe(source)} as the generator; wants rng(seed)`,
    )
  checkShape(name, shape)
}

/** A stream that a traced function wasn't given would be drawn from once, and its numbers be the same in every run. */
function checkNotCaptured({ counter }: Rng): void {
  if (isTracing() && !(counter instanceof Variable))
    throw new TapeError(
      'CAPTURED_RNG',
      'a random number is drawn, while a function is traced, from a generator that it captured or made: every run would ' +
        'get the same numbers; pass the generator as an argument, or make it part of the state',
    )
}

function numberOf(x: Value): number {
  const concrete = concreteOf(x)
  return typeof concrete === 'number' ? concrete : concrete.item()
}

function checkFloat(name: string, dtype: DType): void {
  checkDType(name, dtype)
  if (!isFloat(dtype))
    throw new DTypeError('NOT_FLOAT', `${name}: dtype is ${dtype}; wants float32 or float64`)
}

/** `count` numbers uniform in [0, 1), float64. Moves the stream on. */
function fractions(source: Rng, count: number): Value {
  checkNotCaptured(source)
  const drawn = drawFractions([...source.key, source.counter], { count })
  source.counter = add(source.counter, Math.ceil(count / fractionsInBlock))
  return drawn
}

export interface NormalOptions extends DTypeOption {
  readonly mean?: number | undefined
  /** The standard deviation, 1 by default. */
  readonly deviation?: number | undefined
}

/**
 * Normally distributed numbers, by the transform of Box and Muller (1958). float32 unless said otherwise. Throws
 * ArgumentError where mean or deviation isn't finite or the deviation is negative.
 */
export function normal(
  source: Rng,
  shape: Shape,
  { mean = 0, deviation = 1, dtype = 'float32' }: NormalOptions = {},
): Tensor {
  checkArguments('normal', source, shape)
  checkFloat('normal', dtype)
  if (!Number.isFinite(mean) || !Number.isFinite(deviation) || deviation < 0)
    throw new ArgumentError(
      'RANGE',
      `normal: mean ${mean}, deviation ${deviation}; wants finite numbers, the deviation at least 0`,
    )
  const size = sizeOf(shape)
  const pairs = Math.ceil(size / 2)
  const [first, second] = split(reshape(fractions(source, 2 * pairs), [pairs, 2]), 2, 1)
  // 1 − u is never 0, so the logarithm is finite.
  const radius = mul(deviation, sqrt(mul(-2, log(sub(1, first)))))
  const angle = mul(2 * Math.PI, second)
  const both = concat([mul(radius, cos(angle)), mul(radius, sin(angle))], 1)
  const numbers: Value = add(mean, slice(flatten(both), [0], [size]))
  return cast(reshape(numbers, shape), dtype) as Value as Tensor
}

export interface UniformOptions extends DTypeOption {
  readonly min?: number | undefined
  readonly max?: number | undefined
}

/**
 * Numbers uniform in [min, max), 0 to 1 by default. float32 unless said otherwise. Throws ArgumentError where the
 * range isn't finite or min is above max.
 */
export function uniform(
  source: Rng,
  shape: Shape,
  { min = 0, max = 1, dtype = 'float32' }: UniformOptions = {},
): Tensor {
  checkArguments('uniform', source, shape)
  checkFloat('uniform', dtype)
  if (!Number.isFinite(max - min) || min > max)
    throw new ArgumentError(
      'RANGE',
      `uniform: from ${min} to ${max}; wants a finite range, min not above max`,
    )
  const numbers = cast(add(min, mul(max - min, fractionsOf(source, shape))), dtype)
  // Rounding may reach the upper end, which is left out; closed to a circle, the range goes on at the lower one.
  return where(greaterEqual(numbers, max), min, numbers) as Tensor
}

/** True with the given probability, else false; bool unless said otherwise. */
export function bernoulli(
  source: Rng,
  shape: Shape,
  { probability = 0.5, dtype = 'bool' }: BernoulliOptions = {},
): Tensor {
  checkArguments('bernoulli', source, shape)
  checkDType('bernoulli', dtype)
  if (!(probability >= 0 && probability <= 1))
    throw new ArgumentError('PROBABILITY', `bernoulli: probability is ${probability}; wants 0 to 1`)
  return cast(less(fractionsOf(source, shape), probability), dtype) as Tensor
}

export interface BernoulliOptions extends DTypeOption {
  readonly probability?: number | undefined
}

export interface IntegersOptions {
  /** The smallest, 0 by default. */
  readonly min?: number | undefined
  /** The first that is too large. */
  readonly max: number
}

/** Whole numbers from `min` up to, but not including, `max`, each as likely, drawn with replacement; int32. */
export function integers(source: Rng, shape: Shape, { min = 0, max }: IntegersOptions): Tensor {
  checkArguments('integers', source, shape)
  const isInt32 = (x: number): boolean => Number.isInteger(x) && Math.abs(x) <= 2 ** 31
  if (!isInt32(min) || !isInt32(max) || max <= min)
    throw new ArgumentError(
      'RANGE',
      `integers: from ${min} to ${max}; wants whole 32-bit numbers, min below max`,
    )
  const count = sizeOf(shape)
  if (!isConcrete(source)) {
    const drawn = reshape(fractions(source, count), shape)
    return cast(add(min, floor(mul(max - min, drawn))), 'int32') as Tensor
  }
  const out = new Int32Array(count)
  fillWithIntegers(out, source, min, max)
  return new Tensor(out, shape, 'int32')
}

/** So many fractions are turned into whole numbers at a time; an even number. */
const fractionsAtOnce = 4096

/** Kept, for memory that is used for the first time takes longer to get than to fill with random numbers. */
let drawnFractions: Float64Array | undefined

/** What the operations of `integers` give, in one pass. Moves the stream on. */
function fillWithIntegers(out: Int32Array, source: Rng, min: number, max: number): void {
  checkNotCaptured(source)
  const key = [numberOf(source.key[0]), numberOf(source.key[1])] as const
  const counter = numberOf(source.counter)
  const range = max - min
  drawnFractions ??= new Float64Array(fractionsAtOnce)
  for (let start = 0; start < out.length; start += fractionsAtOnce) {
    const some = drawnFractions.subarray(0, Math.min(fractionsAtOnce, out.length - start))
    fillWithFractions(some, key, counter + start / fractionsInBlock)
    for (let i = 0; i < some.length; i++) out[start + i] = min + Math.floor(range * some[i])
  }
  source.counter = add(source.counter, Math.ceil(out.length / fractionsInBlock))
}

/** Whether nothing of the stream is known only to a tape. */
function isConcrete({ key, counter }: Rng): boolean {
  return [...key, counter].every((part) => !(part instanceof Variable))
}

function fractionsOf(source: Rng, shape: Shape): Value {
  return reshape(fractions(source, sizeOf(shape)), shape)
}

/** The whole numbers from 0 to count − 1 in random order, each order as likely; int32 (the shuffle of Fisher and Yates). */
export function permutation(source: Rng, count: number): Tensor {
  checkArguments('permutation', source, [count])
  const out = Int32Array.from({ length: count }, (_, i) => i)
  const uniforms = (fractions(source, count) as Tensor).data
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor((last + 1) * uniforms[last])
    const swapped = out[last]
    out[last] = out[other]
    out[other] = swapped
  }
  return new Tensor(out, [count], 'int32')
}
