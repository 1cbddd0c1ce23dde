import fc from 'fast-check'
import * as assembler from '../../src/assembler/index.js'
import {
  encodeModule,
  func,
  v128,
  type Expression,
  type FunctionBody,
  type Node,
  type ValueType,
} from '../../src/assembler/index.js'
import type { InstructionRow } from '../../src/assembler/instructionRow.js'
import * as scalarTable from '../../src/assembler/scalarTable.js'
import * as vectorTable from '../../src/assembler/vectorTable.js'
import { wasmFeatures } from '../../src/features.js'
import { memoryReferences } from './memoryReference.js'
import { scalarReferences, Trap } from './scalarReference.js'
import { vectorReferences } from './vectorReference.js'

type Build = (...values: unknown[]) => Node

interface NamedRow {
  readonly name: string
  readonly operands: ValueType[]
  readonly result: InstructionRow[2]
  readonly immediate: string
  readonly build: Build
}

const rows: NamedRow[] = Object.entries({ ...scalarTable, ...vectorTable }).flatMap(([namespace, table]) =>
  Object.entries(table as Record<string, InstructionRow>).map(
    ([name, [, operands, result, immediate = '']]) => ({
      name: `${namespace}.${name}`,
      operands: (operands === '' ? [] : operands.split(' ')) as ValueType[],
      result,
      immediate,
      build: (assembler as unknown as Record<string, Record<string, Build>>)[namespace][name],
    }),
  ),
)

const vectorSpace = 1024
const operandAddress = (index: number) => 16 * (index + 1)

/** Compiles one instruction; vectors go in and out through the first bytes of memory. */
function compile({ operands, result, build }: NamedRow, immediates: readonly unknown[]) {
  const parameters = Object.fromEntries(
    operands.flatMap((type, index) => (type === 'v128' ? [] : [[`x${index}`, type]])),
  )
  const run = func('run', parameters, result === 'v128' ? 'none' : result, (locals): FunctionBody => {
    const values = operands.map((type, index): Expression =>
      type === 'v128' ? v128.load(operandAddress(index)) : locals[`x${index}`],
    )
    const node = build(...values, ...immediates)
    return [result === 'v128' ? v128.store(0, node as Expression<'v128'>) : node]
  })
  const bytes = encodeModule({ memory: { minimum: 1, export: 'memory' }, exports: { run } })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const space = (exports.memory as WebAssembly.Memory).buffer
  const call = exports.run as (...scalars: unknown[]) => unknown
  return {
    space,
    run(values: readonly unknown[]): unknown {
      values.forEach((value, index) => {
        if (value instanceof Uint8Array) new Uint8Array(space).set(value, operandAddress(index))
      })
      const answer = call(...values.filter((value) => !(value instanceof Uint8Array)))
      return result === 'v128' ? new Uint8Array(space.slice(0, 16)) : answer
    },
  }
}

const interestingFloats = [0, -0, 0.5, -0.5, 1.5, 2.5, -3.5, 1e10, -1e10, 1e20, 2 ** 31, 2 ** 63, -(2 ** 31)]
const specialFloats = [...interestingFloats, NaN, Infinity, -Infinity]
const float64 = fc.oneof(fc.constantFrom(...specialFloats), fc.double(), fc.double({ min: -300, max: 300 }))
const float32 = float64.map(Math.fround)
const int32 = fc.oneof(fc.integer(), fc.integer({ min: -40, max: 40 }))
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -70n, max: 70n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 62n + 2n ** 38n + 1n),
)
const anyVector = fc.oneof(
  fc
    .array(fc.integer({ min: 0, max: 255 }), { minLength: 16, maxLength: 16 })
    .map((bytes) => Uint8Array.from(bytes)),
  fc
    .array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: 16, maxLength: 16 })
    .map((bytes) => Uint8Array.from(bytes)),
  fc
    .array(float32, { minLength: 4, maxLength: 4 })
    .map((lanes) => new Uint8Array(Float32Array.from(lanes).buffer)),
  fc
    .array(float64, { minLength: 2, maxLength: 2 })
    .map((lanes) => new Uint8Array(Float64Array.from(lanes).buffer)),
)
const arbitraryOf: Record<ValueType, fc.Arbitrary<unknown>> = {
  i32: int32,
  i64: int64,
  f32: float32,
  f64: float64,
  v128: anyVector,
}

/** Small whole numbers, on which a fused and an unfused multiply-add agree. */
function exactVector(name: string): fc.Arbitrary<unknown> {
  const lane = fc.integer({ min: -1000, max: 1000 })
  const [Lanes, length] = name.startsWith('f32x4') ? [Float32Array, 4] : [Float64Array, 2]
  return fc
    .array(lane, { minLength: length, maxLength: length })
    .map((lanes) => new Uint8Array(Lanes.from(lanes).buffer))
}

function immediatesOf(immediate: string): unknown[][] {
  if (immediate === 'lanes') {
    return [
      [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]],
      [[31, 0, 16, 15, 7, 7, 30, 1, 2, 3, 20, 21, 9, 8, 29, 4]],
    ]
  }
  const lanes = Number(/lane(\d+)/.exec(immediate)?.[1] ?? 0)
  return lanes === 0 ? [[]] : Array.from({ length: lanes }, (_, lane) => [lane])
}

/** Equal bits, or where floats are expected, equal numbers; any NaN equals any other. */
function isSame(actual: unknown, expected: unknown): boolean {
  if (expected instanceof Float32Array || expected instanceof Float64Array) {
    const Lanes = expected instanceof Float32Array ? Float32Array : Float64Array
    const lanes = new Lanes((actual as Uint8Array<ArrayBuffer>).buffer)
    return expected.every((lane, index) => Object.is(lane, lanes[index]))
  }
  if (expected instanceof Uint8Array) return Buffer.compare(actual as Uint8Array, expected) === 0
  return Object.is(actual, expected)
}

/** Jest's own comparison is for the message alone: it is slow on arrays. */
function expectSame(actual: unknown, expected: unknown): void {
  if (!isSame(actual, expected)) expect(actual).toEqual(expected)
}

const references = { ...scalarReferences, ...vectorReferences(rows.map(({ name }) => name)) }
const runs = { numRuns: 60 }

const hasOwnTest = new Set(
  rows.flatMap(({ name, immediate }) =>
    /^(memory|atomic)\./.test(name) || ['i32', 'i64', 'f32', 'f64', 'v128'].includes(immediate) ? [name] : [],
  ),
)

test('every instruction has exactly one meaning to be tested against', () => {
  const tested = [...Object.keys(references), ...Object.keys(memoryReferences), ...hasOwnTest]
  expect(tested.toSorted()).toEqual(rows.map(({ name }) => name).toSorted())
})

describe('an instruction computes what it means', () => {
  for (const row of rows.filter(({ name }) => name in references)) {
    const runnable = !row.name.includes('relaxed') || wasmFeatures().relaxedSimd
    ;(runnable ? test : test.skip)(row.name, () => {
      const reference = references[row.name] as (...values: unknown[]) => unknown
      for (const immediates of immediatesOf(row.immediate)) {
        const compiled = compile(row, immediates)
        const operands = row.operands.map((type) =>
          row.name.includes('relaxed') ? exactVector(row.name) : arbitraryOf[type],
        )
        fc.assert(
          fc.property(fc.tuple(...operands), (values) => {
            let expected: unknown
            try {
              expected = reference(...values, ...immediates)
            } catch (error) {
              if (!(error instanceof Trap)) throw error
              expect(() => compiled.run(values)).toThrow(WebAssembly.RuntimeError)
              return
            }
            expectSame(compiled.run(values), expected)
          }),
          runs,
        )
      }
    })
  }
})

describe('an instruction on memory touches what it means to', () => {
  for (const row of rows.filter(({ name }) => name in memoryReferences)) {
    test(row.name, () => {
      const reference = memoryReferences[row.name] as (...values: unknown[]) => unknown
      const alignment = Number(/bytes(\d+)/.exec(row.immediate)?.[1])
      for (const lanes of immediatesOf(row.immediate)) {
        for (const offset of [undefined, 0, 16, 400]) {
          const compiled = compile(row, offset === undefined ? lanes : [...lanes, offset])
          const bytes = new Uint8Array(compiled.space, vectorSpace, 1024)
          for (let index = 0; index < bytes.length; index++) bytes[index] = (index * 151 + 37) % 256
          const address = fc.integer({ min: 0, max: 15 }).map((place) => vectorSpace + place * alignment)
          fc.assert(
            fc.property(
              address,
              fc.tuple(...row.operands.slice(1).map((type) => arbitraryOf[type])),
              (at, values) => {
                const before = new DataView(compiled.space.slice(0, 2 * vectorSpace))
                const expected = reference(before, at + (offset ?? 0), ...values, ...lanes)
                expectSame(compiled.run([at, ...values]), expected)
                expectSame(bytes, new Uint8Array(before.buffer, vectorSpace, 1024))
              },
            ),
            { numRuns: 8 },
          )
        }
      }
    })
  }
})
