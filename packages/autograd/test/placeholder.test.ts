import { test } from '@fast-check/jest'
import { TapeError } from '@tapegrad/autograd'
import { Placeholder } from '../src/placeholder.js'
import { expectError } from './support/errors.js'

describe('a placeholder', () => {
  const placeholder = new Placeholder({ kind: 'tensor', shape: [2, 3], dtype: 'float32' })

  test('knows its kind, shape and dtype, and what follows from them', () => {
    expect(placeholder).toMatchObject({ kind: 'tensor', shape: [2, 3], dtype: 'float32', size: 6, rank: 2 })
    expect(new Placeholder({ kind: 'number', shape: [], dtype: 'float64' })).toMatchObject({
      size: 1,
      rank: 0,
    })
  })

  test('says that it is not known yet', () => {
    expect(String(placeholder)).toBe('float32 [2, 3], not known yet')
    expect(String(new Placeholder({ kind: 'number', shape: [], dtype: 'float64' }))).toBe(
      'number, not known yet',
    )
  })

  test.each([
    ['data', () => placeholder.data],
    ['item()', () => placeholder.item()],
    ['toArray()', () => placeholder.toArray()],
  ] as const)('refuses to be read by %s', (what, read) => {
    expectError(
      read,
      TapeError,
      'SYMBOLIC',
      `${what}: a value of float32 [2, 3] was read while its function is traced, when there is no data yet; ` +
        'decide by its shape, or choose between values with where(…)',
    )
  })
})
