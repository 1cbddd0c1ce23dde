/** Arbitrary shapes, tensors and programs for the tests of the core. */
import { fc } from '@fast-check/jest'
import type { DType, Shape, Tensor, Value } from '@tapegrad/autograd'
import { abs, add, maximum, mul, neg, relu, square, sub, sum, tensor } from '@tapegrad/autograd'
import { dtypes } from '../../src/dtype.js'

export const dtype: fc.Arbitrary<DType> = fc.constantFrom(...dtypes)
export const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
export const filledShape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 })

/** Two shapes that broadcast: a common one, from which each drops leading axes and shrinks others to 1. */
export const broadcastablePair: fc.Arbitrary<[number[], number[]]> = filledShape.chain((target) => {
  const part = fc
    .tuple(fc.nat(target.length), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }))
    .map(([missing, single]) => target.slice(missing).map((extent, axis) => (single[axis] ? 1 : extent)))
  return fc.tuple(part, part)
})

/** Small whole numbers in float64: sums and products of a few of them are exact. */
export function wholeTensor(ofShape: Shape): fc.Arbitrary<Tensor> {
  const size = ofShape.reduce((product, extent) => product * extent, 1)
  return fc
    .array(fc.integer({ min: -2, max: 2 }), { minLength: size, maxLength: size })
    .map((elements) => tensor(Float64Array.from(elements), { shape: ofShape }))
}

const unary = { neg, square, abs, relu, sum }
const binary = { add, sub, mul, maximum }

type Step =
  | { readonly operation: keyof typeof unary; readonly x: number }
  | { readonly operation: keyof typeof binary; readonly x: number; readonly y: number }

/** A straight-line program: each step names an operation and, among inputs and steps before it, its operands. */
export type Program = readonly Step[]

/** Operands are drawn as any number, and taken modulo the number of values there are by then. */
const operand = fc.nat(100)

/**
 * Programs over whole numbers whose values and derivatives are whole (or halves, where maximum shares) and, with
 * five steps from numbers up to 2, stay far below 2⁵³: so all of them can be compared exactly.
 */
export const program: fc.Arbitrary<Program> = fc.array(
  fc.oneof(
    fc.record({ operation: fc.constantFrom(...(Object.keys(unary) as (keyof typeof unary)[])), x: operand }),
    fc.record({
      operation: fc.constantFrom(...(Object.keys(binary) as (keyof typeof binary)[])),
      x: operand,
      y: operand,
    }),
  ),
  { minLength: 1, maxLength: 5 },
)

/** All values of a program's run: its inputs, then what each step gave. */
export function trace(steps: Program, inputs: readonly Value[]): Value[] {
  const values = [...inputs]
  for (const step of steps) {
    const x = values[step.x % values.length]
    values.push(
      'y' in step
        ? binary[step.operation](x, values[step.y % values.length])
        : (unary[step.operation] as (x: Value) => Value)(x),
    )
  }
  return values
}

/** The program's result: the sum of what its last step gave. */
export function run(steps: Program, inputs: readonly Value[]): Value {
  return sum(trace(steps, inputs).at(-1)!)
}

/** A number, and tensors whose shapes broadcast with each other. */
export const programInputs: fc.Arbitrary<Value[]> = fc.tuple(
  fc.integer({ min: -2, max: 2 }),
  wholeTensor([]),
  wholeTensor([3]),
  wholeTensor([2, 1]),
)
