import { fc, test } from '@fast-check/jest'
import { legendPlace } from '../../src/curves/legendPlace.js'

const size = { width: 480, height: 320 }
const labels = ['train', 'test']

describe('legendPlace', () => {
  test.prop([fc.array(fc.double({ min: 0.5, max: 1, noNaN: true }))])(
    'is the wanted corner while curves stay in the other half',
    (curve) => {
      const low = curve.map((value) => 1 - value)
      expect(legendPlace({ corner: 'bottom-right', labels, curves: [curve], size })).toBe('bottom-right')
      expect(legendPlace({ corner: 'top-right', labels, curves: [low], size })).toBe('top-right')
    },
  )

  test('is above the plot when any curve ends in the corner', () => {
    const curves = [
      [0, 0.9, 0.9],
      [0, 0.1, 0.1],
    ]
    expect(legendPlace({ corner: 'bottom-right', labels, curves, size })).toBe('top')
  })

  test('minds only the part of the plot that the legend takes', () => {
    const curves = [[0, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9]]
    expect(legendPlace({ corner: 'bottom-right', labels, curves, size })).toBe('bottom-right')
    const longer = ['training data of the whole set', 'test']
    expect(legendPlace({ corner: 'bottom-right', labels: longer, curves, size })).toBe('top')
  })

  test('counts no gaps', () => {
    expect(legendPlace({ corner: 'bottom-right', labels, curves: [[0.1, NaN, NaN]], size })).toBe(
      'bottom-right',
    )
  })
})
