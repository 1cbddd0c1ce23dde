/** The factorization itself: products of factors, pivots, cofactors. */
import fc from 'fast-check'
import { cofactorsOf, factorize, pivotsOf, solveFactorized, substitute } from '../src/luFactors.js'
import { ofRank, regular, rows } from './support/matrixArbitraries.js'
import { cofactorsByExpansion, rowsOf } from './support/matrixReference.js'
import { expectClose } from './support/reference.js'

const pivoting = fc.constantFrom('column' as const, 'complete' as const)
const anyMatrix = rows.chain((n) =>
  fc.oneof(
    regular(n),
    fc.nat({ max: n }).chain((rank) => ofRank(n, rank)),
  ),
)

test('the factors multiply to the matrix with its rows and columns permuted, singular or not', () => {
  fc.assert(
    fc.property(anyMatrix, pivoting, (x, strategy) => {
      const n = x.shape[0]
      const lu = factorize(x.data, n, strategy)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          let product = 0
          for (let k = 0; k <= Math.min(i, j); k++)
            product += (k === i ? 1 : lu.factors[i * n + k]) * lu.factors[k * n + j]
          expectClose(product, x.data[lu.rows[i] * n + lu.columns[j]], 1e-12)
        }
    }),
  )
})

test('no multiplier exceeds 1, and complete pivoting finds the largest pivots first', () => {
  fc.assert(
    fc.property(anyMatrix, (x) => {
      const n = x.shape[0]
      const lu = factorize(x.data, n, 'complete')
      for (let i = 0; i < n; i++)
        for (let j = 0; j < i; j++) expect(Math.abs(lu.factors[i * n + j])).toBeLessThanOrEqual(1)
      const pivots = pivotsOf(lu)
      for (let i = 0; i < n; i++)
        for (let j = i + 1; j < n; j++)
          expect(Math.abs(lu.factors[i * n + j])).toBeLessThanOrEqual(Math.abs(pivots[i]))
    }),
  )
})

test('the matrix that was factorized is left as it is', () => {
  const matrix = new Float64Array([1, 2, 3, 4])
  factorize(matrix, 2, 'complete')
  cofactorsOf(matrix, 2)
  expect([...matrix]).toEqual([1, 2, 3, 4])
})

test('solving takes pivots and both ways of transposing into account', () => {
  const lu = factorize(new Float64Array([0, 2, 1, 1]), 2, 'column')
  expect([...solveFactorized(lu, new Float64Array([2, 3]), 1, false)]).toEqual([2, 1])
  expect([...solveFactorized(lu, new Float64Array([2, 3]), 1, true)]).toEqual([0.5, 2])
})

test('substitution reads only its triangle, and not a diagonal of ones', () => {
  const data = new Float64Array([NaN, NaN, 2, NaN])
  const x = new Float64Array([1, 5])
  substitute(data, 2, x, 1, { lower: true, transposed: false, unit: true })
  expect([...x]).toEqual([1, 3])
})

test('the cofactors are signed determinants of minors, for matrices of any rank', () => {
  fc.assert(
    fc.property(anyMatrix, (x) => {
      const expected = cofactorsByExpansion(rowsOf(x)).flat()
      cofactorsOf(x.data, x.shape[0]).forEach((cofactor, k) => {
        // Whole numbers up to 16, times three: of rounding errors of 1e-16 little is left at 1e-9.
        expectClose(cofactor, expected[k], 1e-9)
      })
    }),
    { numRuns: 500 },
  )
})
