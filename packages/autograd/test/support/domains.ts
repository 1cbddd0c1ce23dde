/** For each operation, calls at which it is smooth: what every derivative is tested on. */
import fc from 'fast-check'
import type { TensorConstraints } from '@tapegrad/autograd/testing'
import {
  axesOf,
  axisOf,
  broadcastableShapes,
  distinctTensor,
  element,
  shape,
  shapeBroadcastingTo,
  tensor,
} from '@tapegrad/autograd/testing'
import type { AveragePoolOptions, Shape, Tensor, Value } from '../../src/index.js'
import { shapeOf } from '../../src/index.js'
import { transposeMatrices } from '../../src/matrices.js'
import type { Convolve } from './convolutionArbitraries.js'
import { drawnConvolution, drawnPool } from './convolutionArbitraries.js'
import { einsumCall } from './einsumArbitrary.js'
import type { Matrices } from './matrixArbitraries.js'
import { dominant, positiveDefinite, regular, systems } from './matrixArbitraries.js'
import { tensorOf } from './reference.js'
import type { OperationName } from './operations.js'
import { operations as ops } from './operations.js'

/** An operation with everything fixed but the values to differentiate by. */
export interface Call {
  readonly inputs: readonly Value[]
  /** Gives a value or an array of values. */
  readonly apply: (...inputs: Value[]) => unknown
  /** How the inputs' shapes and the attributes read in a report. */
  readonly toString: () => string
}

type Calls = fc.Arbitrary<Call>

function call(inputs: readonly Value[], apply: Call['apply'], attributes: readonly unknown[] = []): Call {
  return {
    inputs,
    apply,
    toString: () => `(${[...inputs, ...attributes.map((a) => JSON.stringify(a))].join(', ')})`,
  }
}

/** Few elements: each costs a numerical derivative four evaluations. */
function smallShape(minRank = 0, minSize = 0): fc.Arbitrary<Shape> {
  const flat = shape({ minRank: Math.min(minRank, 2), maxRank: 2, minSize, maxSize: 3 })
  const deep = shape({ minRank: 3, maxRank: 3, minSize, maxSize: 2 })
  return fc.oneof({ weight: 3, arbitrary: flat }, { weight: 1, arbitrary: deep })
}

/** A tensor, or where its shape is [] as often a number. */
function operand(constraints: TensorConstraints, ofShape: Shape): fc.Arbitrary<Value> {
  const tensors = tensor({ ...constraints, shape: ofShape })
  return ofShape.length === 0 ? fc.oneof(element(constraints), tensors) : tensors
}

/** An operand of any small shape. */
function operandOf(constraints: TensorConstraints): fc.Arbitrary<Value> {
  return smallShape().chain((drawn) => operand(constraints, drawn))
}

function unary(operation: (x: Value) => Value, constraints: TensorConstraints = {}): Calls {
  return smallShape()
    .chain((drawn) => operand(constraints, drawn))
    .map((x) => call([x], (y) => operation(y)))
}

function binary(
  operation: (x: Value, y: Value) => Value,
  xConstraints: TensorConstraints = {},
  yConstraints = xConstraints,
): Calls {
  return broadcastableShapes({ maxRank: 2, maxSize: 3 })
    .chain(([xShape, yShape]) => fc.tuple(operand(xConstraints, xShape), operand(yConstraints, yShape)))
    .map((inputs) => call(inputs, (x, y) => operation(x, y)))
}

/** Inputs of which one is drawn near whole numbers, the other between them, so that they never meet. */
const nearWholes = { avoid: [-1.5, -0.5, 0.5, 1.5], margin: 0.3, min: -2, max: 2 }
const betweenWholes = { avoid: [-2, -1, 0, 1, 2], margin: 0.3, min: -2, max: 2 }

/** Values away from the whole numbers and their halves, where rounding jumps. */
const betweenSteps = { avoid: [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2] }

/** An operation on a tensor and on attributes that depend on its shape. */
function attributed<A>(
  tensors: fc.Arbitrary<Tensor>,
  attributesFor: (ofShape: Shape) => fc.Arbitrary<A>,
  apply: (x: Value, attributes: A) => unknown,
): Calls {
  return tensors.chain((x) =>
    attributesFor(x.shape).map((attributes) => call([x], (y) => apply(y, attributes), [attributes])),
  )
}

function reduction(
  operation: (
    x: Value,
    options: { axis?: number | readonly number[] | undefined; keepDims: boolean },
  ) => Value,
  tensors: fc.Arbitrary<Tensor> = tensor({ shape: smallShape() }),
): Calls {
  return attributed(
    tensors,
    ({ length: rank }) => fc.record({ axis: axesOf(rank), keepDims: fc.boolean() }),
    operation,
  )
}

/** One axis or all, as argmax takes it. */
function argument(operation: (x: Value, options: { axis?: number | undefined }) => Value): Calls {
  return attributed(
    distinctTensor({ shape: smallShape(1, 1) }),
    ({ length: rank }) => fc.record({ axis: fc.oneof(fc.constant(undefined), axisOf(rank)) }),
    operation,
  )
}

/** An operation on a tensor along one of its axes. */
function alongAxis(
  operation: (x: Value, axis: number) => unknown,
  tensors = tensor({ shape: smallShape(1) }),
): Calls {
  return attributed(tensors, ({ length: rank }) => axisOf(rank), operation)
}

/** Matrices, batches of them and vectors whose inner dimensions agree. */
function product(): Calls {
  const size = fc.integer({ min: 0, max: 3 })
  const batches = broadcastableShapes({ maxRank: 1, minSize: 1, maxSize: 2 })
  const options = fc.record({ transposeA: fc.boolean(), transposeB: fc.boolean() })
  return fc
    .tuple(size, size, size, batches, options, fc.constantFrom('matrices', 'row', 'column', 'vectors'))
    .chain(([m, k, n, [aBatch, bBatch], { transposeA, transposeB }, form]) => {
      const a = form === 'row' || form === 'vectors' ? [k] : [...aBatch, ...(transposeA ? [k, m] : [m, k])]
      const b = form === 'column' || form === 'vectors' ? [k] : [...bBatch, ...(transposeB ? [n, k] : [k, n])]
      return fc
        .tuple(tensor({ shape: a }), tensor({ shape: b }))
        .map((inputs) =>
          call(inputs, (x, y) => ops.matmul(x, y, { transposeA, transposeB }), [{ transposeA, transposeB }]),
        )
    })
}

/** Several tensors that agree in all sizes but that along an axis. */
function joined(): Calls {
  return smallShape(1).chain((first) =>
    fc
      .tuple(axisOf(first.length), fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 }))
      .chain(([axis, sizes]) => {
        const along = axis < 0 ? axis + first.length : axis
        const shapes = sizes.map((size) => first.map((extent, k) => (k === along ? size : extent)))
        return fc
          .tuple(...shapes.map((each) => tensor({ shape: each })))
          .map((inputs) => call(inputs, (...xs) => ops.concat(xs, axis), [axis]))
      }),
  )
}

function stacked(): Calls {
  return smallShape().chain((each) =>
    fc
      .tuple(fc.array(operand({}, each), { minLength: 1, maxLength: 3 }), axisOf(each.length + 1))
      .map(([inputs, axis]) => call(inputs, (...xs) => ops.stack(xs, axis), [axis])),
  )
}

/** Indices into an axis, from the front and from the end, with repetitions. */
function indicesInto(extent: number, ofShape: Shape): fc.Arbitrary<Tensor> {
  return tensor({ shape: ofShape, dtype: 'int32', min: -extent, max: extent - 1 })
}

function taken(): Calls {
  return fc
    .tuple(tensor({ shape: smallShape(1, 1) }), shape({ maxRank: 2, maxSize: 2 }))
    .chain(([x, indexShape]) =>
      axisOf(x.rank).chain((axis) =>
        indicesInto(x.shape.at(axis)!, indexShape).map((indices) =>
          call([x], (y) => ops.take(y, indices, axis), [indices.toArray(), axis]),
        ),
      ),
    )
}

function takenAlongAxis(): Calls {
  return fc
    .tuple(tensor({ shape: smallShape(1, 1) }), fc.integer({ min: 0, max: 3 }))
    .chain(([x, count]) =>
      axisOf(x.rank).chain((axis) =>
        indicesInto(x.shape.at(axis)!, x.shape.with(axis, count)).map((indices) =>
          call([x], (y) => ops.takeAlongAxis(y, indices, axis), [indices.toArray(), axis]),
        ),
      ),
    )
}

/** Values whose variance is far from 0, over axes that hold several. */
function spreadOut(): Calls {
  const tensors = distinctTensor({ shape: shape({ minRank: 1, maxRank: 2, minSize: 2, maxSize: 3 }) })
  return attributed(
    tensors,
    ({ length: rank }) =>
      fc.record({
        axis: fc.oneof(fc.constant(undefined), axisOf(rank)),
        keepDims: fc.boolean(),
        correction: fc.constantFrom(0, 1),
      }),
    (x, options) => ops.standardDeviation(x, options),
  )
}

/** An operation on square matrices. */
function ofMatrices(operation: (x: Value) => Value, matrices: Matrices): Calls {
  return fc
    .tuple(fc.integer({ min: 0, max: 3 }), shape({ maxRank: 1, maxSize: 2 }))
    .chain(([n, batch]) => matrices(n, batch))
    .map((x) => call([x], operation))
}

/** An operation on a part of matrices, square or not. */
function ofParts(operation: (x: Value, options: { offset: number }) => Value): Calls {
  return attributed(
    tensor({ shape: smallShape(2) }),
    () => fc.record({ offset: fc.integer({ min: -3, max: 3 }) }),
    operation,
  )
}

/** Along an axis, in either order, of elements that are not close to each other. */
function sorted(operation: (x: Value, options: { axis: number; descending: boolean }) => Value): Calls {
  return attributed(
    distinctTensor({ shape: smallShape(1) }),
    ({ length: rank }) => fc.record({ axis: axisOf(rank), descending: fc.boolean() }),
    operation,
  )
}

function convolution(operation: Convolve, rank: 1 | 2): Calls {
  return drawnConvolution(rank, { maxInput: 4 - rank, maxImages: 3 - rank }).chain(({ x, w, options }) =>
    fc
      .tuple(tensor({ shape: x }), tensor({ shape: w }))
      .map((inputs) => call(inputs, (y, weights) => operation(y, weights, options), [options])),
  )
}

/** Pooling of values that `ofShape` draws. */
function pooling(
  operation: (x: Value, options: AveragePoolOptions) => Value,
  rank: 1 | 2,
  ofShape: (drawn: Shape) => fc.Arbitrary<Tensor>,
): Calls {
  return drawnPool(rank).chain(({ x, options }) =>
    fc
      .tuple(ofShape(x), fc.boolean())
      .map(([y, countPadding]) =>
        call([y], (z) => operation(z, { ...options, countPadding }), [options, countPadding]),
      ),
  )
}

/** Interpolation between increasing points, at places well inside a segment or beyond the ends. */
function interpolation(): Calls {
  const width = element({ min: 0.5, max: 1.5 })
  return fc
    .tuple(element(), fc.array(width, { minLength: 3, maxLength: 5 }), smallShape())
    .chain(([first, widths, ofShape]) => {
      const points = widths.map((_, k) => widths.slice(0, k).reduce((sum, each) => sum + each, first))
      const xs = tensorOf(points, [points.length])
      // Position 0 is before the first point, position k ahead of point k; the last widths reach beyond the end.
      const place = fc
        .tuple(fc.integer({ min: -1, max: points.length - 1 }), element({ min: 0.15, max: 0.85 }))
        .map(([k, share]) => (k < 0 ? first - share : points[k] + share * widths[k]))
      const size = ofShape.reduce((product, extent) => product * extent, 1)
      return fc
        .tuple(fc.array(place, { minLength: size, maxLength: size }), tensor({ shape: [points.length] }))
        .map(([places, ys]) =>
          call([tensorOf(places, ofShape), xs, ys], (x, knots, heights) => ops.interp(x, knots, heights)),
        )
    })
}

const awayFromZero = { avoid: [0] }
const positive = { min: 0.5, max: 3 }
const insideUnit = { min: -0.75, max: 0.75 }

/** The test domain of each operation; one without a row does not compile. */
export const domains: Record<OperationName, Calls> = {
  neg: unary(ops.neg),
  abs: unary(ops.abs, awayFromZero),
  sign: unary(ops.sign, awayFromZero),
  exp: unary(ops.exp),
  expm1: unary(ops.expm1),
  log: unary(ops.log, positive),
  log1p: unary(ops.log1p, { min: -0.5, max: 3 }),
  sqrt: unary(ops.sqrt, positive),
  square: unary(ops.square),
  reciprocal: unary(ops.reciprocal, { avoid: [0], margin: 0.75 }),
  sin: unary(ops.sin),
  cos: unary(ops.cos),
  tan: unary(ops.tan, { min: -1, max: 1 }),
  asin: unary(ops.asin, insideUnit),
  acos: unary(ops.acos, insideUnit),
  atan: unary(ops.atan),
  sinh: unary(ops.sinh),
  cosh: unary(ops.cosh),
  tanh: unary(ops.tanh),
  erf: unary(ops.erf),
  floor: unary(ops.floor, betweenSteps),
  ceil: unary(ops.ceil, betweenSteps),
  round: unary(ops.round, betweenSteps),
  logGamma: unary(ops.logGamma, { min: -1.75, max: 3, avoid: [-2, -1, 0], margin: 0.25 }),
  digamma: unary(ops.digamma, { min: -1.75, max: 3, avoid: [-2, -1, 0], margin: 0.25 }),
  polygamma: fc
    .tuple(fc.nat({ max: 3 }), operandOf({ min: -0.75, max: 3, avoid: [-1, 0], margin: 0.25 }))
    .map(([order, x]) => call([x], (y) => ops.polygamma(order, y), [order])),
  relu: unary(ops.relu, awayFromZero),
  sigmoid: unary(ops.sigmoid),
  softplus: unary(ops.softplus),

  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: binary(ops.div, {}, { avoid: [0], margin: 0.75 }),
  pow: binary(ops.pow, { min: 0.75, max: 2 }, {}),
  maximum: binary(ops.maximum, nearWholes, betweenWholes),
  minimum: binary(ops.minimum, nearWholes, betweenWholes),
  atan2: binary(ops.atan2, { avoid: [0], margin: 0.75 }, {}),

  equal: binary(ops.equal, nearWholes, betweenWholes),
  notEqual: binary(ops.notEqual, nearWholes, betweenWholes),
  greater: binary(ops.greater, nearWholes, betweenWholes),
  greaterEqual: binary(ops.greaterEqual, nearWholes, betweenWholes),
  less: binary(ops.less, nearWholes, betweenWholes),
  lessEqual: binary(ops.lessEqual, nearWholes, betweenWholes),
  logicalAnd: binary(ops.logicalAnd, awayFromZero),
  logicalOr: binary(ops.logicalOr, awayFromZero),
  logicalNot: unary(ops.logicalNot, awayFromZero),
  // Numbers picked by a tensor are float32, too coarse for differences: the first of the two is a tensor.
  where: broadcastableShapes({ maxRank: 2, maxSize: 3, count: 3 }).chain(([c, a, b]) =>
    fc
      .tuple(
        tensor({ dtype: 'bool', shape: c }),
        tensor({ shape: a }),
        operand({}, b),
        fc.constantFrom<(condition: Value, x: Value, y: Value) => Value>(ops.where, (condition, x, y) =>
          ops.where(ops.logicalNot(condition), y, x),
        ),
      )
      .map(([condition, x, y, pick]) =>
        call([x, y], (first, second) => pick(condition, first, second), [condition.toArray()]),
      ),
  ),

  sum: reduction(ops.sum),
  mean: reduction(ops.mean, tensor({ shape: smallShape(0, 1) })),
  prod: reduction(ops.prod),
  max: reduction(ops.max, distinctTensor({ shape: smallShape(0, 1) })),
  min: reduction(ops.min, distinctTensor({ shape: smallShape(0, 1) })),
  norm: reduction(ops.norm, tensor({ shape: smallShape(), avoid: [0], margin: 0.75 })),
  variance: reduction(ops.variance, tensor({ shape: smallShape(0, 1) })),
  standardDeviation: spreadOut(),
  logSumExp: reduction(ops.logSumExp, tensor({ shape: smallShape(0, 1) })),
  argmax: argument(ops.argmax),
  argmin: argument(ops.argmin),
  cumsum: alongAxis((x, axis) => ops.cumsum(x, { axis })),
  softmax: alongAxis((x, axis) => ops.softmax(x, { axis })),
  logSoftmax: alongAxis((x, axis) => ops.logSoftmax(x, { axis })),

  matmul: product(),
  dot: fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.boolean(), fc.boolean())
    .chain(([k, aIsMatrix, bIsMatrix]) =>
      fc.tuple(tensor({ shape: aIsMatrix ? [2, k] : [k] }), tensor({ shape: bIsMatrix ? [k, 2] : [k] })),
    )
    .map((inputs) => call(inputs, (a, b) => ops.dot(a, b))),
  outer: fc
    .tuple(tensor({ shape: smallShape() }), tensor({ shape: shape({ maxRank: 1, maxSize: 3 }) }))
    .map((inputs) => call(inputs, (a, b) => ops.outer(a, b))),
  einsum: einsumCall().map(({ spec, operands }) =>
    call(
      operands.map(({ value }) => value),
      (...xs) => ops.einsum(spec, ...xs),
      [spec],
    ),
  ),

  conv1d: convolution(ops.conv1d, 1),
  conv2d: convolution(ops.conv2d, 2),
  maxPool1d: pooling(ops.maxPool1d, 1, (drawn) => distinctTensor({ shape: drawn })),
  maxPool2d: pooling(ops.maxPool2d, 2, (drawn) => distinctTensor({ shape: drawn })),
  averagePool1d: pooling(ops.averagePool1d, 1, (drawn) => tensor({ shape: drawn })),
  averagePool2d: pooling(ops.averagePool2d, 2, (drawn) => tensor({ shape: drawn })),
  interp: interpolation(),
  searchSorted: operandOf({ avoid: [-1, 0, 1] }).map((x) =>
    call([x], (y) => ops.searchSorted(tensorOf([-1, 0, 1], [3]), y)),
  ),

  solve: fc
    .tuple(systems(regular), fc.boolean())
    .map(([{ a, b }, transposeA]) =>
      call([a, b], (x, y) => ops.solve(x, y, { transposeA }), [{ transposeA }]),
    ),
  triangularSolve: fc
    .tuple(systems(dominant), fc.boolean(), fc.boolean())
    .map(([{ a, b }, lower, transposeA]) =>
      call([a, b], (x, y) => ops.triangularSolve(x, y, { lower, transposeA }), [{ lower, transposeA }]),
    ),
  inverse: ofMatrices(ops.inverse, regular),
  determinant: ofMatrices(ops.determinant, regular),
  logDeterminant: ofMatrices(ops.logDeterminant, regular),
  // Differences move one element at a time, the derivative is that of symmetric matrices.
  cholesky: ofMatrices((x) => ops.cholesky(ops.mul(ops.add(x, transposeMatrices(x)), 0.5)), positiveDefinite),

  tril: ofParts(ops.tril),
  triu: ofParts(ops.triu),
  diagonal: ofParts(ops.diagonal),
  trace: ofParts(ops.trace),

  sort: sorted(ops.sort),
  argsort: sorted(ops.argsort),
  topK: attributed(
    distinctTensor({ shape: smallShape(1, 2) }),
    ({ length: rank }) => fc.tuple(fc.nat({ max: 2 }), axisOf(rank)),
    (x, [k, axis]) => Object.values(ops.topK(x, k, { axis })),
  ),

  reshape: attributed(
    tensor({ shape: smallShape() }),
    ([...sizes]) =>
      fc.constantFrom<Shape>([...sizes].reverse(), [...sizes, 1], [sizes.reduce((a, b) => a * b, 1)]),
    (x, to) => ops.reshape(x, to),
  ),
  flatten: attributed(
    tensor({ shape: smallShape() }),
    () => fc.constant(null),
    (x) => ops.flatten(x),
  ),
  expandDims: attributed(
    tensor({ shape: smallShape() }),
    ({ length: rank }) => axisOf(rank + 1),
    (x, axis) => ops.expandDims(x, axis),
  ),
  squeeze: attributed(
    tensor({ shape: shape({ maxSize: 2 }) }),
    () => fc.constant(null),
    (x) => ops.squeeze(x),
  ),
  broadcastTo: smallShape().chain((to) =>
    shapeBroadcastingTo(to)
      .chain((from) => operand({}, from))
      .map((x) => call([x], (y) => ops.broadcastTo(y, to), [to])),
  ),
  transpose: attributed(
    tensor({ shape: smallShape() }),
    ({ length: rank }) =>
      fc.shuffledSubarray(
        Array.from({ length: rank }, (_, k) => k),
        { minLength: rank },
      ),
    (x, axes) => ops.transpose(x, axes),
  ),
  concat: joined(),
  stack: stacked(),
  split: alongAxis(
    (x, axis) => {
      const size = shapeOf(x).at(axis)!
      return ops.split(x, [Math.floor(size / 2), 0, size - Math.floor(size / 2)], axis)
    },
    tensor({ shape: smallShape(1) }),
  ),
  slice: attributed(
    tensor({ shape: smallShape() }),
    ({ length: rank }) => {
      const indices = fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: rank })
      return fc.tuple(indices, indices)
    },
    (x, [start, end]) => ops.slice(x, start, end),
  ),
  pad: attributed(
    tensor({ shape: smallShape() }),
    ({ length: rank }) => {
      const width = fc.nat({ max: 2 })
      return fc.tuple(fc.array(fc.tuple(width, width), { minLength: rank, maxLength: rank }), element())
    },
    (x, [padding, value]) => ops.pad(x, padding, value),
  ),
  flip: attributed(
    tensor({ shape: smallShape() }),
    ({ length: rank }) => axesOf(rank),
    (x, axes) => ops.flip(x, axes),
  ),
  tile: attributed(
    tensor({ shape: shape({ maxRank: 2, maxSize: 2 }) }),
    () => fc.array(fc.nat({ max: 2 }), { maxLength: 3 }),
    (x, repeats) => ops.tile(x, repeats),
  ),

  take: taken(),
  takeAlongAxis: takenAlongAxis(),
  // Indices have no derivative; these come of the tape, and are constant near x.
  oneHot: unary((x) => ops.mul(ops.oneHot(ops.cast(ops.floor(x), 'uint8'), 3), ops.expandDims(x, -1)), {
    min: 0,
    max: 3,
    avoid: [0, 1, 2, 3],
  }),

  // Numbers become tensors; floor(x) passes through int32, as it is constant near x.
  cast: unary(
    (x) => ops.mul(ops.cast(ops.cast(ops.floor(x), 'int32'), 'float64'), ops.cast(x, 'float64')),
    betweenSteps,
  ),
  // floor(x) is constant near x, as stopGradient says it is, but on the tape.
  stopGradient: unary((x) => ops.mul(ops.stopGradient(ops.floor(x)), x), betweenSteps),
  toNumber: tensor({ shape: [] }).map((x) => call([x], (y) => ops.toNumber(y))),

  logSigmoid: unary(ops.logSigmoid),
  gelu: unary(ops.gelu),
  silu: unary(ops.silu),
  leakyRelu: unary((x) => ops.leakyRelu(x, 0.25), awayFromZero),
  elu: unary((x) => ops.elu(x, 1.5), awayFromZero),
  clip: broadcastableShapes({ maxRank: 2, maxSize: 3, count: 3 }).chain(([x, min, max]) =>
    fc
      .tuple(
        operand({ min: -3, max: 3, avoid: [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], margin: 0.3 }, x),
        operand({ min: -2, max: -1, avoid: [-2, -1], margin: 0.3 }, min),
        operand({ min: 1, max: 2, avoid: [1, 2], margin: 0.3 }, max),
      )
      .map((inputs) => call(inputs, (y, low, high) => ops.clip(y, low, high))),
  ),
}
