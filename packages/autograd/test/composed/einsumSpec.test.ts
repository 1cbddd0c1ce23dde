/** What specifications of einsum mean, and what is wrong with those that mean nothing. */
import fc from 'fast-check'
import { parseEinsum } from '../../src/composed/einsumSpec.js'
import { ArgumentError, ShapeError, TapegradError } from '../../src/index.js'
import { expectError } from '../support/errors.js'

test('a specification gives a label to each axis', () => {
  const { operands, output, sizes } = parseEinsum('i...j, j -> ...i', [[2, 3, 4, 5], [5]])
  expect(operands).toEqual([['i', '...2', '...1', 'j'], ['j']])
  expect(output).toEqual(['...2', '...1', 'i'])
  expect(Object.fromEntries(sizes)).toEqual({ i: 2, '...2': 3, '...1': 4, j: 5 })
})

test('axes of ellipses are aligned at the end', () => {
  const { operands, output } = parseEinsum('...,...', [[3], [2, 3]])
  expect(operands).toEqual([['...1'], ['...2', '...1']])
  expect(output).toEqual(['...2', '...1'])
})

test('without a result, it has the ellipsis and the letters that appear once, capitals first', () => {
  expect(parseEinsum('bAc...,c', [[1, 1, 1, 1], [1]]).output).toEqual(['...1', 'A', 'b'])
  expect(parseEinsum('ii', [[2, 2]]).output).toEqual([])
})

test('a label runs as far as its largest size, and sizes of 1 broadcast', () => {
  expect(parseEinsum('i,i,i', [[1], [3], [1]]).sizes.get('i')).toBe(3)
  expect(parseEinsum('i,i', [[1], [0]]).sizes.get('i')).toBe(0)
})

// prettier-ignore
test.each<[string, number[][], string, string]>([
  ['i->j->k', [[2]], 'EINSUM_SPECIFICATION', "einsum 'i->j->k': '->' appears more than once"],
  ['i1', [[2, 2]], 'EINSUM_SPECIFICATION', "einsum 'i1': can't read 'i1'; wants letters and at most one ellipsis (...)"],
  ['i..j', [[2, 2]], 'EINSUM_SPECIFICATION', "einsum 'i..j': can't read 'i..j'; wants letters and at most one ellipsis (...)"],
  ['......', [[2, 2]], 'EINSUM_SPECIFICATION', "einsum '......': can't read '......'; wants letters and at most one ellipsis (...)"],
  ['i->i,i', [[2]], 'EINSUM_SPECIFICATION', "einsum 'i->i,i': can't read 'i,i'; wants letters and at most one ellipsis (...)"],
  ['i,j', [[2]], 'EINSUM_SPECIFICATION', "einsum 'i,j': names 2 operands, and got 1 values"],
  ['i->ii', [[2]], 'EINSUM_SPECIFICATION', "einsum 'i->ii': 'i' appears twice in the result"],
  ['i->ij', [[2]], 'EINSUM_SPECIFICATION', "einsum 'i->ij': 'j' in the result is in no operand"],
  ['...i->i', [[2, 3]], 'EINSUM_SPECIFICATION', "einsum '...i->i': the result lacks the operands' ellipsis; add '...' to it, or name its axes to sum over them"],
])('%s of %j is refused', (spec, shapes, code, message) => {
  expectError(() => parseEinsum(spec, shapes), ArgumentError, code, message)
})

// prettier-ignore
test.each<[string, number[][], string, string]>([
  ['ij', [[2]], 'EINSUM_RANK', "einsum 'ij': operand 0 has shape [2], and 'ij' names 2 axes"],
  ['i,ij...', [[2], [2]], 'EINSUM_RANK', "einsum 'i,ij...': operand 1 has shape [2], and 'ij...' names at least 2 axes"],
  ['ij,jk', [[2, 3], [4, 5]], 'EINSUM_SIZE', "einsum 'ij,jk': 'j' has size 3 and, in operand 1 of shape [4, 5], 4; wants equal sizes, or 1"],
  ['...,...', [[2, 3], [4]], 'EINSUM_SIZE', "einsum '...,...': '...1' has size 3 and, in operand 1 of shape [4], 4; wants equal sizes, or 1"],
  ['ii', [[1, 3]], 'EINSUM_SIZE', "einsum 'ii': 'i' has size 1 and, in operand 0 of shape [1, 3], 3; wants equal sizes for a diagonal"],
])('%s does not fit shapes %j', (spec, shapes, code, message) => {
  expectError(() => parseEinsum(spec, shapes), ShapeError, code, message)
})

test('what is no string is refused', () => {
  expectError(() => parseEinsum(7 as never, [[2]]), ArgumentError, 'EINSUM_SPECIFICATION', /no string/)
})

test('no text at all does anything but parse or throw an error of ours', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'ijAk.,-> ') }))
  fc.assert(
    fc.property(
      text,
      fc.array(fc.array(fc.nat({ max: 3 }), { maxLength: 3 }), { maxLength: 3 }),
      (spec, shapes) => {
        try {
          const { output, sizes } = parseEinsum(spec, shapes)
          expect(output.every((label) => sizes.has(label))).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(TapegradError)
        }
      },
    ),
    { numRuns: 1000 },
  )
})
