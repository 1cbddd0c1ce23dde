import type { DType } from '@tapegrad/autograd'
import { TapegradError, tensor } from '@tapegrad/autograd'
import { createMemory, growMemory } from '../src/instance.js'
import { MemoryPlace } from '../src/places.js'

function errorOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return error instanceof TapegradError ? `${error.code}: ${error.message}` : String(error)
  }
  return 'no error'
}

test.each([true, false])(
  'memory that the engine refuses is an error that says how much; shared: %s',
  (shared) => {
    expect(errorOf(() => createMemory(2 ** 31 + 1, shared))).toMatch(
      /^MEMORY: .* 2147483649 bytes .*free some memory/,
    )
    const memory = createMemory(100, shared)
    expect(errorOf(() => growMemory(memory, 2 ** 31 + 1))).toMatch(/^MEMORY: .* 2147483649 bytes/)
    growMemory(memory, 200_000)
    growMemory(memory, 10)
    expect(memory.buffer.byteLength).toBe(4 * 65536)
  },
)

test.each(['float32', 'float64', 'int32', 'uint8', 'bool'] as DType[])(
  '%s goes into memory and comes out as a copy',
  (dtype) => {
    const memory = createMemory(1000, true)
    const place = new MemoryPlace(memory, 64, { kind: 'tensor', shape: [2, 2], dtype })
    place.write(tensor([0, 1, 1, 0], { shape: [2, 2], dtype }))
    const read = place.read()
    place.write(tensor([1, 1, 1, 1], { shape: [2, 2], dtype }))
    expect(read).toMatchObject({ dtype, shape: [2, 2] })
    expect([...(read as ReturnType<typeof tensor>).data]).toEqual([0, 1, 1, 0])
  },
)

test('numbers keep all their digits', () => {
  const memory = createMemory(100, false)
  const place = new MemoryPlace(memory, 8, { kind: 'number', shape: [], dtype: 'float64' })
  for (const x of [0.1, -0, NaN, Infinity, 2 ** 53 - 1]) {
    place.write(x)
    expect(place.read()).toBe(x)
  }
})

test.each([true, false])('a place is found again in memory that has grown; shared: %s', (shared) => {
  const memory = createMemory(100, shared)
  const place = new MemoryPlace(memory, 16, { kind: 'number', shape: [], dtype: 'float64' })
  place.write(1.5)
  growMemory(memory, 200_000)
  expect(place.read()).toBe(1.5)
  place.write(2.5)
  expect(new Float64Array(memory.buffer, 16, 1)[0]).toBe(2.5)
})
