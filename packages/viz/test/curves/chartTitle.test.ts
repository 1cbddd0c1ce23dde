import { fc, test } from '@fast-check/jest'
import { breakLines, chartTitle } from '../../src/curves/chartTitle.js'
import { textWidth } from '../../src/curves/textWidth.js'

describe('breakLines', () => {
  test.prop([fc.lorem({ maxCount: 30 }), fc.integer({ min: 1, max: 800 })])(
    'keeps all words in order, in lines that fit or are single words',
    (text, width) => {
      const lines = breakLines(text, 12, width)
      expect(lines.join(' ')).toBe(text)
      for (const line of lines) expect(textWidth(line, 12) < width || !line.includes(' ')).toBe(true)
    },
  )

  test('fills each line before it begins another', () => {
    expect(breakLines('aa bb cc dd', 10, textWidth('aa bb c', 10))).toEqual(['aa bb', 'cc dd'])
  })
})

describe('chartTitle', () => {
  test('is no title at all without words', () => {
    expect(chartTitle(480, ' ')).toEqual({})
  })
})
