import { fc, test } from '@fast-check/jest'
import { Tape, add, mul, sin, tensor } from '@tapegrad/autograd'
import { Recording, constantId, variableId } from '../src/recording.js'

describe('Recording', () => {
  const entry = fc.record({
    inputs: fc.array(fc.nat(), { maxLength: 4 }),
    attributes: fc.option(fc.nat(), { nil: undefined }),
    value: fc.oneof(fc.double(), fc.constant(tensor([1])), fc.constant(tensor([0]))),
  })

  test.prop([fc.array(entry, { maxLength: 80 })])('gives back what was added', (entries) => {
    const recording = new Recording()
    const added = entries.map(({ inputs, attributes, value }, index) => {
      // Inputs come before what is made of them.
      const positions = index === 0 ? [] : inputs.map((input) => input % index)
      const at = (() => {
        switch (positions.length) {
          case 0:
            return recording.addLeaf(index % 2 === 0 ? variableId : constantId, value)
          case 1:
            return recording.addUnary(2, value, attributes, positions[0])
          case 2:
            return recording.addBinary(3, value, attributes, positions[0], positions[1])
          default:
            return recording.addVariadic(4, value, attributes, positions)
        }
      })()
      expect(at).toBe(index)
      return { positions, value, attributes: positions.length === 0 ? undefined : attributes }
    })
    expect(recording.length).toBe(entries.length)
    added.forEach(({ positions, value, attributes }, index) => {
      expect(recording.valueAt(index)).toBe(value)
      expect(recording.attributesAt(index)).toBe(attributes)
      expect(recording.inputsOf(index)).toEqual(positions)
      expect(recording.inputCount(index)).toBe(positions.length)
      positions.forEach((position, k) => expect(recording.inputAt(index, k)).toBe(position))
      expect(recording.isLeaf(index)).toBe(positions.length === 0)
      expect(recording.isConstant(index)).toBe(positions.length === 0 && index % 2 === 1)
    })
  })

  test('of a program of numbers holds columns only: at most 48 bytes an entry, and no object', () => {
    const tape = new Tape()
    let x = tape.variable(1)
    for (let i = 0; i < 10_000; i++) x = sin(add(mul(x, x), x))
    const columns: unknown[] = Object.values(tape.recording)
    const bytes = columns.reduce<number>(
      (total, column) => total + (ArrayBuffer.isView(column) ? column.byteLength : 0),
      0,
    )
    expect(bytes / tape.length).toBeLessThan(48)
    for (const column of columns) {
      expect(Array.isArray(column)).toBe(false)
      if (column instanceof Map) expect(column.size).toBe(0)
    }
  })
})
