/** Decompression with a bound: a small file can't fill the memory. */
import { promisify } from 'node:util'
import { gunzip as gunzipCallback } from 'node:zlib'
import { DatasetError } from '../errors.js'

const gunzipAsync = promisify(gunzipCallback)

export interface ByteLimit {
  /** The most bytes to accept, 256 MiB by default. */
  readonly maxBytes?: number | undefined
}

export const defaultMaxBytes = 2 ** 28

/**
 * The content of a gzip file, of at most `maxBytes`. Throws DatasetError of code `TOO_LARGE` where there is more,
 * without decompressing it all, and of code `GZIP` where the bytes are damaged or no gzip.
 */
export async function gunzip(
  bytes: Uint8Array,
  { maxBytes = defaultMaxBytes }: ByteLimit = {},
): Promise<Uint8Array> {
  try {
    return await gunzipAsync(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new DatasetError(
        'TOO_LARGE',
        `gunzip: the content has more than ${maxBytes} bytes, the most allowed`,
      )
    throw new DatasetError('GZIP', `gunzip: the compressed bytes are damaged, or no gzip: ${message}`)
  }
}

/** Whether the bytes start as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}
