/** The entry for Node: what reads files. */
export { gunzip } from './gunzip.js'
export type { ByteLimit } from './gunzip.js'
export { loadMnist } from './mnist.js'
export type { LoadMnistOptions } from './mnist.js'
