/** How each operation is drawn into a random program: on operands and at points where rounding changes no decision. */
import type { DType, Shape, Value, Tensor } from '@tapegrad/autograd'
import * as ops from '@tapegrad/autograd'
import { differentiable, dtypeOf, shapeOf } from '@tapegrad/autograd'
import { isFloat, sizeOf } from '@tapegrad/autograd/tracing'
import type { Draw } from './draw.js'
import type { Concrete } from './interpreter.js'

/** A value of a program under construction, and what makes it of the earlier ones. */
export interface Step {
  readonly name: string
  readonly operands: readonly number[]
  readonly apply: (operands: readonly Value[]) => Value
}

/** What a step is drawn from: the values so far, as eager computes them. */
export class Pool {
  readonly values: Concrete[] = []
  readonly steps: Step[] = []

  constructor(
    readonly draw: Draw,
    /** The most elements that a value may have. */
    readonly limit: number,
  ) {}

  add(step: Step): number {
    const value = step.apply(step.operands.map((operand) => this.values[operand])) as Concrete
    this.steps.push(step)
    return this.values.push(value) - 1
  }

  /** A new value that is the same in every run. */
  constant(value: Concrete): number {
    return this.add({ name: `constant ${describe(value)}`, operands: [], apply: () => value })
  }

  /** Any value for which `fits` holds, later ones rather than earlier ones; undefined where there is none. */
  find(fits: (value: Concrete) => boolean): number | undefined {
    const fitting = this.values.flatMap((value, index) => (fits(value) ? [index] : []))
    if (fitting.length === 0) return undefined
    return this.draw.chance(0.5) ? this.draw.pick(fitting.slice(-3)) : this.draw.pick(fitting)
  }

  /** A value of floats, made if need be. */
  float(): number {
    return this.find((value) => isFloat(dtypeOf(value))) ?? this.fresh(this.draw.shape(this.limit), 'float32')
  }

  any(): number {
    return this.find(() => true) ?? this.float()
  }

  fresh(shape: Shape, dtype: DType): number {
    return this.constant(this.draw.tensor(shape, dtype))
  }

  /** A tensor with at least so many axes. */
  ranked(rank: number, fits: (value: Concrete) => boolean = () => true): number {
    const found = this.find((value) => shapeOf(value).length >= rank && fits(value))
    if (found !== undefined) return found
    const shape = Array.from({ length: Math.max(1, rank) }, () => this.draw.whole(1, 6))
    return this.fresh(shape, this.draw.pick(['float32', 'float64']))
  }

  /** A value that broadcasts with those of the given shape. */
  beside(shape: Shape): number {
    const { draw } = this
    if (draw.chance(0.1)) return this.constant(Number(draw.between(-2, 2).toFixed(2)))
    const found = this.find(
      (value) => broadcasts(shapeOf(value), shape) && sizeOf(joined(shapeOf(value), shape)) <= this.limit,
    )
    if (found !== undefined && draw.chance(0.8)) return found
    const partner = shape.map((extent) => (draw.chance(0.3) ? 1 : extent)).slice(draw.whole(0, shape.length))
    return this.fresh(partner, draw.dtype())
  }

  shapeAt(index: number): Shape {
    return shapeOf(this.values[index])
  }

  elementsAt(index: number): readonly number[] {
    return elementsOf(this.values[index])
  }
}

export function describe(value: Concrete): string {
  return typeof value === 'number' ? `number ${value}` : `${value.dtype} [${value.shape.join()}]`
}

export function elementsOf(value: Concrete): readonly number[] {
  return typeof value === 'number' ? [value] : Array.from(value.data)
}

function broadcasts(a: Shape, b: Shape): boolean {
  return Array.from({ length: Math.min(a.length, b.length) }, (_, k) => k + 1).every((k) => {
    const [m, n] = [a[a.length - k], b[b.length - k]]
    return m === n || m === 1 || n === 1
  })
}

function joined(a: Shape, b: Shape): Shape {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, k) => {
    const [m, n] = [a[a.length - 1 - k] ?? 1, b[b.length - 1 - k] ?? 1]
    return m === 1 ? n : m
  }).reverse()
}

/** Draws a step; undefined where what was drawn doesn't fit. */
export type DrawStep = (pool: Pool) => Step | undefined

type Unary = (x: Value) => Value
type Binary = (x: Value, y: Value) => Value

const margin = 1e-3

/** Whether no element is close to a whole multiple of `period` from `offset` on. */
function isClear(elements: readonly number[], period: number, offset = 0): boolean {
  return elements.every((x) => {
    const distance = Math.abs((x - offset) / period - Math.round((x - offset) / period)) * period
    return distance > margin * Math.max(1, Math.abs(x))
  })
}

function isAwayFromZero(elements: readonly number[]): boolean {
  return elements.every((x) => Math.abs(x) > margin)
}

function isWithin(elements: readonly number[], least: number, most: number): boolean {
  return elements.every((x) => x >= least && x <= most)
}

/** An operation of one value, at elements that are within its domain, or drawn into it by `into`. */
function unary(operation: Unary, least = -20, most = 20, into: Unary = ops.tanh): DrawStep {
  return (pool) => {
    const x = pool.any()
    const isInside = isWithin(pool.elementsAt(x), least, most)
    return {
      name: isInside ? operation.name : `${operation.name} of ${into.name}`,
      operands: [x],
      apply: ([value]) => operation(isInside ? value : into(value)),
    }
  }
}

/** An operation of one value that jumps where `isSmooth` doesn't hold; integers never come close. */
function jumping(operation: Unary, isSmooth: (elements: readonly number[]) => boolean): DrawStep {
  return (pool) => {
    const x = pool.any()
    if (isFloat(dtypeOf(pool.values[x])) && !isSmooth(pool.elementsAt(x))) return undefined
    return { name: operation.name, operands: [x], apply: ([value]) => operation(value) }
  }
}

function binary(
  operation: Binary,
  fits: (x: readonly number[], y: readonly number[]) => boolean = () => true,
): DrawStep {
  return (pool) => {
    const x = pool.any()
    const y = pool.beside(pool.shapeAt(x))
    if (!fits(pool.elementsAt(x), pool.elementsAt(y))) return undefined
    return swapped(pool.draw, { name: operation.name, operands: [x, y], apply: ([a, b]) => operation(a, b) })
  }
}

/** Half the time the step with its two operands in the other order; they broadcast either way. */
function swapped(draw: Draw, step: Step): Step {
  return draw.chance(0.5) ? step : { ...step, operands: [...step.operands].reverse() }
}

/** A comparison: of values whose difference is nowhere close to 0, or of integers. */
function comparison(operation: Binary): DrawStep {
  return (pool) => {
    const x = pool.any()
    const y = pool.beside(pool.shapeAt(x))
    const areFloats = [x, y].some((k) => isFloat(dtypeOf(pool.values[k])))
    if (areFloats && !isAwayFromZero(elementsOf(ops.sub(pool.values[x], pool.values[y])))) return undefined
    return { name: operation.name, operands: [x, y], apply: ([a, b]) => operation(a, b) }
  }
}

function logical(operation: Binary): DrawStep {
  return (pool) => {
    const x = pool.any()
    const y = pool.beside(pool.shapeAt(x))
    if (![x, y].every((k) => isTruthClear(pool.values[k]))) return undefined
    return { name: operation.name, operands: [x, y], apply: ([a, b]) => operation(a, b) }
  }
}

function isTruthClear(value: Concrete): boolean {
  return !isFloat(dtypeOf(value)) || isAwayFromZero(elementsOf(value))
}

type Reduce = (x: Value, options: { axis?: number | readonly number[]; keepDims?: boolean }) => Value

function reduction(operation: Reduce, { nonempty = false, oneAxis = false, floats = false } = {}): DrawStep {
  return (pool) => {
    const { draw } = pool
    const x = floats ? pool.float() : pool.any()
    const shape = pool.shapeAt(x)
    if (nonempty && sizeOf(shape) === 0) return undefined
    const axes = shape.map((_, axis) => axis)
    const axis = oneAxis
      ? axes.length === 0 || draw.chance(0.2)
        ? undefined
        : draw.pick(axes)
      : draw.pick([undefined, draw.some(axes)])
    const options = { ...(axis === undefined ? {} : { axis }), keepDims: draw.chance(0.4) }
    return {
      name: `${operation.name} ${JSON.stringify(options)}`,
      operands: [x],
      apply: ([value]) => operation(value, options),
    }
  }
}

/** An operation that picks a largest or smallest element: no two floats along the axes may be close. */
function picking(operation: Reduce): DrawStep {
  const drawn = reduction(operation, { nonempty: true, oneAxis: true })
  return (pool) => {
    const step = drawn(pool)
    if (step === undefined) return undefined
    const value = pool.values[step.operands[0]]
    const sorted = [...elementsOf(value)].sort((a, b) => a - b)
    const isClose = sorted.some((x, k) => k > 0 && x - sorted[k - 1] < 1e-4)
    return isFloat(dtypeOf(value)) && isClose ? undefined : step
  }
}

const transpose: DrawStep = (pool) => {
  const x = pool.any()
  const axes = pool.draw.shuffled(pool.shapeAt(x).map((_, axis) => axis))
  return { name: `transpose [${axes.join()}]`, operands: [x], apply: ([value]) => ops.transpose(value, axes) }
}

const broadcastTo: DrawStep = (pool) => {
  const { draw } = pool
  const x = pool.any()
  const shape = [
    ...Array.from({ length: draw.whole(0, 2) }, () => draw.whole(1, 4)),
    ...pool.shapeAt(x).map((extent) => (extent === 1 ? draw.whole(1, 6) : extent)),
  ]
  if (sizeOf(shape) > pool.limit || shape.length > 5) return undefined
  return {
    name: `broadcastTo [${shape.join()}]`,
    operands: [x],
    apply: ([value]) => ops.broadcastTo(value, shape),
  }
}

const reshape: DrawStep = (pool) => {
  const { draw } = pool
  const x = pool.any()
  const shape = reshaped(draw, pool.shapeAt(x))
  return { name: `reshape [${shape.join()}]`, operands: [x], apply: ([value]) => ops.reshape(value, shape) }
}

/** Another shape of as many elements: axes merged, divided, or put in with size 1. */
function reshaped(draw: Draw, shape: Shape): Shape {
  const size = sizeOf(shape)
  if (draw.chance(0.2)) return [size]
  const result = [...shape]
  for (let change = draw.whole(1, 3); change > 0; change--) {
    const at = draw.whole(0, Math.max(0, result.length - 1))
    const kind = draw.unit()
    if (kind < 0.3 || result.length === 0) result.splice(at, 0, 1)
    else if (kind < 0.6 && at + 1 < result.length) result.splice(at, 2, result[at] * result[at + 1])
    else {
      const divisors = [2, 3, 4, 5].filter((d) => result[at] > 0 && result[at] % d === 0)
      if (divisors.length > 0) {
        const divisor = draw.pick(divisors)
        result.splice(at, 1, divisor, result[at] / divisor)
      }
    }
  }
  return result
}

const slice: DrawStep = (pool) => {
  const { draw } = pool
  const x = pool.any()
  const shape = pool.shapeAt(x)
  const start = shape.map((extent) => (draw.chance(0.5) ? 0 : draw.whole(0, extent)))
  const end = shape.map((extent, axis) => (draw.chance(0.5) ? extent : draw.whole(start[axis], extent)))
  return {
    name: `slice [${start.join()}] [${end.join()}]`,
    operands: [x],
    apply: ([value]) => ops.slice(value, start, end),
  }
}

const pad: DrawStep = (pool) => {
  const { draw } = pool
  const x = pool.any()
  const padding = pool.shapeAt(x).map(() => [draw.whole(0, 2), draw.whole(0, 2)])
  const value = draw.pick([0, 0, 1, -1.5])
  if (
    sizeOf(pool.shapeAt(x).map((extent, axis) => extent + padding[axis][0] + padding[axis][1])) > pool.limit
  )
    return undefined
  return {
    name: `pad ${JSON.stringify(padding)} ${value}`,
    operands: [x],
    apply: ([y]) => ops.pad(y, padding, value),
  }
}

const flip: DrawStep = (pool) => {
  const x = pool.any()
  const axes = pool.draw.some(pool.shapeAt(x).map((_, axis) => axis))
  return { name: `flip [${axes.join()}]`, operands: [x], apply: ([value]) => ops.flip(value, axes) }
}

const concat: DrawStep = (pool) => {
  const { draw } = pool
  const x = pool.ranked(1)
  const shape = pool.shapeAt(x)
  const axis = draw.whole(0, shape.length - 1)
  const others = Array.from({ length: draw.whole(0, 2) }, () => {
    const found = pool.find((value) => {
      const other = shapeOf(value)
      return other.length === shape.length && other.every((extent, k) => k === axis || extent === shape[k])
    })
    return found !== undefined && draw.chance(0.7)
      ? found
      : pool.fresh(shape.with(axis, draw.whole(0, 4)), draw.dtype())
  })
  const operands = draw.shuffled([x, ...others])
  if (operands.reduce((size, operand) => size + sizeOf(pool.shapeAt(operand)), 0) > pool.limit)
    return undefined
  return { name: `concat ${axis}`, operands, apply: (values) => ops.concat(values, axis) }
}

const matmul: DrawStep = (pool) => {
  const { draw } = pool
  const a = pool.ranked(1)
  const shape = pool.shapeAt(a)
  const transposeA = shape.length > 1 && draw.chance(0.4)
  const inner = transposeA ? shape[shape.length - 2] : shape[shape.length - 1]
  const transposeB = draw.chance(0.4)
  const found = pool.find((value) => {
    const other = shapeOf(value)
    const rank = other.length
    if (rank === 0) return false
    const k = rank === 1 || transposeB ? other[rank - 1] : other[rank - 2]
    return k === inner && broadcasts(other.slice(0, -2), shape.slice(0, -2))
  })
  const n = draw.pick([0, 1, 2, 3, 5, 8, 9, 16, 17, 20])
  const batch = draw.chance(0.3) ? shape.slice(0, -2) : []
  const fresh = (): number => {
    const form = draw.chance(0.2) ? [inner] : [...batch, ...(transposeB ? [n, inner] : [inner, n])]
    return pool.fresh(form, draw.chance(0.8) ? dtypeOf(pool.values[a]) : draw.dtype())
  }
  const b = found !== undefined && draw.chance(0.6) ? found : fresh()
  const batched = joined(shape.slice(0, -2), pool.shapeAt(b).slice(0, -2))
  const [m, columns] = [(shape.at(-2) ?? 1) + inner, sizeOf(pool.shapeAt(b).slice(-2))]
  if (sizeOf(batched) * m * Math.max(columns, 1) > 8 * pool.limit) return undefined
  const options = { transposeA, transposeB }
  return {
    name: `matmul ${JSON.stringify(options)}`,
    operands: [a, b],
    apply: ([left, right]) => ops.matmul(left, right, options),
  }
}

const take: DrawStep = (pool) => {
  const { draw } = pool
  const x = pool.ranked(1)
  const shape = pool.shapeAt(x)
  const axis = draw.whole(0, shape.length - 1)
  const extent = shape[axis]
  if (extent === 0 || extent > 255) return undefined
  const picked = draw.pick([[], [draw.whole(0, 6)], [2, 3]])
  const found = pool.find((value) => areIndices(value, extent) && shapeOf(value).length < 3)
  const indices =
    found !== undefined && draw.chance(0.4)
      ? found
      : draw.chance(0.1)
        ? pool.constant(draw.whole(-extent, extent - 1))
        : pool.constant(draw.indices(picked, extent))
  if ((sizeOf(shape) / extent) * sizeOf(pool.shapeAt(indices)) > pool.limit) return undefined
  return { name: `take ${axis}`, operands: [x, indices], apply: ([value, at]) => ops.take(value, at, axis) }
}

/** Whether a value holds integers that point into an axis of `extent` elements. */
function areIndices(value: Concrete, extent: number): boolean {
  if (typeof value === 'number' || (value.dtype !== 'int32' && value.dtype !== 'uint8')) return false
  return isWithin(elementsOf(value), -extent, extent - 1)
}

const takeAlongAxis: DrawStep = (pool) => {
  const { draw } = pool
  const x = pool.ranked(1)
  const shape = pool.shapeAt(x)
  const axis = draw.whole(0, shape.length - 1)
  const extent = shape[axis]
  if (extent === 0 || extent > 255) return undefined
  const wanted = shape.with(axis, draw.whole(0, 5))
  const indices = pool.constant(draw.indices(wanted, extent))
  return {
    name: `takeAlongAxis ${axis}`,
    operands: [x, indices],
    apply: ([value, at]) => ops.takeAlongAxis(value, at, axis),
  }
}

const oneHot: DrawStep = (pool) => {
  const { draw } = pool
  const depth = draw.whole(1, 9)
  const found = pool.find((value) => areIndices(value, depth) && isWithin(elementsOf(value), 0, depth - 1))
  const indices = found ?? pool.constant(ops.abs(draw.indices([draw.whole(0, 6)], depth - 1 || 1)) as Tensor)
  if (!isWithin(pool.elementsAt(indices), 0, depth - 1)) return undefined
  if (sizeOf(pool.shapeAt(indices)) * depth > pool.limit) return undefined
  const dtype = draw.dtype()
  return {
    name: `oneHot ${depth} ${dtype}`,
    operands: [indices],
    apply: ([at]) => ops.oneHot(at, depth, { dtype }),
  }
}

const cumsum: DrawStep = (pool) => {
  const x = pool.ranked(1)
  const axis = pool.draw.whole(0, pool.shapeAt(x).length - 1)
  return { name: `cumsum ${axis}`, operands: [x], apply: ([value]) => ops.cumsum(value, { axis }) }
}

const where: DrawStep = (pool) => {
  const condition = pool.find(isTruthClear)
  if (condition === undefined) return undefined
  const a = pool.beside(pool.shapeAt(condition))
  const shape = joined(pool.shapeAt(condition), pool.shapeAt(a))
  const b = pool.beside(shape)
  return { name: 'where', operands: [condition, a, b], apply: ([c, x, y]) => ops.where(c, x, y) }
}

const cast: DrawStep = (pool) => {
  const x = pool.any()
  const value = pool.values[x]
  const dtype = pool.draw.dtype()
  if (isFloat(dtypeOf(value)) && !isFloat(dtype) && !isClear(elementsOf(value), 1)) return undefined
  return { name: `cast ${dtype}`, operands: [x], apply: ([y]) => ops.cast(y, dtype) }
}

/** A function with a derivative of its own and two results, which packs them into one value. */
const sineAndCosine = differentiable('sineAndCosine', {
  forward: (x: Value): readonly Value[] => [ops.sin(x), ops.sum(ops.cos(x))],
  backward: ([upstream, ofSum], { inputs: [x] }) => [
    ops.sub(ops.mul(upstream, ops.cos(x)), ops.mul(ofSum, ops.sin(x))),
  ],
})

const custom: DrawStep = (pool) => {
  const x = pool.float()
  return {
    name: 'sineAndCosine',
    operands: [x],
    apply: ([value]) => {
      const [sine, total] = sineAndCosine(value) as readonly Value[]
      return ops.add(sine, total)
    },
  }
}

const checkpointed: DrawStep = (pool) => ({
  name: 'checkpoint',
  operands: [pool.float()],
  apply: ([value]) => ops.checkpoint((x: Value) => ops.mul(ops.sin(x), x))(value),
})

const softmaxAlong: DrawStep = (pool) => {
  const x = pool.ranked(1, (value) => isFloat(dtypeOf(value)) && sizeOf(shapeOf(value)) > 0)
  const axis = pool.draw.whole(0, pool.shapeAt(x).length - 1)
  const operation = pool.draw.pick([ops.softmax, ops.logSoftmax])
  return { name: `${operation.name} ${axis}`, operands: [x], apply: ([value]) => operation(value, { axis }) }
}

/** Geometry that convolution and pooling share. */
function windowOptions(draw: Draw): { stride: number; dilation: number; padding: number } {
  return { stride: draw.whole(1, 3), dilation: draw.whole(1, 2), padding: draw.whole(0, 2) }
}

const convolve: DrawStep = (pool) => {
  const { draw } = pool
  const groups = draw.whole(1, 2)
  const [inChannels, outChannels] = [groups * draw.whole(1, 2), groups * draw.whole(1, 2)]
  const spatial = Array.from({ length: draw.whole(1, 2) }, () => draw.whole(5, 8))
  const dtypes = [draw.dtype(), draw.dtype()]
  const x = pool.fresh([draw.whole(1, 2), inChannels, ...spatial], dtypes[0])
  const w = pool.fresh([outChannels, inChannels / groups, ...spatial.map(() => draw.whole(1, 3))], dtypes[1])
  const options = { ...windowOptions(draw), groups }
  const operation = spatial.length === 1 ? ops.conv1d : ops.conv2d
  return {
    name: `${operation.name} ${JSON.stringify(options)}`,
    operands: [x, w, pool.beside([])],
    apply: ([value, weights, shift]) =>
      operation(ops.add(value, ops.sum(shift)), ops.mul(weights, ops.sum(shift)), options),
  }
}

const maxPool: DrawStep = (pool) => {
  const { draw } = pool
  const x = pool.fresh([2, 2, draw.whole(5, 7), draw.whole(5, 7)], 'float32')
  const options = { size: 2, stride: draw.whole(1, 2), padding: draw.whole(0, 1) }
  return {
    name: `maxPool2d ${JSON.stringify(options)}`,
    operands: [x, pool.beside([])],
    apply: ([value, shift]) => ops.maxPool2d(ops.add(value, ops.sum(shift)), options),
  }
}

/** A product of matrices that are transposed by themselves and by the product. */
const productOfTransposes: DrawStep = (pool) => {
  const { draw } = pool
  const x = pool.ranked(2)
  const shape = pool.shapeAt(x)
  const swapped = shape.map((_, axis) => axis)
  swapped.splice(-2, 2, shape.length - 1, shape.length - 2)
  const transposeA = draw.chance(0.5)
  // xᵀ·x or x·xᵀ, in one of the ways to say it.
  const options = { transposeA, transposeB: transposeA }
  if (sizeOf(shape) * shape[shape.length - 2] * 2 > 8 * pool.limit) return undefined
  if (sizeOf(shape) * shape[shape.length - 1] * 2 > 8 * pool.limit) return undefined
  return {
    name: `productOfTransposes ${JSON.stringify(options)}`,
    operands: [x],
    apply: ([value]) =>
      ops.matmul(
        ops.transpose(value, swapped),
        ops.transpose(ops.transpose(value, swapped), swapped),
        options,
      ),
  }
}

/** A choice by a choice between comparisons. */
const choiceOfChoices: DrawStep = (pool) => {
  const drawn = [ops.less, ops.greater, ops.lessEqual].map((operation) => comparison(operation)(pool))
  const [a, b, c] = drawn
  if (a === undefined || b === undefined || c === undefined) return undefined
  const shapes = drawn.flatMap((step) => step!.operands.map((operand) => pool.shapeAt(operand)))
  if (!shapes.every((one) => shapes.every((other) => broadcasts(one, other)))) return undefined
  if (sizeOf(shapes.reduce(joined)) > pool.limit) return undefined
  return {
    name: 'choiceOfChoices',
    operands: [...a.operands, ...b.operands, ...c.operands],
    apply: ([p, q, r, s, t, u]) =>
      ops.where(ops.where(a.apply([p, q]), b.apply([r, s]), c.apply([t, u])), p, s),
  }
}

const polygamma: DrawStep = (pool) => {
  const order = pool.draw.whole(0, 4)
  const step = unary((x) => ops.polygamma(order, x), 0.3, 20, raised)(pool)
  return step && { ...step, name: `polygamma ${order}` }
}

const isPositive = (elements: readonly number[]): boolean => isWithin(elements, 0.1, 20)
const isInvertible = (elements: readonly number[]): boolean => elements.every((x) => Math.abs(x) > 0.1)
const raised: Unary = function aboveOne(x) {
  return ops.add(ops.abs(x), 0.5)
}
const halved: Unary = function halfTanh(x) {
  return ops.mul(ops.tanh(x), 0.8)
}

/** How each operation of the table is drawn, keyed by the primitive it is about. */
export const primitiveSteps: Readonly<Record<string, DrawStep>> = {
  neg: unary(ops.neg),
  abs: unary(ops.abs),
  sign: jumping(ops.sign, isAwayFromZero),
  exp: unary(ops.exp, -10, 3),
  expm1: unary(ops.expm1, -10, 3),
  log: unary(ops.log, 0.1, 50, raised),
  log1p: unary(ops.log1p, -0.8, 50, raised),
  sqrt: unary(ops.sqrt, 0.1, 50, raised),
  square: unary(ops.square),
  reciprocal: unary(ops.reciprocal, 0.2, 50, raised),
  sin: unary(ops.sin),
  cos: unary(ops.cos),
  tan: unary(ops.tan, -1.2, 1.2),
  asin: unary(ops.asin, -0.9, 0.9, halved),
  acos: unary(ops.acos, -0.9, 0.9, halved),
  atan: unary(ops.atan),
  sinh: unary(ops.sinh, -3, 3),
  cosh: unary(ops.cosh, -3, 3),
  tanh: unary(ops.tanh),
  erf: unary(ops.erf),
  floor: jumping(ops.floor, (x) => isClear(x, 1)),
  ceil: jumping(ops.ceil, (x) => isClear(x, 1)),
  round: jumping(ops.round, (x) => isClear(x, 1, 0.5)),
  relu: unary(ops.relu),
  sigmoid: unary(ops.sigmoid),
  softplus: unary(ops.softplus),
  logGamma: unary(ops.logGamma, 0.3, 50, raised),
  digamma: unary(ops.digamma, 0.3, 50, raised),
  polygamma,
  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: binary(ops.div, (x, y) => isInvertible(x) && isInvertible(y)),
  pow: (pool) => {
    const x = pool.float()
    const y = pool.beside(pool.shapeAt(x))
    if (!isPositive(pool.elementsAt(x)) || !isWithin(pool.elementsAt(y), -3, 3)) return undefined
    return { name: 'pow', operands: [x, y], apply: ([base, exponent]) => ops.pow(base, exponent) }
  },
  maximum: binary(ops.maximum),
  minimum: binary(ops.minimum),
  atan2: binary(ops.atan2, (x, y) => isInvertible(x) && isInvertible(y)),
  equal: comparison(ops.equal),
  notEqual: comparison(ops.notEqual),
  greater: comparison(ops.greater),
  greaterEqual: comparison(ops.greaterEqual),
  less: comparison(ops.less),
  lessEqual: comparison(ops.lessEqual),
  logicalAnd: logical(ops.logicalAnd),
  logicalOr: logical(ops.logicalOr),
  logicalNot: jumping(ops.logicalNot, isAwayFromZero),
  where,
  cast,
  take,
  takeAlongAxis,
  oneHot,
  reshape,
  transpose,
  broadcastTo,
  slice,
  pad,
  flip,
  concat,
  sum: reduction(ops.sum as Reduce),
  max: reduction(ops.max as Reduce, { nonempty: true }),
  min: reduction(ops.min as Reduce, { nonempty: true }),
  argmax: picking(ops.argmax as Reduce),
  argmin: picking(ops.argmin as Reduce),
  norm: (pool) => {
    const step = reduction(ops.norm as Reduce)(pool)
    // The derivative at 0 hangs on whether it is exactly 0.
    return step === undefined || elementsOf(ops.norm(pool.values[step.operands[0]])).every((x) => x > 0.1)
      ? step
      : undefined
  },
  cumsum,
  matmul,
  convolve,
  windows: maxPool,
  stopGradient: unary(ops.stopGradient as Unary),
}

/** Compositions whose traces lead to further primitives and to more entangled programs. */
export const composedSteps: Readonly<Record<string, DrawStep>> = {
  custom,
  checkpointed,
  productOfTransposes,
  choiceOfChoices,
  softmaxAlong,
  mean: reduction(ops.mean as Reduce, { nonempty: true, floats: true }),
  variance: reduction(ops.variance as Reduce, { nonempty: true, floats: true }),
  logSumExp: reduction(ops.logSumExp as Reduce, { nonempty: true, floats: true }),
  gelu: unary(ops.gelu as Unary),
  silu: unary(ops.silu as Unary),
}
