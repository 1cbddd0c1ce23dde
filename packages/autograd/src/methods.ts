/** The operations whose first argument is a value, as methods of Tensor and Variable: one list, one implementation. */
import { clip, elu, gelu, leakyRelu, logSigmoid, silu } from './composed/activations.js'
import { interp } from './composed/interp.js'
import { diagonal, trace, tril, triu } from './composed/matrixParts.js'
import { averagePool1d, averagePool2d, maxPool1d, maxPool2d } from './composed/pooling.js'
import { dot, expandDims, flatten, outer, split, squeeze, tile } from './composed/shapes.js'
import { logSoftmax, logSumExp, softmax } from './composed/softmax.js'
import type { TopK, TopKOptions } from './composed/sorting.js'
import { sort, topK } from './composed/sorting.js'
import { mean, prod, standardDeviation, variance } from './composed/statistics.js'
import { add, atan2, div, maximum, minimum, mul, pow, sub } from './primitives/arithmetic.js'
import { argsort } from './primitives/argsort.js'
import { cast } from './primitives/cast.js'
import { cholesky } from './primitives/cholesky.js'
import {
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
} from './primitives/comparison.js'
import type { ConvolutionOptions } from './primitives/convolution.js'
import { conv1d, conv2d } from './primitives/convolution.js'
import { determinant, logDeterminant } from './primitives/determinant.js'
import * as elementwise from './primitives/elementwise.js'
import { digamma, logGamma } from './primitives/gamma.js'
import { oneHot, take, takeAlongAxis } from './primitives/indexing.js'
import type { MatmulOptions } from './primitives/linearAlgebra.js'
import { matmul } from './primitives/linearAlgebra.js'
import { argmax, argmin, cumsum, max, min, norm, sum } from './primitives/reductions.js'
import type { SearchSortedOptions } from './primitives/searchSorted.js'
import { searchSorted } from './primitives/searchSorted.js'
import { broadcastTo, flip, pad, reshape, slice, transpose } from './primitives/shape.js'
import type { SolveOptions, TriangularSolveOptions } from './primitives/solve.js'
import { inverse, solve, triangularSolve } from './primitives/solve.js'
import { stopGradient } from './primitives/stopGradient.js'
import { Tensor } from './tensor.js'
import type { Join, Value } from './value.js'
import { Variable } from './variable.js'

const unaryOperations = {
  ...elementwise,
  ...{ logGamma, digamma },
  ...{ logicalNot, logSigmoid, gelu, silu, flatten, stopGradient },
  ...{ cholesky, inverse, determinant, logDeterminant },
}

const binaryOperations = {
  ...{ add, sub, mul, div, pow, maximum, minimum, atan2 },
  ...{ equal, notEqual, greater, greaterEqual, less, lessEqual, logicalAnd, logicalOr },
  dot,
  outer,
}

/** Operations told more than the values they work on, which have none but the first. */
const attributedOperations = {
  ...{ leakyRelu, elu, cast },
  ...{ sum, mean, prod, max, min, variance, standardDeviation, logSumExp, norm, argmax, argmin, cumsum },
  ...{ softmax, logSoftmax },
  ...{ transpose, reshape, expandDims, squeeze, broadcastTo, slice, pad, flip, tile },
  ...{ take, takeAlongAxis, oneHot, sort, argsort },
  ...{ tril, triu, diagonal, trace },
  ...{ maxPool1d, maxPool2d, averagePool1d, averagePool2d },
}

const otherOperations = {
  ...{ matmul, conv1d, conv2d, solve, triangularSolve },
  ...{ clip, searchSorted, interp, split, topK },
}

/** The operations as methods: `x.mul(y)` is `mul(x, y)`. */
export type OperationMethods<Self extends Value> = {
  [Name in keyof typeof unaryOperations]: () => Self
} & {
  [Name in keyof typeof binaryOperations]: <B extends Value>(y: B) => Join<Self, B>
} & {
  [Name in keyof typeof attributedOperations]: (...rest: Rest<(typeof attributedOperations)[Name]>) => Self
} & {
  matmul: <B extends Value>(b: B, options?: MatmulOptions) => Join<Self, B>
  conv1d: <B extends Value>(w: B, options?: ConvolutionOptions) => Join<Self, B>
  conv2d: <B extends Value>(w: B, options?: ConvolutionOptions) => Join<Self, B>
  solve: <B extends Value>(b: B, options?: SolveOptions) => Join<Self, B>
  triangularSolve: <B extends Value>(b: B, options?: TriangularSolveOptions) => Join<Self, B>
  clip: <B extends Value, C extends Value>(min: B, max: C) => Join<Join<Self, B>, C>
  searchSorted: <B extends Value>(values: B, options?: SearchSortedOptions) => Join<Self, B>
  interp: <B extends Value, C extends Value>(xs: B, ys: C) => Join<Join<Self, B>, C>
  split: (parts: number | readonly number[], axis?: number) => Self[]
  topK: (k: number, options?: TopKOptions) => TopK<Self>
}

/** The parameters after the first. */
type Rest<F> = F extends (x: never, ...rest: infer R) => unknown ? R : never

const operations = { ...unaryOperations, ...binaryOperations, ...attributedOperations, ...otherOperations }

for (const [name, operation] of Object.entries(operations)) {
  const method = function (this: Value, ...rest: unknown[]): unknown {
    return (operation as (...args: unknown[]) => unknown)(this, ...rest)
  }
  for (const { prototype } of [Tensor, Variable])
    Object.defineProperty(prototype, name, { value: method, writable: true, configurable: true })
}
