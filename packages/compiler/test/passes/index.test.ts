import type { Value, Variable } from '@tapegrad/autograd'
import {
  add,
  cast,
  conv1d,
  cumsum,
  div,
  grad,
  greater,
  less,
  matmul,
  maxPool1d,
  mul,
  neg,
  ones,
  pad,
  relu,
  reshape,
  sin,
  specOf,
  stopGradient,
  sub,
  sum,
  tensor,
  transpose,
} from '@tapegrad/autograd'
import {
  expand,
  foldConstants,
  maskByRelu,
  optimize,
  removeDeadCode,
  shareCommonSubexpressions,
  simplify,
} from '../../src/passes/index.js'
import type { Program } from '../../src/program.js'
import { formatProgram, formatSpec } from '../../src/program.js'
import { traceProgram } from '../../src/trace.js'
import { disagreement } from '../support/agreement.js'
import type { Concrete } from '../support/interpreter.js'
import { interpret } from '../support/interpreter.js'
import { randomProgram, traced } from '../support/randomProgram.js'
import { elementsOf } from '../support/steps.js'

const passes = {
  removeDeadCode,
  expand,
  foldConstants,
  simplify,
  shareCommonSubexpressions,
  maskByRelu,
  optimize,
}

const programs = Array.from({ length: 150 }, (_, seed) => randomProgram(seed, { limit: 60 })).map(
  (program) => ({
    program: traced(program),
    inputs: program.inputs,
  }),
)

describe.each(Object.entries(passes))('%s', (name, pass) => {
  test('preserves what random programs compute', () => {
    for (const { program, inputs } of programs) {
      const [before, after] = [interpret(program, inputs), interpret(pass(program), inputs)]
      // A transpose within a matrix product may change the order of its sums, and an expansion rounds as its parts do.
      if (['simplify', 'expand', 'optimize'].includes(name))
        expect(disagreement(program, inputs, before, after)).toBeUndefined()
      else expect(after.map(exactly)).toEqual(before.map(exactly))
    }
  })

  test('gives nodes that use earlier ones, and specs that hold', () => {
    for (const { program, inputs } of programs) {
      const { nodes, outputs } = pass(program)
      expect(nodes.every(({ inputs: used }, index) => used.every((input) => input < index))).toBe(true)
      const values = interpret({ nodes, outputs: nodes.map((_, index) => index) }, inputs)
      expect(values.map((value) => formatSpec(specOf(value)))).toEqual(
        nodes.map(({ spec }) => formatSpec(spec)),
      )
      expect(outputs.map((output) => nodes[output].spec)).toEqual(
        program.outputs.map((output) => program.nodes[output].spec),
      )
    }
  })

  test('leaves a program alone that it has been through', () => {
    for (const { program } of programs) {
      const once = pass(program)
      // What optimize leaves may give simplify more to do; passes by themselves are done.
      if (name === 'optimize' || name === 'simplify')
        expect(pass(once).nodes.length).toBeLessThanOrEqual(once.nodes.length)
      else expect(formatProgram(pass(once))).toBe(formatProgram(once))
    }
  })
})

test('optimize keeps all inputs, in order', () => {
  for (const { program, inputs } of programs) {
    const positions = optimize(program).nodes.flatMap((node) =>
      node.kind === 'input' ? [node.position] : [],
    )
    expect(positions).toEqual(inputs.map((_, k) => k))
  }
})

function exactly(value: Concrete): unknown {
  return [specOf(value).dtype, specOf(value).shape, elementsOf(value)]
}

/** The program of a function of float32 matrices, printed. */
function printed(
  pass: (program: Program) => Program,
  f: (...inputs: Variable[]) => Value | Value[],
  count = 1,
): string[] {
  const specs = Array.from(
    { length: count },
    () => ({ kind: 'tensor', shape: [2, 2], dtype: 'float32' }) as const,
  )
  return formatProgram(pass(traceProgram((inputs) => [f(...inputs)].flat(), specs))).split('\n')
}

test('removeDeadCode drops what no result depends on, and keeps unused inputs', () => {
  const program = printed(
    removeDeadCode,
    (x, y) => {
      mul(sin(x), y)
      return neg(x)
    },
    2,
  )
  expect(program).toEqual([
    '%0 = input 0: float32 [2, 2]',
    '%1 = input 1: float32 [2, 2]',
    '%2 = neg(%0): float32 [2, 2]',
    'results: %2',
  ])
})

test('maskByRelu asks relu whether its operand is positive, after it alone, and nothing else', () => {
  expect(
    printed(maskByRelu, (x) => [greater(x, 0), relu(x), greater(x, 0), greater(0, x), less(x, 0)]),
  ).toEqual([
    '%0 = input 0: float32 [2, 2]',
    '%1 = constant 0: number',
    '%2 = greater(%0, %1): bool [2, 2]',
    '%3 = relu(%0): float32 [2, 2]',
    '%4 = constant 0: number',
    '%5 = greater(%3, %4): bool [2, 2]',
    '%6 = constant 0: number',
    '%7 = greater(%6, %0): bool [2, 2]',
    '%8 = constant 0: number',
    '%9 = less(%0, %8): bool [2, 2]',
    'results: %2, %3, %5, %7, %9',
  ])
})

test('maskByRelu changes no mask, for NaN, infinities and zeros of both signs, too', () => {
  const x = tensor([NaN, Infinity, -Infinity, 0, -0, 1e-45, -1e-45, 3])
  const program = traceProgram(([x]) => [mul(relu(x), 1), greater(x, 0)], [specOf(x)])
  const [, mask] = interpret(maskByRelu(program), [x])
  expect(elementsOf(mask)).toEqual([0, 1, 0, 0, 0, 1, 0, 1])
  expect(formatProgram(maskByRelu(program))).not.toBe(formatProgram(program))
})

test('foldConstants computes what depends on constants alone', () => {
  const folded = printed(foldConstants, (x) =>
    mul(x, add(grad((y: Variable) => mul(mul(y, y), y))(2 as never), 1)),
  )
  expect(folded.at(-2)).toBe('%2 = mul(%0, %1): float32 [2, 2]')
  expect(folded[1]).toBe('%1 = constant 13: number')
  const onTape = printed(foldConstants, (x) =>
    mul(x, sum(x.tape.constant(tensor([1, 2])) as Value as Variable)),
  )
  expect(onTape).toContain('%2 = constant 3: float32 []')
})

test('foldConstants leaves large results to be computed', () => {
  const program = printed(foldConstants, (x) => sum(mul(x.tape.constant(tensor(new Float32Array(5000))), 2)))
  expect(program.some((line) => line.includes('mul('))).toBe(true)
})

test('shareCommonSubexpressions computes equal things once', () => {
  const program = printed(shareCommonSubexpressions, (x) => [add(sin(x), 1), add(sin(x), 1), add(sin(x), 2)])
  expect(program).toEqual([
    '%0 = input 0: float32 [2, 2]',
    '%1 = sin(%0): float32 [2, 2]',
    '%2 = constant 1: number',
    '%3 = add(%1, %2): float32 [2, 2]',
    '%4 = constant 2: number',
    '%5 = add(%1, %4): float32 [2, 2]',
    'results: %3, %3, %5',
  ])
})

test('shareCommonSubexpressions tells attributes apart, 0 from −0 too', () => {
  const sides = [
    [0, 1],
    [1, 0],
  ]
  const program = printed(shareCommonSubexpressions, (x) => [
    pad(x, sides, 0),
    pad(x, sides, -0),
    pad(x, sides, NaN),
    pad(x, sides, Infinity),
    pad(x, sides, -Infinity),
    pad(x, sides),
    pad(x, [...sides].reverse()),
    mul(x, 0),
    mul(x, -0),
  ])
  expect(program.filter((line) => line.includes('pad('))).toHaveLength(6)
  expect(program.filter((line) => line.includes('mul('))).toHaveLength(2)
})

test('expand has integers and mixtures multiplied and summed up in one dtype', () => {
  const mixed = printed(expand, (x) => matmul(x, cast(x, 'float64')))
  expect(mixed).toEqual([
    '%0 = input 0: float32 [2, 2]',
    '%1 = cast(%0, {"dtype":"float64"}): float64 [2, 2]',
    '%2 = cast(%0, {"dtype":"float64"}): float64 [2, 2]',
    '%3 = matmul(%2, %1, {"transposeA":false,"transposeB":false}): float64 [2, 2]',
    'results: %3',
  ])
  const whole = printed(expand, (x) => [
    matmul(cast(x, 'uint8'), cast(x, 'uint8')),
    cumsum(cast(x, 'bool'), { axis: 0 }),
  ])
  expect(whole.slice(5, 7)).toEqual([
    '%5 = matmul(%3, %4, {"transposeA":false,"transposeB":false}): float64 [2, 2]',
    '%6 = cast(%5, {"dtype":"uint8"}): uint8 [2, 2]',
  ])
  expect(whole).toContain('%8 = cast(%7, {"dtype":"int32"}): int32 [2, 2]')
})

test('expand makes matrix products of convolutions, and picks of pooling', () => {
  const operationsOf = (f: (x: Variable) => Value): string[] =>
    printed(expand, f).flatMap((line) => /= (\w+)\(/.exec(line)?.[1] ?? [])
  const convolution = operationsOf((x) => conv1d(reshape(x, [1, 1, 4]), ones([1, 1, 2])))
  expect(convolution.filter((operation) => ['take', 'matmul', 'convolve'].includes(operation))).toEqual([
    'take',
    'matmul',
  ])
  const pooling = operationsOf((x) => maxPool1d(reshape(x, [1, 1, 4]), { size: 2 }))
  expect(pooling).toContain('take')
  expect(pooling).not.toContain('windows')
})

test('expand expands what operations become, too: products of integer windows are of float64', () => {
  const lines = printed(expand, (x) =>
    conv1d(cast(reshape(x, [1, 1, 4]), 'int32'), ones([1, 1, 2], { dtype: 'int32' })),
  )
  expect(lines.filter((line) => line.includes('= matmul('))).toEqual([expect.stringMatching(/: float64 /)])
})

describe('simplify', () => {
  /** What is left of f(x), but for dead code. */
  const left = (f: (x: Variable) => Value): string[] =>
    printed((program) => removeDeadCode(simplify(program)), f)

  test.each([
    ['x · 1', (x: Value) => mul(x, 1)],
    ['1 · x', (x: Value) => mul(1, x)],
    ['x / 1', (x: Value) => div(x, 1)],
    ['x − 0', (x: Value) => sub(x, 0)],
    ['−(−x)', (x: Value) => neg(neg(x))],
    ['stopGradient', (x: Value) => stopGradient(x)],
    ['x transposed twice', (x: Value) => transpose(transpose(x))],
    ['x reshaped there and back', (x: Value) => reshape(reshape(x, [4]), [2, 2])],
  ] as [string, (x: Value) => Value][])('knows that %s is x', (_name, f) => {
    expect(left(f)).toEqual(['%0 = input 0: float32 [2, 2]', 'results: %0'])
  })

  test.each([
    ['x + 0, which is 0 where x is −0', (x: Value) => add(x, 0)],
    ['x − (−0), likewise', (x: Value) => sub(x, -0)],
    ['x · 0, which is NaN where x is infinite', (x: Value) => mul(x, 0)],
    ['a product that makes the dtype wider', (x: Value) => mul(x, tensor([1], { dtype: 'float64' }))],
    ['a product that makes the shape larger', (x: Value) => mul(x, tensor([[[1]]]))],
    ['a cast there and back', (x: Value) => cast(cast(x, 'int32'), 'float32')],
  ] as [string, (x: Value) => Value][])('leaves %s', (_name, f) => {
    expect(left(f).length).toBeGreaterThan(2)
  })

  test('puts transposes into matrix products', () => {
    const program = left((x) => matmul(transpose(x), transpose(x), { transposeB: true }))
    expect(program).toEqual([
      '%0 = input 0: float32 [2, 2]',
      '%1 = matmul(%0, %0, {"transposeA":true,"transposeB":false}): float32 [2, 2]',
      'results: %1',
    ])
  })

  test('undoes a transpose that a product takes again', () => {
    const program = left((x) => matmul(transpose(x), transpose(x), { transposeA: true, transposeB: true }))
    expect(program[1]).toBe('%1 = matmul(%0, %0, {"transposeA":false,"transposeB":false}): float32 [2, 2]')
  })

  test('makes one of two transposes, and of two reshapes', () => {
    expect(left((x) => transpose(transpose(reshape(x, [1, 2, 2]), [1, 0, 2]), [0, 2, 1]))).toContain(
      '%2 = transpose(%1, {"axes":[1,2,0]}): float32 [2, 2, 1]',
    )
    expect(left((x) => reshape(reshape(x, [4]), [1, 4]))).toEqual([
      '%0 = input 0: float32 [2, 2]',
      '%1 = reshape(%0, {"shape":[1,4]}): float32 [1, 4]',
      'results: %1',
    ])
  })
})
