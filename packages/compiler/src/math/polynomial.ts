/** Polynomials with constant coefficients. */
import type { Lanes, Vector } from './lanes.js'
import type { Code } from './vectorFunction.js'

/**
 * Σ cₖ xᵏ, by Estrin's scheme: neighbouring terms are joined to linear polynomials in x, neighbours among those to
 * linear ones in x², and so on, so that operations wait less for each other than in Horner's.
 */
export function polynomial(lanes: Lanes, code: Code, x: Vector, coefficients: readonly number[]): Vector {
  let terms: Vector[] = coefficients.map(lanes.constant)
  let power = code.keep('power', x)
  while (terms.length > 2) {
    terms = joinNeighbours(lanes, terms, power)
    power = code.keep('power', lanes.mul(power, power))
  }
  return joinNeighbours(lanes, terms, power)[0]
}

function joinNeighbours(lanes: Lanes, terms: readonly Vector[], power: Vector): Vector[] {
  const pairs = Array.from({ length: Math.ceil(terms.length / 2) }, (_, k) => terms.slice(2 * k, 2 * k + 2))
  return pairs.map(([low, high]) => (high === undefined ? low : lanes.add(low, lanes.mul(high, power))))
}
