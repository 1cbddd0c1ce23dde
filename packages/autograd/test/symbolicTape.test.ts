import fc from 'fast-check'
import type { DType, Spec, Value, Variable } from '../src/index.js'
import {
  TapeError,
  TapegradError,
  Variable as VariableClass,
  add,
  cast,
  checkpoint,
  differentiable,
  exp,
  grad,
  hessian,
  isValue,
  jacobian,
  jvp,
  matmul,
  mul,
  reshape,
  sin,
  square,
  sum,
  take,
  tanh,
  tensor,
  where,
} from '../src/index.js'
import { dtypes } from '../src/dtype.js'
import { SymbolicTape } from '../src/symbolicTape.js'
import { bareSpecOf } from '../src/value.js'
import { domains } from './support/domains.js'
import { expectError } from './support/errors.js'

const operations = Object.entries(domains)

function specsOf(result: unknown): Spec[] {
  return [result].flat().filter(isValue).map(bareSpecOf)
}

/** What `f` gives for inputs of the given specs, without data. */
function trace(f: (...inputs: Value[]) => unknown, specs: readonly Spec[]): unknown {
  const tape = new SymbolicTape()
  return f(...specs.map((spec) => tape.input(spec)))
}

const number: Spec = { kind: 'number', shape: [], dtype: 'float64' }
const vector: Spec = { kind: 'tensor', shape: [3], dtype: 'float32' }
const matrix: Spec = { kind: 'tensor', shape: [3, 3], dtype: 'float32' }

describe('on a symbolic tape', () => {
  test.each(operations)('%s infers the kind, shape and dtype that it has with data', (_name, calls) => {
    fc.assert(
      fc.property(calls, ({ apply, inputs }) => {
        expect(specsOf(trace(apply, inputs.map(bareSpecOf)))).toEqual(specsOf(apply(...inputs)))
      }),
      { numRuns: 30 },
    )
  })

  test.each(operations)('%s does so for all dtypes that it takes', (_name, calls) => {
    fc.assert(
      fc.property(calls, fc.constantFrom<DType>(...dtypes), ({ apply, inputs }, dtype) => {
        const converted = inputs.map((x) => (typeof x === 'number' ? x : cast(x, dtype)))
        let withData: Spec[]
        try {
          withData = specsOf(apply(...converted))
        } catch {
          // Rounded to integers the data may be out of the operation's domain.
          return
        }
        expect(specsOf(trace(apply, converted.map(bareSpecOf)))).toEqual(withData)
      }),
      { numRuns: 15 },
    )
  })

  test.each(operations)('%s has derivatives of the right kind, shape and dtype', (_name, calls) => {
    fc.assert(
      fc.property(calls, ({ apply, inputs }) => {
        const total = (...xs: Value[]): Value =>
          [apply(...xs)]
            .flat()
            .filter(isValue)
            .map((x): Value => sum(cast(x, 'float64')))
            .reduce((a, b) => add(a, b), 0)
        const all = inputs.map((_, k) => k)
        const gradient = (...xs: Value[]): unknown =>
          grad(total as (...xs: Variable[]) => Value, all)(...(xs as never[]))
        const specs = inputs.map(bareSpecOf)
        expect(specsOf(trace(gradient, specs))).toEqual(specs)
      }),
      { numRuns: 10 },
    )
  })

  test('transforms nest', () => {
    const f = (x: Variable): Variable => sum(mul(tanh(x), tanh(x)))
    expect(specsOf(trace((x) => hessian(f)(x), [vector]))).toEqual([matrix])
    expect(specsOf(trace((x) => jacobian((y: Variable) => mul(y, y))(x), [vector]))).toEqual([matrix])
    expect(specsOf(trace((x) => jvp(grad(f) as never, [x], [x] as never).tangent, [vector]))).toEqual([
      vector,
    ])
    expect(specsOf(trace((x) => grad(grad((y: Variable) => sin(y)))(x), [number]))).toEqual([number])
  })

  test('errors of shape and dtype are those of the operations', () => {
    expect(() => trace((x) => matmul(x, x), [{ ...matrix, shape: [2, 3] }])).toThrow(
      /^matmul: inner dimensions differ/,
    )
    expect(() => trace((x) => reshape(x, [2, 2]), [vector])).toThrow(/^reshape: /)
  })

  test('computes nothing, and keeps the plain values that it meets', () => {
    const tape = new SymbolicTape()
    const x = tape.input(vector)
    mul(x, tensor([1, 2, 3]))
    expect(tape.entries.map(({ operation }) => operation)).toEqual(['variable', 'constant', 'mul'])
    expect(tape.entries[1].value).toEqual(tensor([1, 2, 3]))
    expect(tape.toString()).toBe(
      ['%0 = variable: float32 [3]', '%1 = constant: float32 [3]', '%2 = mul(%0, %1): float32 [3]'].join(
        '\n',
      ),
    )
  })

  const reads: readonly (readonly [string, string, (x: Variable) => unknown])[] = [
    ['item()', 'float32 []', (x) => (sum(x).item() > 0 ? x : mul(x, 2))],
    ['data', 'float32 [3]', (x) => tensor(x.data)],
    ['toArray()', 'float32 [3]', (x) => tensor(x.toArray())],
    ['item()', 'float32 []', (x) => grad((y: Variable) => mul(sum(y), sum(y).item()))(x)],
    ['item()', 'float32 []', (x) => jvp((y: Variable) => mul(y, sum(y).item()), [x], [x])],
    ['item()', 'float32 []', (x) => checkpoint((y: Variable) => mul(y, sum(y).item()))(x)],
  ]
  test.each(reads)('reading %s is an error that says what to do', (what, spec, f) => {
    expectError(
      () => trace(f as (x: Value) => unknown, [vector]),
      TapeError,
      'SYMBOLIC',
      `${what}: a value of ${spec} was read while its function is traced, when there is no data yet; ` +
        'decide by its shape, or choose between values with where(…)',
    )
  })

  test('shapes can be read, and decide', () => {
    const f = (x: Value): Value => ((x as Variable).shape[0] > 2 ? sum(x) : x)
    expect(specsOf(trace(f, [vector]))).toEqual([{ ...vector, shape: [] }])
    expect(specsOf(trace((x) => where((x as Variable).greater(0), x, 0), [vector]))).toEqual([vector])
  })
})

describe('custom functions on a symbolic tape', () => {
  const operationsOf = (f: (x: Variable) => unknown, spec = vector): string[] => {
    const tape = new SymbolicTape()
    f(tape.input(spec))
    return tape.entries.map(({ operation }) => operation)
  }
  const cube = differentiable('cube', {
    forward: (x: Value) => mul(square(x), x),
    backward: (upstream, { inputs: [x] }) => [mul(upstream, mul(3, square(x)))],
  })

  test('are inlined, their derivatives too', () => {
    expect(operationsOf((x) => cube(x))).toEqual(['variable', 'square', 'mul'])
    expect(operationsOf((x) => grad((y: Variable) => cube(y))(x), number)).toContain('square')
    expect(specsOf(trace((x) => grad((y: Variable) => sum(cube(y)))(x), [vector]))).toEqual([vector])
    expect(specsOf(trace((x) => jvp((y: Variable) => cube(y), [x], [x] as never).tangent, [vector]))).toEqual(
      [vector],
    )
  })

  test('of several results are inlined', () => {
    const both = differentiable('both', {
      forward: (x: Value) => [sum(x), mul(x, 2)] as const,
      backward: ([u, v]: readonly Value[]) => [add(u, mul(v, 2))] as const,
    })
    expect(specsOf(trace((x) => [...both(x)], [vector]))).toEqual([{ ...vector, shape: [] }, vector])
    expect(specsOf(trace((x) => grad((y: Variable) => sum(both(y)[1]))(x), [vector]))).toEqual([vector])
  })

  const reading = (x: Value): Value => tensor((x as Variable).data.map((element: number) => element + 1))
  const context =
    '. data: a value of float32 [3] was read while its function is traced, when there is no data yet; '

  test.each<[string, (x: Variable) => unknown]>([
    ['forward', (x) => differentiable('opaque', { forward: reading, backward: (u) => [u] })(x)],
    [
      'backward',
      (x) =>
        grad((y: Variable) => {
          const opaque = differentiable('opaque', {
            forward: (z: Value) => exp(z),
            backward: (_upstream, { inputs: [z] }) => [reading(z)],
          })
          return sum(opaque(y))
        })(x),
    ],
    [
      'jvp',
      (x) =>
        jvp(
          (y: Variable) =>
            differentiable('opaque', {
              forward: (z: Value) => exp(z),
              backward: (u) => [u],
              jvp: ([dz]) => reading(dz),
            })(y),
          [x],
          [x],
        ),
    ],
  ])('that read data in their %s are opaque, and named', (part, f) => {
    expectError(
      () => trace(f as (x: Value) => unknown, [vector]),
      TapegradError,
      'OPAQUE',
      `opaque: its ${part} reads data, so it can't be traced; write it in tapegrad's operations, or call it outside` +
        context +
        'decide by its shape, or choose between values with where(…)',
    )
  })

  test('that throw something else throw just that', () => {
    const error = new Error('mine')
    const failing = differentiable('failing', {
      forward: (): Value => {
        throw error
      },
      backward: () => [],
    })
    expect(() => trace((x) => (failing as (x: Value) => Value)(x), [vector])).toThrow(error)
  })
})

describe('checkpoints on a symbolic tape', () => {
  test('are inlined', () => {
    const tape = new SymbolicTape()
    checkpoint((x: Variable) => sin(exp(x)))(tape.input(vector))
    expect(tape.entries.map(({ operation }) => operation)).toEqual(['variable', 'exp', 'sin'])
  })

  test('are inlined where only what they capture is traced', () => {
    const f = (w: Value): Value =>
      grad((x: Variable) => sum(checkpoint((y: Variable) => mul(sin(y), w))(x)))(2)
    expect(specsOf(trace(f, [vector]))).toEqual([number])
    expect(trace(f, [vector])).toBeInstanceOf(VariableClass)
  })

  test('keep indices that are known', () => {
    const f = (x: Value): Value =>
      checkpoint((y: Variable) => take(y, tensor([0, 1], { dtype: 'int32' })))(x as Variable)
    expect(specsOf(trace(f, [vector]))).toEqual([{ ...vector, shape: [2] }])
  })
})
