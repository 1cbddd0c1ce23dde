/**
 * Where the polynomials of the vector mathematics come from: Chebyshev interpolation in exact fixed-point
 * arithmetic. A polynomial through the function at Chebyshev nodes comes within a small factor of the best
 * one in the largest error (Trefethen, Approximation Theory and Approximation Practice, chapter 16).
 */

/** A real number times 2^256, as an integer: enough to lose half the digits and still know a float64. */
export type Fixed = bigint

const fractionBits = 256n
export const one: Fixed = 1n << fractionBits

export function multiply(x: Fixed, y: Fixed): Fixed {
  return (x * y) >> fractionBits
}

export function divide(x: Fixed, y: Fixed): Fixed {
  return (x << fractionBits) / y
}

/** A float64 exactly, if it has at most 256 bits behind the point. */
export function fixed(x: number): Fixed {
  const scaled = 2 ** 60
  const high = Math.trunc(x)
  return (BigInt(high) << fractionBits) + fractionOf(x - high, scaled)
}

function fractionOf(x: number, scale: number): Fixed {
  if (x === 0) return 0n
  const digits = Math.trunc(x * scale)
  return (BigInt(digits) << (fractionBits - 60n)) + (fractionOf(x * scale - digits, scale) >> 60n)
}

/** The nearest float64, but for the last bit. */
export function toNumber(x: Fixed): number {
  const bits = BigInt((x < 0n ? -x : x).toString(2).length)
  const shift = bits > 64n ? bits - 64n : 0n
  return Number(x >> shift) * 2 ** Number(shift - fractionBits)
}

/** Σ term(k) xᵏ, until its terms vanish; each term comes from the one before, starting from `first`. */
export function powerSeries(
  first: Fixed,
  next: (term: Fixed, k: number) => Fixed,
  denominator: (k: number) => number = () => 1,
): (x: Fixed) => Fixed {
  return (x) => {
    let term = first
    let sum = 0n
    for (let k = 0; term !== 0n && term !== -1n; k++) {
      sum += term / BigInt(denominator(k))
      term = multiply(next(term, k), x)
    }
    return sum
  }
}

/** √x by Newton's method. */
export function squareRoot(x: Fixed): Fixed {
  const radicand = x << fractionBits
  let root = one > x ? one : x
  for (;;) {
    const next = (root + radicand / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** Coefficients, lowest power first, of the polynomial that meets `f` at `count` Chebyshev nodes of [low, high]. */
export function chebyshevFit(f: (x: Fixed) => Fixed, low: number, high: number, count: number): number[] {
  const nodes = Array.from({ length: count }, (_, k) =>
    fixed((low + high) / 2 + ((high - low) / 2) * Math.cos((Math.PI * (k + 0.5)) / count)),
  )
  const differences = dividedDifferences(nodes, nodes.map(f))
  // Newton's form, multiplied out from the innermost bracket: p ← p · (x − node) + difference.
  let coefficients: Fixed[] = []
  for (let k = count - 1; k >= 0; k--) {
    const shifted = [0n, ...coefficients]
    coefficients.forEach((coefficient, power) => (shifted[power] -= multiply(coefficient, nodes[k])))
    shifted[0] += differences[k]
    coefficients = shifted
  }
  return coefficients.slice(0, count).map(toNumber)
}

function dividedDifferences(nodes: readonly Fixed[], values: readonly Fixed[]): Fixed[] {
  const column = [...values]
  for (let order = 1; order < nodes.length; order++) {
    for (let k = nodes.length - 1; k >= order; k--) {
      column[k] = divide(column[k] - column[k - 1], nodes[k] - nodes[k - order])
    }
  }
  return column
}
