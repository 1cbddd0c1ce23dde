import type { DType, Spec } from '@tapegrad/autograd'
import { TapegradError, tensor } from '@tapegrad/autograd'
import { createMemory, growMemory, readValue, writeValue } from '../src/instance.js'

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
    const spec: Spec = { kind: 'tensor', shape: [2, 2], dtype }
    writeValue(memory, 64, spec, tensor([0, 1, 1, 0], { shape: [2, 2], dtype }))
    const read = readValue(memory, 64, spec)
    writeValue(memory, 64, spec, tensor([1, 1, 1, 1], { shape: [2, 2], dtype }))
    expect(read).toMatchObject({ dtype, shape: [2, 2] })
    expect([...(read as ReturnType<typeof tensor>).data]).toEqual([0, 1, 1, 0])
  },
)

test('numbers keep all their digits', () => {
  const memory = createMemory(100, false)
  const spec: Spec = { kind: 'number', shape: [], dtype: 'float64' }
  for (const x of [0.1, -0, NaN, Infinity, 2 ** 53 - 1]) {
    writeValue(memory, 8, spec, x)
    expect(readValue(memory, 8, spec)).toBe(x)
  }
})
