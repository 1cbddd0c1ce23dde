/** Reads a local file of limited size, compressed or not. */
import { readFile, stat } from 'node:fs/promises'
import { DatasetError } from '../errors.js'
import type { ByteLimit } from './gunzip.js'
import { defaultMaxBytes, gunzip, isGzip } from './gunzip.js'

/**
 * The content of the file at `path`, decompressed where it is gzip (by its bytes, whatever its name). Throws
 * DatasetError, naming the file, of code `UNREADABLE`, `TOO_LARGE` or `GZIP`.
 */
export async function readContent(
  path: string,
  { maxBytes = defaultMaxBytes }: ByteLimit = {},
): Promise<Uint8Array> {
  const bytes = await readBounded(path, maxBytes)
  if (!isGzip(bytes)) return bytes
  try {
    return await gunzip(bytes, { maxBytes })
  } catch (error) {
    if (error instanceof DatasetError) throw new DatasetError(error.code, `${path}: ${error.message}`)
    throw error
  }
}

async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const found = await stat(path)
    if (!found.isFile()) throw new DatasetError('UNREADABLE', `${path}: is no file`)
    if (found.size > maxBytes)
      throw new DatasetError(
        'TOO_LARGE',
        `${path}: the file has ${found.size} bytes, more than ${maxBytes}, the most allowed`,
      )
    return await readFile(path)
  } catch (error) {
    if (error instanceof DatasetError) throw error
    throw new DatasetError('UNREADABLE', `${path}: can't be read: ${(error as Error).message}`)
  }
}
