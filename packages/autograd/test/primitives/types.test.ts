/** The TypeScript types of results, checked when this file is compiled, and that the values are what they say. */
import type { Value } from '../../src/index.js'
import {
  Tape,
  Tensor,
  Variable,
  add,
  argmax,
  cast,
  clip,
  concat,
  cumsum,
  dot,
  equal,
  exp,
  expandDims,
  flatten,
  matmul,
  mean,
  oneHot,
  outer,
  relu,
  reshape,
  softmax,
  split,
  stack,
  stopGradient,
  sum,
  take,
  tensor,
  transpose,
  where,
} from '../../src/index.js'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only where the value's type is exactly the wanted one. */
function typed<Wanted>() {
  return <Got>(value: Got, ...mismatch: Same<Wanted, Got> extends true ? [] : [wanted: Wanted]): Got => {
    expect(mismatch).toEqual([])
    return value
  }
}

const number = typed<number>()
const aTensor = typed<Tensor>()
const aVariable = typed<Variable>()

const x = tensor([
  [1, 2],
  [3, 4],
])
const tape = new Tape()
const v: Variable = tape.variable(x)
const w: Variable = tape.variable(2)

test('numbers give numbers, where the operation can', () => {
  const results = [
    number(add(1, 2)),
    number(exp(1)),
    number(relu(-1)),
    number(equal(1, 2)),
    number(where(1, 2, 3)),
    number(sum(1)),
    number(mean(1)),
    number(argmax(1)),
    number(clip(1, 2, 3)),
    number(dot(2, 3)),
    number(stopGradient(1)),
  ]
  for (const result of results) expect(typeof result).toBe('number')
})

test('tensors, and numbers beside them, give tensors', () => {
  const results = [
    aTensor(add(x, x)),
    aTensor(add(1, x)),
    aTensor(add(x, 1)),
    aTensor(equal(x, 1)),
    aTensor(where(x, 1, 2)),
    aTensor(where(1, 2, x)),
    aTensor(sum(x, { axis: 0, keepDims: true })),
    aTensor(argmax(x, { axis: 0 })),
    aTensor(cumsum(x, { axis: 0 })),
    aTensor(softmax(x)),
    aTensor(matmul(x, x, { transposeB: true })),
    aTensor(transpose(x)),
    aTensor(clip(x, 0, 1)),
    aTensor(concat([x, x])),
    aTensor(x.add(1).mul(x).sum()),
    aTensor(x.matmul(x)),
  ]
  for (const result of results) expect(result).toBeInstanceOf(Tensor)
})

test('shapes and dtypes make tensors of numbers', () => {
  const results = [
    aTensor(reshape(1, [1])),
    aTensor(flatten(1)),
    aTensor(expandDims(1, 0)),
    aTensor(cast(1, 'int32')),
    aTensor(stack([1, 2])),
    aTensor(outer(1, 2)),
    aTensor(oneHot(1, 2)),
  ]
  for (const result of results) expect(result).toBeInstanceOf(Tensor)
})

test('a variable anywhere gives a variable', () => {
  const results = [
    aVariable(add(v, 1)),
    aVariable(add(1, v)),
    aVariable(add(x, v)),
    aVariable(add(w, 1)),
    aVariable(exp(w)),
    aVariable(equal(v, x)),
    aVariable(where(x, v, 1)),
    aVariable(where(v, x, 1)),
    aVariable(sum(v)),
    aVariable(matmul(x, v)),
    aVariable(reshape(w, [1])),
    aVariable(take(v, 0)),
    aVariable(clip(1, w, 2)),
    aVariable(concat([x, v])),
    aVariable(stack([1, w])),
    aVariable(v.mul(2).sum()),
    aVariable(x.add(v)),
    ...split(v, 2).map((part) => aVariable(part)),
  ]
  for (const result of results) expect(result).toBeInstanceOf(Variable)
})

test('a value of unknown kind gives one', () => {
  const unknown = x as Value
  expect(typed<Value>()(add(unknown, 1))).toBeInstanceOf(Tensor)
  expect(typed<Tensor | Variable>()(reshape(unknown, [4]))).toBeInstanceOf(Tensor)
})

test('what is no value does not compile', () => {
  // @ts-expect-error plain arrays are no values
  expect(() => add([1], 2)).toThrow('wrap arrays with tensor(…)')
  // @ts-expect-error strings are no values
  expect(() => exp('1')).toThrow('exp: got string')
  // @ts-expect-error one operand is missing
  expect(() => add(1)).toThrow('add: got number 1')
  // @ts-expect-error the axis of cumsum has no default
  expect(() => cumsum(x)).toThrow('cumsum: wants { axis }')
  // @ts-expect-error unknown dtypes
  expect(() => cast(x, 'float16')).toThrow('unknown dtype float16')
})
