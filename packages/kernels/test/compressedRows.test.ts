import { fc, test } from '@fast-check/jest'
import { encodeModule } from '../src/assembler/index.js'
import { compressedBlock, compressedBlocks, listCompressedRowFunction } from '../src/compressedProgram.js'
import { CompressedRows } from '../src/compressedRows.js'
import { philox } from '../src/philox.js'

const memory = new WebAssembly.Memory({ initial: 16 })
/** Of the places of pairs. */
const step = 12
const { exports } = new WebAssembly.Instance(
  new WebAssembly.Module(
    encodeModule({
      memory: { minimum: 1, import: ['test', 'memory'] },
      exports: { listRow: listCompressedRowFunction(step) },
    }),
  ),
  { test: { memory } },
)
const listRow = exports.listRow as (...parameters: number[]) => void

/** Where bytes' values, a row's line of the table, compressed rows and pairs are. */
const [values, line, target, pairs] = [0, 1024, 2048, 512 * 1024]
new Float32Array(memory.buffer, values, 256).set(Float32Array.from({ length: 256 }, (_, byte) => byte / 2))

/** The matrix, as its compressed rows are listed. */
function listed(rows: CompressedRows): number[][] {
  rows.write(new Uint8Array(memory.buffer, target, rows.mostBytes))
  const blocks = compressedBlocks(rows.columns)
  return Array.from({ length: rows.rows }, (_, row) => {
    listRow(target + row * blocks * 4, blocks, target, line, pairs, values)
    const lineOfRow = new Int32Array(memory.buffer, line, blocks + 1)
    const [begin, end] = [lineOfRow[0], lineOfRow[blocks]]
    const elements = new Array<number>(rows.columns).fill(0)
    let last = -1
    let isInOrder = true
    for (let pair = begin; pair < end; pair += 8) {
      const column = new Int32Array(memory.buffer, pair, 1)[0] / step
      elements[column] = new Float32Array(memory.buffer, pair + 4, 1)[0]
      const block = Math.floor(column / compressedBlock(rows.columns))
      const isInBlock = lineOfRow[block] <= pair && pair < lineOfRow[block + 1]
      // Zeros between elements that are far apart are in the block of the one behind.
      isInOrder &&= column > last && (isInBlock || elements[column] === 0)
      last = column
    }
    expect(isInOrder).toBe(true)
    return elements
  })
}

function rowsOf(bytes: Uint8Array, columns: number): number[][] {
  return Array.from({ length: bytes.length / columns }, (_, row) =>
    [...bytes.subarray(row * columns, (row + 1) * columns)].map((byte) => byte / 2),
  )
}

/** Matrices whose bytes are zero as often as wanted, from never to nearly always. */
const matrix = fc
  .record({
    columns: fc.integer({ min: 1, max: 900 }),
    rows: fc.integer({ min: 0, max: 9 }),
    zeros: fc.integer({ min: 0, max: 999 }),
    seed: fc.nat(),
  })
  .map(({ columns, rows, zeros, seed }) => ({ columns, bytes: randomBytes(rows * columns, zeros, seed) }))

/** So many bytes, of which about so many in a thousand are zero. */
function randomBytes(count: number, zeros: number, seed: number): Uint8Array {
  const words = new Uint32Array(4)
  return Uint8Array.from({ length: count }, (_, k) => {
    philox([seed, 0], k, words, 0)
    return words[0] % 1000 < zeros ? 0 : words[1] % 256
  })
}

test.prop([matrix], { numRuns: 60 })('compressed rows are listed as they were', ({ bytes, columns }) => {
  const rows = new CompressedRows(bytes, columns)
  expect(rows.nonzeros).toBe(bytes.filter((byte) => byte !== 0).length)
  expect(listed(rows)).toEqual(rowsOf(bytes, columns))
  const [end] = new Int32Array(memory.buffer, target + rows.tableBytes - 4, 1)
  expect(end).toBeLessThanOrEqual(rows.mostBytes)
})

test('elements may be any number of columns apart', () => {
  for (const distance of [1, 64, 255, 256, 510, 511, 766]) {
    const bytes = new Uint8Array(2 * 1024)
    for (let at = distance; at < bytes.length; at += distance) bytes[at] = 255
    expect(listed(new CompressedRows(bytes, 1024))).toEqual(rowsOf(bytes, 1024))
  }
})

test('rows are compressed a part at a time, and nothing is written beyond them', () => {
  const columns = 784
  const bytes = Uint8Array.from({ length: columns * 700 }, (_, k) => (k % 11 === 0 ? (k % 255) + 1 : 0))
  const rows = new CompressedRows(bytes, columns)
  const written = new Uint8Array(rows.mostBytes + 8).fill(77)
  rows.write(written.subarray(0, rows.mostBytes))
  expect([...written.subarray(rows.mostBytes)]).toEqual(new Array(8).fill(77))
  const blocks = compressedBlocks(columns)
  const starts = new Int32Array(written.buffer, 0, rows.rows * blocks + 1).filter((_, k) => k % blocks === 0)
  expect(starts[0]).toBe(rows.tableBytes)
  expect(starts[700]).toBe(rows.tableBytes + rows.nonzeros * 2)
  for (const row of [0, 333, 334, 335, 699]) {
    let column = 0
    const found = new Uint8Array(columns)
    for (let entry = starts[row]; entry < starts[row + 1]; entry += 2)
      found[(column += written[entry])] = written[entry + 1]
    expect(found).toEqual(bytes.subarray(row * columns, (row + 1) * columns))
  }
})

test('a matrix of no elements has no rows', () => {
  const rows = new CompressedRows(new Uint8Array(0), 5)
  const written = new Uint8Array(rows.mostBytes).fill(9)
  rows.write(written)
  expect(rows.mostBytes).toBe(4)
  expect([...written]).toEqual([4, 0, 0, 0])
})
