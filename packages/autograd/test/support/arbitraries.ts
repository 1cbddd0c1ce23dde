/** Arbitrary shapes, tensors and programs for the tests of the core. */
import { fc } from '@fast-check/jest'
import type { DType, Shape, Tensor, Value } from '@tapegrad/autograd'
import { abs, add, maximum, mul, neg, relu, square, sub, sum } from '@tapegrad/autograd'
import { broadcastableShapes, shape as anyShape, tensor as anyTensor } from '@tapegrad/autograd/testing'
import { dtypes } from '../../src/dtype.js'

export const dtype: fc.Arbitrary<DType> = fc.constantFrom(...dtypes)
export const shape = anyShape({ maxRank: 4 })
export const filledShape = anyShape({ minSize: 1 })
export const broadcastablePair = broadcastableShapes({ minSize: 1 })

/** Small whole numbers in float64: sums and products of a few of them are exact. */
export function wholeTensor(ofShape: Shape): fc.Arbitrary<Tensor> {
  return anyTensor({ shape: ofShape, whole: true })
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
