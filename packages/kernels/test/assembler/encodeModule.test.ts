import {
  atomic,
  call,
  encodeModule,
  func,
  i32,
  i64,
  importedFunction,
  memory,
  type DefinedFunction,
  type MemoryDeclaration,
} from '../../src/assembler/index.js'

type Exports = Record<string, (...values: (number | bigint)[]) => number | bigint>

function run(
  exports: Record<string, DefinedFunction>,
  declaration: MemoryDeclaration,
  imports: WebAssembly.Imports = {},
): Exports {
  const bytes = encodeModule({ memory: declaration, exports })
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports as Exports
}

test('the smallest module has no sections', () => {
  expect([...encodeModule({ exports: {} })]).toEqual([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
})

test('imported functions are called with values and give results', () => {
  const log = importedFunction('host', 'log', { x: 'i32' }, 'none')
  const double = importedFunction('host', 'double', { x: 'i32' }, 'i32')
  const start = func('start', { x: 'i32' }, 'none', ({ x }) => [call(log, call(double, x))])
  const bytes = encodeModule({ imports: [log, double], exports: { start } })
  const logged: number[] = []
  const host = { log: (x: number) => logged.push(x), double: (x: number) => 2 * x }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host })
  ;(exports as unknown as Exports).start(21)
  expect(logged).toEqual([42])
})

test('data is in memory from the start', () => {
  const load = func('load', { at: 'i32' }, 'i32', ({ at }) => [i32.load8_u(at)])
  const bytes = encodeModule({
    memory: { minimum: 1 },
    exports: { load },
    data: [
      { offset: 3, bytes: Uint8Array.of(1, 2) },
      { offset: 70, bytes: Uint8Array.of(9) },
    ],
  })
  const exports = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports
  expect([2, 3, 4, 70].map((at) => exports.load(at))).toEqual([0, 1, 2, 9])
})

test('memory has a size, grows up to its maximum, is copied and filled', () => {
  const exports = run(
    {
      size: func('size', {}, 'i32', () => [memory.size()]),
      grow: func('grow', { pages: 'i32' }, 'i32', ({ pages }) => [memory.grow(pages)]),
      fill: func('fill', {}, 'none', () => [memory.fill(4, 7, 3)]),
      copy: func('copy', {}, 'none', () => [memory.copy(5, 4, 3)]),
      load: func('load', {}, 'i64', () => [i64.load(2)]),
    },
    { minimum: 1, maximum: 3 },
  )
  expect(exports.size()).toBe(1)
  expect(exports.grow(2)).toBe(1)
  expect(exports.grow(1)).toBe(-1)
  exports.fill()
  expect(exports.load()).toBe(0x07_07_07_00_00n)
  exports.copy()
  expect(exports.load()).toBe(0x07_07_07_07_00_00n)
})

test('threads meet at a shared memory: waiting, notifying, fences', () => {
  const shared = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true })
  const exports = run(
    {
      wait32: func('wait32', { expected: 'i32' }, 'i32', ({ expected }) => [
        memory.atomic_wait32(0, expected, 0),
      ]),
      wait64: func('wait64', { expected: 'i64' }, 'i32', ({ expected }) => [
        memory.atomic_wait64(0, expected, 0, 8),
      ]),
      notify: func('notify', {}, 'i32', () => [memory.atomic_notify(0, 1)]),
      add: func('add', {}, 'i32', () => [atomic.fence(), i32.atomic_rmw_add(0, 5)]),
    },
    { minimum: 1, maximum: 2, shared: true, import: ['host', 'memory'] },
    { host: { memory: shared } },
  )
  const [notEqual, timedOut] = [1, 2]
  expect(exports.wait32(1)).toBe(notEqual)
  expect(exports.wait32(0)).toBe(timedOut)
  expect(exports.wait64(1n)).toBe(notEqual)
  expect(exports.wait64(0n)).toBe(timedOut)
  expect(exports.notify()).toBe(0)
  expect([exports.add(), exports.add()]).toEqual([0, 5])
  expect(new Int32Array(shared.buffer)[0]).toBe(10)
})

test.each<[MemoryDeclaration, string]>([
  [{ minimum: -1 }, 'memory: -1 pages; a memory has from 0 to 65536, of 64 KiB each'],
  [{ minimum: 1, maximum: 65537 }, 'memory: 65537 pages; a memory has from 0 to 65536, of 64 KiB each'],
  [{ minimum: 2, maximum: 1 }, 'memory: its maximum of 1 pages is below its minimum of 2'],
  [{ minimum: 1, shared: true }, 'memory: a shared memory needs a maximum'],
])('a memory of %j is refused', (declaration, message) => {
  expect(() => encodeModule({ memory: declaration, exports: {} })).toThrow(message)
})

test('a long program is encoded in time proportional to its length', () => {
  const body = func('long', { x: 'i32' }, 'none', ({ x }) =>
    Array.from({ length: 100_000 }, (_, index) => i32.store(x, i32.add(i32.load(x), index), 4)),
  )
  const bytes = encodeModule({ memory: { minimum: 1 }, exports: { body } })
  expect(WebAssembly.validate(bytes)).toBe(true)
})
