/** Random tensors from a counter-based generator: the same seed gives the same numbers on any machine. */
import type { DTypeOption } from './create.js'
import type { DType } from './dtype.js'
import { allocate, checkDType, isFloat } from './dtype.js'
import { ArgumentError, DTypeError } from './errors.js'
import { philox } from './philox.js'
import type { Shape } from './shape.js'
import { checkShape, sizeOf } from './shape.js'
import { Tensor } from './tensor.js'
import { describe } from './value.js'

/** A stream of random numbers: a key, and a counter that drawing moves on. */
export class Rng {
  /** @internal Made by `rng(seed)`. `counter` is the number of blocks of four words drawn so far. */
  constructor(
    readonly key: readonly [number, number],
    public counter = 0,
  ) {}

  /** @internal The next `count` blocks of four 32-bit words. */
  blocks(count: number): Uint32Array {
    const words = new Uint32Array(4 * count)
    for (let block = 0; block < count; block++) philox(this.key, this.counter + block, words, 4 * block)
    this.counter += count
    return words
  }

  /** An independent stream, drawn from this one. */
  split(): Rng {
    const [low, high] = this.blocks(1)
    return new Rng([low, high])
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

function checkFloat(name: string, dtype: DType): void {
  checkDType(name, dtype)
  if (!isFloat(dtype))
    throw new DTypeError('NOT_FLOAT', `${name}: dtype is ${dtype}; wants float32 or float64`)
}

/** `count` numbers uniform in [0, 1), with 53 random bits from two words each. */
function fractions(source: Rng, count: number): Float64Array {
  const words = source.blocks(Math.ceil(count / 2))
  const out = new Float64Array(count)
  for (let i = 0; i < count; i++)
    out[i] = ((words[2 * i] >>> 5) * 2 ** 26 + (words[2 * i + 1] >>> 6)) / 2 ** 53
  return out
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
  const out = allocate(dtype, size)
  const uniforms = fractions(source, 2 * Math.ceil(size / 2))
  for (let i = 0; i < size; i += 2) {
    // 1 − u is never 0, so the logarithm is finite.
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - uniforms[i]))
    const angle = 2 * Math.PI * uniforms[i + 1]
    out[i] = mean + radius * Math.cos(angle)
    if (i + 1 < size) out[i + 1] = mean + radius * Math.sin(angle)
  }
  return new Tensor(out, [...shape], dtype)
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
  const out = allocate(dtype, sizeOf(shape))
  const uniforms = fractions(source, out.length)
  for (let i = 0; i < out.length; i++) {
    out[i] = min + (max - min) * uniforms[i]
    // Rounding may reach the upper end, which is left out; closed to a circle, the range goes on at the lower one.
    if (out[i] >= max) out[i] = min
  }
  return new Tensor(out, [...shape], dtype)
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
  const out = allocate(dtype, sizeOf(shape))
  const uniforms = fractions(source, out.length)
  for (let i = 0; i < out.length; i++) out[i] = uniforms[i] < probability ? 1 : 0
  return new Tensor(out, [...shape], dtype)
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
  const out = new Int32Array(sizeOf(shape))
  const uniforms = fractions(source, out.length)
  for (let i = 0; i < out.length; i++) out[i] = min + Math.floor((max - min) * uniforms[i])
  return new Tensor(out, [...shape], 'int32')
}

/** The whole numbers from 0 to count − 1 in random order, each order as likely; int32 (the shuffle of Fisher and Yates). */
export function permutation(source: Rng, count: number): Tensor {
  checkArguments('permutation', source, [count])
  const out = Int32Array.from({ length: count }, (_, i) => i)
  const uniforms = fractions(source, count)
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor((last + 1) * uniforms[last])
    const swapped = out[last]
    out[last] = out[other]
    out[other] = swapped
  }
  return new Tensor(out, [count], 'int32')
}
