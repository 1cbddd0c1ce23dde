import fc from 'fast-check'
import {
  AssemblerError,
  block,
  br,
  br_if,
  call,
  drop,
  encodeModule,
  f32,
  f64,
  for_,
  func,
  global,
  i32,
  i64,
  if_,
  importedFunction,
  increase,
  local,
  loop,
  return_,
  select,
  set,
  tee,
  unreachable,
  v128,
  type DefinedFunction,
  type Expression,
  type Label,
  type Local,
} from '../../src/assembler/index.js'

type Callable = (...values: (number | bigint)[]) => number | bigint | undefined

function instantiate(...functions: DefinedFunction[]): Record<string, Callable> {
  const bytes = encodeModule({ exports: Object.fromEntries(functions.map((f) => [f.name, f])) })
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Record<string, Callable>
}

test('numbers become constants of the type that an operand must have', () => {
  const { ints, longs, floats } = instantiate(
    func('ints', { x: 'i32' }, 'i32', ({ x }) => [i32.add(x, -3)]),
    func('longs', { x: 'i64' }, 'i64', ({ x }) => [i64.add(i64.add(x, 1), 2n ** 40n)]),
    func('floats', { x: 'f32' }, 'f64', ({ x }) => [f64.mul(f64.promote_f32(f32.add(x, 0.5)), 0.1)]),
  )
  expect(ints(10)).toBe(7)
  expect(longs(10n)).toBe(2n ** 40n + 11n)
  expect(floats(1)).toBe(1.5 * 0.1)
})

test.each([0, 1, -1, 63, 64, -64, -65, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1])(
  'i32.const(%d) is itself',
  (value) => {
    const { constant } = instantiate(func('constant', {}, 'i32', () => [i32.const(value)]))
    expect(constant()).toBe(value | 0)
  },
)

test.each([NaN, Infinity, -0, 1e-310, 0.1])('f64.const(%d) is itself', (value) => {
  const { constant } = instantiate(func('constant', {}, 'f64', () => [f64.const(value)]))
  expect(constant()).toBe(value)
})

test('a vector constant has the bytes given', () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, index) => 17 * index)
  const store = func('store', {}, 'none', () => [v128.store(0, v128.const(bytes))])
  const module = encodeModule({ memory: { minimum: 1, export: 'memory' }, exports: { store } })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module))
  ;(exports.store as () => void)()
  expect(new Uint8Array((exports.memory as WebAssembly.Memory).buffer, 0, 16)).toEqual(bytes)
})

test('for_ runs as a JavaScript loop does, not at all where the end comes first', () => {
  const { sum } = instantiate(
    func('sum', { start: 'i32', end: 'i32', step: 'i32' }, 'i32', ({ start, end, step }) => {
      const i = local('i32', 'i')
      const total = local('i32', 'total')
      return [for_(i, start, end, step, [increase(total, i)]), total]
    }),
  )
  const small = fc.integer({ min: -50, max: 50 })
  fc.assert(
    fc.property(small, small, fc.integer({ min: 1, max: 9 }), (start, end, step) => {
      let expected = 0
      for (let i = start; i < end; i += step) expected += i
      expect(sum(start, end, step)).toBe(expected)
    }),
  )
})

test('if_ takes one side, and return_ leaves early', () => {
  const { sign } = instantiate(
    func('sign', { x: 'i32' }, 'i32', ({ x }) => {
      const answer = local('i32', 'answer')
      return [
        if_(i32.eqz(x), [return_(i32.const(0))]),
        if_(i32.lt_s(x, 0), [set(answer, -1)], [set(answer, 1)]),
        answer,
      ]
    }),
  )
  expect([-7, 0, 7].map((x) => sign(x))).toEqual([-1, 0, 1])
})

test('branches find their structure at any depth: blocks are left, loops start again', () => {
  const { collatzSteps } = instantiate(
    func('collatzSteps', { n: 'i32' }, 'i32', ({ n }) => {
      const steps = local('i32', 'steps')
      return [
        block((done) => [
          loop((again) => [
            br_if(done, i32.eq(n, 1)),
            increase(steps, 1),
            if_(i32.and(n, 1), [set(n, i32.add(i32.mul(n, 3), 1)), br(again)]),
            set(n, i32.shr_u(n, 1)),
            br(again),
          ]),
          unreachable(),
        ]),
        steps,
      ]
    }),
  )
  expect(collatzSteps(27)).toBe(111)
})

test('functions call themselves and functions that no one exported', () => {
  const factorial: DefinedFunction<'i64'> = func('factorial', { n: 'i64' }, 'i64', ({ n }) => [
    if_(i64.eqz(n), [return_(i64.const(1))]),
    i64.mul(n, call(factorial, i64.sub(n, 1))),
  ])
  const twice = func('twice', { x: 'i64' }, 'i64', ({ x }) => [i64.mul(x, 2)])
  const { run } = instantiate(func('run', { n: 'i64' }, 'i64', ({ n }) => [call(twice, call(factorial, n))]))
  expect(run(20n)).toBe(2n * 2432902008176640000n)
})

test('a global keeps its value between calls', () => {
  const count = global('i32', 'count', i32.const(40))
  const { next } = instantiate(func('next', {}, 'i32', () => [set(count, i32.add(count, 1)), count]))
  expect([next(), next()]).toEqual([41, 42])
})

test('tee, select and drop', () => {
  const { larger } = instantiate(
    func('larger', { x: 'i32', y: 'i32' }, 'i32', ({ x, y }) => {
      const sum = local('i32', 'sum')
      return [drop(tee(sum, i32.add(x, y))), i32.add(select(x, y, i32.gt_s(x, y)), i32.sub(sum, sum))]
    }),
  )
  expect(larger(3, 5)).toBe(5)
  expect(larger(5, -3)).toBe(5)
})

test('many locals of mixed types are kept apart', () => {
  const { run } = instantiate(
    func('run', { x: 'i32' }, 'f64', ({ x }) => {
      const ints = Array.from({ length: 200 }, (_, index) => local('i32', `i${index}`))
      const floats = ints.map((_, index) => local('f64', `f${index}`))
      return [
        ints.map((variable, index) => set(variable, i32.add(x, index))),
        floats.map((variable, index) => set(variable, f64.convert_i32_s(ints[index]))),
        floats.reduce((sum: Expression<'f64'>, variable) => f64.add(sum, variable), f64.const(0)),
      ]
    }),
  )
  expect(run(1)).toBe(20100)
})

describe('a mistake is named where it is made', () => {
  const x = local('f32', 'x')
  const untyped = (value: unknown) => value as Expression<'i32'>

  test.each<[string, () => unknown, string]>([
    ['a wrong type', () => i32.add(1, untyped(x)), 'i32.add: operand 2 is f32; it must be of type i32'],
    [
      'a missing operand',
      () => i32.add(1, untyped(undefined)),
      'i32.add: operand 2 is missing; it must be of type i32',
    ],
    ['a bigint', () => i32.add(1, untyped(2n)), 'i32.add: operand 2 is a bigint; it must be of type i32'],
    [
      'a number for a vector',
      () => v128.not(untyped(2) as never),
      'v128.not: operand 1 is a number; it must be of type v128',
    ],
    [
      'too many',
      () => (i32.add as (...all: number[]) => unknown)(1, 2, 3),
      'i32.add: got 3 arguments; it takes 2',
    ],
    [
      'a fraction',
      () => i32.const(1.5),
      'i32.const: constant is 1.5; it must be an integer from -2147483648 to 4294967295',
    ],
    [
      'a large bigint',
      () => i64.const(2n ** 64n),
      'i64.const: constant is 18446744073709551616; it must be an integer of 64 bits',
    ],
    ['no number', () => f32.const('1' as never), 'f32.const: constant is 1; it must be a number'],
    [
      'an offset',
      () => i32.load(0, -4),
      'i32.load: offset is -4; it must be an integer from 0 to 4294967295',
    ],
    ['a short vector', () => v128.const([1, 2]), 'v128.const: got 2 bytes; a vector has 16'],
    [
      'a lane',
      () => v128.load32_lane(0, v128.const(new Uint8Array(16)), 4),
      'v128.load32_lane: lane is 4; it must be an integer from 0 to 3',
    ],
    ['set', () => set(x, i32.const(1) as never), 'set x: operand 1 is i32; it must be of type f32'],
    ['a global', () => global('f32', 'g', f32.add(1, 2)), 'global g: it must start from a constant'],
    ['a call', () => call(func('f', { y: 'f32' }, 'none', () => [])), 'call f: got 0 operands; it takes 1'],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(new AssemblerError('ASSEMBLER', message))
  })

  test.each<[string, DefinedFunction, string]>([
    [
      'a value that nobody uses',
      func('f', {}, 'none', () => [i32.const(1)]),
      'f: a statement leaves an i32; use or drop() it',
    ],
    [
      'a result of another type',
      func('f', {}, 'i32', () => [f32.const(1)]),
      'f: the last item of its body must be its result, of type i32',
    ],
    [
      'no result',
      func('f', {}, 'i32', () => []),
      'f: the last item of its body must be its result, of type i32',
    ],
    [
      'a return of another type',
      func('f', {}, 'i32', () => [return_(f32.const(1)), i32.const(1)]),
      "f: return_ gives f32; the function's result is i32",
    ],
    [
      'a return of nothing',
      func('f', {}, 'i32', () => [return_(), i32.const(1)]),
      "f: return_ gives none; the function's result is i32",
    ],
    [
      'a branch from outside',
      func('f', {}, 'none', () => {
        const labels: Label[] = []
        return [block((label) => (labels.push(label), [])), br(labels[0])]
      }),
      "f: a branch goes to a label that doesn't enclose it",
    ],
    [
      'an import that is not listed',
      func('f', {}, 'none', () => [call(importedFunction('host', 'log', {}, 'none'))]),
      "import host.log is called; list it in the module's imports",
    ],
  ])('%s', (_, f, message) => {
    expect(() => encodeModule({ exports: { f } })).toThrow(new AssemblerError('ASSEMBLER', message))
  })
})

test('the type checker refuses operands of another type', () => {
  const typed = (x: Local<'f32'>, y: Local<'i32'>) => {
    // @ts-expect-error an f32 is no i32
    i32.add(x, y)
    // @ts-expect-error a vector needs a vector
    v128.not(1)
    // @ts-expect-error lanes are needed
    return v128.load32_lane(y, v128.load(y))
  }
  expect(typed).toBeInstanceOf(Function)
})
