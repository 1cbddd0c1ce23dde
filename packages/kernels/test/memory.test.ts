import { TapegradError } from '@tapegrad/kernels'
import { ScratchMemory } from '../src/memory.js'

const page = 65536

test.each([4, 8] as const)(
  'scratch memory of %d-byte elements grows to what is asked and no further',
  (elementBytes) => {
    const memory = new WebAssembly.Memory({ initial: 1 })
    const scratch = new ScratchMemory(memory, elementBytes)
    expect(scratch.elements(10).length).toBe(page / elementBytes)
    const grown = scratch.elements(page / elementBytes + 1)
    expect(grown.length).toBe((2 * page) / elementBytes)
    expect(scratch.elements(5)).toBe(grown)
    expect(memory.buffer.byteLength).toBe(2 * page)
  },
)

test('a refusal by the engine says how much was asked for', () => {
  const scratch = new ScratchMemory(new WebAssembly.Memory({ initial: 1, maximum: 2 }), 4)
  expect(() => scratch.elements(page)).toThrow(TapegradError)
  expect(() => scratch.elements(page)).toThrow('the engine refused 196608 more bytes')
})
