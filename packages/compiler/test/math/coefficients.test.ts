import { coefficients } from '../../src/math/coefficients.js'
import { chebyshevFit } from './chebyshev.js'
import { fits } from './fits.js'

const lists = Object.entries(coefficients).flatMap(([name, byPrecision]) =>
  Object.entries(byPrecision).map(([precision, list]) => [name, precision, list] as const),
)

test.each(lists)('the coefficients of %s for %s results are those of its fit', (name, precision, list) => {
  const { f, low, high } = fits[name as keyof typeof fits]
  const fit = chebyshevFit(f, low, high, list.length)
  // Those for float32 results are written down to ten digits.
  expect(precision === 'single' ? fit.map((value) => Number(value.toPrecision(10))) : fit).toEqual(list)
})
