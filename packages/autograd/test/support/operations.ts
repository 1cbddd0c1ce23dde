/** Every operation by name, so that tables keyed by operation are complete or don't compile. */
import * as activations from '../../src/composed/activations.js'
import { einsum } from '../../src/composed/einsum.js'
import { interp } from '../../src/composed/interp.js'
import * as matrixParts from '../../src/composed/matrixParts.js'
import * as pooling from '../../src/composed/pooling.js'
import * as composedShapes from '../../src/composed/shapes.js'
import * as softmaxes from '../../src/composed/softmax.js'
import * as sorting from '../../src/composed/sorting.js'
import * as statistics from '../../src/composed/statistics.js'
import * as arithmetic from '../../src/primitives/arithmetic.js'
import { argsort } from '../../src/primitives/argsort.js'
import { cast } from '../../src/primitives/cast.js'
import { cholesky } from '../../src/primitives/cholesky.js'
import * as comparison from '../../src/primitives/comparison.js'
import { conv1d, conv2d } from '../../src/primitives/convolution.js'
import * as determinants from '../../src/primitives/determinant.js'
import * as elementwise from '../../src/primitives/elementwise.js'
import * as gamma from '../../src/primitives/gamma.js'
import * as indexing from '../../src/primitives/indexing.js'
import * as linearAlgebra from '../../src/primitives/linearAlgebra.js'
import * as reductions from '../../src/primitives/reductions.js'
import { searchSorted } from '../../src/primitives/searchSorted.js'
import * as shapes from '../../src/primitives/shape.js'
import * as systems from '../../src/primitives/solve.js'
import { stopGradient } from '../../src/primitives/stopGradient.js'
import { toNumber } from '../../src/primitives/toNumber.js'

/** Exported beside the operations, but none of them. */
type Helper = 'checkList' | 'scatterAdd'

export const operations = {
  ...elementwise,
  ...arithmetic,
  ...comparison,
  ...reductions,
  ...linearAlgebra,
  ...shapes,
  ...indexing,
  ...systems,
  ...determinants,
  conv1d,
  conv2d,
  ...gamma,
  searchSorted,
  cholesky,
  argsort,
  cast,
  stopGradient,
  toNumber,
  ...activations,
  ...composedShapes,
  ...matrixParts,
  ...pooling,
  interp,
  ...sorting,
  einsum,
  ...softmaxes,
  ...statistics,
}

export type OperationName = Exclude<keyof typeof operations, Helper>
