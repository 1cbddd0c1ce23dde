import { test } from '@fast-check/jest'
import type { Value, Variable } from '@tapegrad/autograd'
import {
  AnomalyError,
  Tape,
  div,
  exp,
  grad,
  log,
  mul,
  prod,
  softmax,
  sqrt,
  standardDeviation,
  sub,
  sum,
  tensor,
} from '@tapegrad/autograd'
import { whereCalled } from '../src/anomaly.js'
import { expectError } from './support/errors.js'

const watching = { detectAnomaly: true }

/** The number of the line of this file that calls it. */
function lineHere(): number {
  const lines = (new Error('here').stack ?? '').matchAll(/anomaly\.test\.ts:(\d+):/g)
  // The first is the line above.
  return Number([...lines][1][1])
}

/** A pattern for a message that ends with a line of this file. */
function recordedAt(text: string, line: number): RegExp {
  const literal = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal}, recorded at .*/autograd/test/anomaly\\.test\\.ts:${line}:\\d+$`)
}

describe('forward', () => {
  test('NaN out of finite numbers is an error that names operation, input and line', () => {
    const x = new Tape(watching).variable(-1)
    const line = lineHere() + 2
    expectError(
      () => log(x),
      AnomalyError,
      'NOT_FINITE',
      recordedAt('log: made NaN out of finite input (number -1)', line),
    )
  })

  test('Infinity out of finite tensors is one that names element and shapes', () => {
    const tape = new Tape(watching)
    const [x, y] = [tape.variable(tensor([[1], [2]])), tape.variable(tensor([1, 0, 2]))]
    const line = lineHere() + 2
    expectError(
      () => div(x, y),
      AnomalyError,
      'NOT_FINITE',
      recordedAt(
        'div: made Infinity (element 1 of Tensor float32 [2, 3]) out of finite input (Tensor float32 [2, 1], Tensor float32 [3])',
        line,
      ),
    )
  })

  test('the method spelling is watched as well', () => {
    const x = new Tape(watching).variable(tensor([1000]))
    expect(() => x.exp()).toThrow(AnomalyError)
  })

  test('the line is that of the program, not of the library, where one operation is made of others', () => {
    const huge = tensor(Float64Array.of(1e200, -1e200, 3, 4))
    for (const operation of [standardDeviation, prod]) {
      const x = new Tape(watching).variable(huge)
      const line = lineHere() + 1
      const run = (): unknown => operation(x)
      expectError(run, AnomalyError, 'NOT_FINITE', new RegExp(`anomaly\\.test\\.ts:${line}:`))
    }
  })

  test('what was not finite before may stay so, and what is finite passes', () => {
    const tape = new Tape(watching)
    const x = tape.variable(Infinity)
    expect(sub(x, x).item()).toBeNaN()
    expect(exp(tape.variable(1)).item()).toBe(Math.E)
    expect(softmax(tape.variable(tensor([1000, 0]))).toArray()).toEqual([1, 0])
  })
})

describe('backward', () => {
  test('Infinity out of finite input is an error that names the operation and where it was recorded', () => {
    const tape = new Tape(watching)
    const x = tape.variable(tensor([4, 0]))
    const line = lineHere() + 1
    const root = sqrt(x)
    expectError(
      () => tape.gradient(sum(root), x),
      AnomalyError,
      'NOT_FINITE',
      recordedAt(
        'derivative of sqrt by input 0: made Infinity (element 1 of Tensor float32 [2]) out of finite input (Tensor float32 [2], Tensor float32 [2])',
        line,
      ),
    )
  })

  test('an upstream derivative that is not finite may go on', () => {
    const tape = new Tape(watching)
    const x = tape.variable(2)
    expect(tape.gradient(mul(x, 3), x, { upstream: Infinity })).toBe(Infinity)
  })

  test('an outer tape watches what walks over inner ones record on it, and names the line of the program', () => {
    const outer = new Tape(watching)
    const x = outer.variable(0)
    const f = (y: Variable): Value => sqrt(mul(y, y))
    const line = lineHere() + 1
    const differentiate = (): Value => grad(f)(x)
    const limit: unknown = Reflect.get(Error, 'stackTraceLimit')
    // What Node has by default; Jest raises it.
    Reflect.set(Error, 'stackTraceLimit', 10)
    try {
      expectError(
        differentiate,
        AnomalyError,
        'NOT_FINITE',
        new RegExp(`recorded at .*anomaly\\.test\\.ts:${line}:`),
      )
    } finally {
      Reflect.set(Error, 'stackTraceLimit', limit)
    }
  })
})

describe('a tape that does not watch', () => {
  test('lets everything pass and keeps no origins', () => {
    const tape = new Tape()
    const x = tape.variable(0)
    const root = sqrt(x)
    expect(log(sub(x, 1)).item()).toBeNaN()
    expect(tape.gradient(root, x)).toBe(Infinity)
    expect(tape.detectsAnomalies).toBe(false)
    expect(tape.originAt(root.index)).toBeUndefined()
  })

  test('never asks where it was called', () => {
    const stackTraces = jest.fn()
    const original: unknown = Reflect.get(Error, 'prepareStackTrace')
    Reflect.set(Error, 'prepareStackTrace', stackTraces)
    try {
      const tape = new Tape()
      const x = tape.variable(2)
      tape.gradient(exp(mul(x, x)), x)
    } finally {
      Reflect.set(Error, 'prepareStackTrace', original)
    }
    expect(stackTraces).not.toHaveBeenCalled()
  })
})

describe('whereCalled', () => {
  test('leaves the limit of stack traces as it was', () => {
    const limit: unknown = Reflect.get(Error, 'stackTraceLimit')
    expect(whereCalled()).toContain('anomaly.test.ts')
    expect(Reflect.get(Error, 'stackTraceLimit')).toBe(limit)
  })
})
