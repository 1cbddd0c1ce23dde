import type { Value, Tensor } from '@tapegrad/autograd'
import {
  add,
  arange,
  argmax,
  argmin,
  argsort,
  cast,
  concat,
  conv1d,
  div,
  equal,
  exp,
  grad,
  greater,
  less,
  logicalAnd,
  logicalNot,
  matmul,
  max,
  maximum,
  min,
  minimum,
  mul,
  neg,
  oneHot,
  norm,
  pad,
  pow,
  reciprocal,
  relu,
  reshape,
  round,
  sign,
  sin,
  square,
  sub,
  sum,
  take,
  takeAlongAxis,
  Tape,
  tensor,
  transpose,
  Variable,
  where,
  zeros,
} from '@tapegrad/autograd'
import { differentiable, jvp, vjp } from '@tapegrad/autograd'
import { compile } from '../src/compile.js'
import { elementsOf } from './support/steps.js'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each test calls its function with what it takes
type Function_ = (...inputs: any[]) => any

/** Compiled on one thread: what threads do is tested elsewhere. */
function compiled(f: Function_): (...inputs: unknown[]) => unknown {
  return compile(f as (...inputs: unknown[]) => unknown, { threads: 1 }) as (...inputs: unknown[]) => unknown
}

function int32(...elements: number[]): Tensor {
  return tensor(elements, { dtype: 'int32' })
}

/** The elements of both, which are told apart down to the sign of 0. */
function elementsOfBoth(f: Function_, ...inputs: (number | Tensor)[]): { compiled: unknown; eager: unknown } {
  return {
    compiled: elementsOf(compiled(f)(...inputs) as Tensor),
    eager: elementsOf(f(...inputs) as Tensor),
  }
}

function codeOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  return undefined
}

describe('results', () => {
  test('keep their structure, and what is no value stays as it is', () => {
    const settings = new Map([['rate', 0.1]])
    const f = compiled((x) => ({ list: [x, sin(x)], name: 'sine', nothing: null, settings }))
    const x = tensor([1, 2])
    const result = f(x) as { list: Tensor[]; name: string; nothing: null; settings: unknown }
    expect(Object.keys(result)).toEqual(['list', 'name', 'nothing', 'settings'])
    expect(result.list[0].toArray()).toEqual([1, 2])
    expect(result.list[1].shape).toEqual([2])
    expect(result.name).toBe('sine')
    expect(result.nothing).toBeNull()
    expect(result.settings).toBe(settings)
  })

  test('may be inputs, constants, and the same value twice', () => {
    const constant = tensor([[5, 6]])
    const f = compiled((x, y) => {
      const total = add(x, y)
      return [x, total, 3, constant, total, zeros([0, 2])]
    })
    const [x, first, three, five, second, nothing] = f(tensor([1, 2]), 4) as [
      Tensor,
      Tensor,
      number,
      Tensor,
      Tensor,
      Tensor,
    ]
    expect(x.toArray()).toEqual([1, 2])
    expect(first.toArray()).toEqual([5, 6])
    expect(second.toArray()).toEqual([5, 6])
    expect(three).toBe(3)
    expect(five.toArray()).toEqual([[5, 6]])
    expect(nothing.shape).toEqual([0, 2])
  })

  test('are copies: a later call leaves them alone', () => {
    const f = compiled((x) => add(x, 1))
    const first = f(tensor([1])) as Tensor
    f(tensor([10]))
    expect(first.toArray()).toEqual([2])
  })

  test('may be nothing at all', () => {
    expect(compiled(() => undefined)(tensor([1]))).toBeUndefined()
    expect(compiled(() => [])()).toEqual([])
  })

  test('of numbers are numbers, comparisons included', () => {
    const f = compiled((x, y) => [
      add(x, y),
      greater(x, y),
      logicalNot(x),
      argmax(x),
      where(less(x, y), x, y),
    ])
    expect(f(2, 3)).toEqual([5, 0, 0, 0, 2])
  })
})

describe('special values', () => {
  const special = tensor([NaN, Infinity, -Infinity, -0, 0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e30], {
    dtype: 'float64',
  })

  test.each([
    ['neg', neg],
    ['sign', sign],
    ['relu', relu],
    ['round', round],
    ['square', square],
    ['reciprocal', reciprocal],
    ['logicalNot', logicalNot],
    ['x + 0', (x: Value) => add(x, 0)],
    ['x − 0', (x: Value) => sub(x, 0)],
    ['x · 1', (x: Value) => mul(x, 1)],
    ['x · 0', (x: Value) => mul(x, 0)],
    ['x / 1', (x: Value) => div(x, 1)],
    ['x = x', (x: Value) => equal(x, x)],
    ['x where x > 0', (x: Value) => where(greater(x, 0), x, -0)],
    ['cast to bool', (x: Value) => cast(x, 'bool')],
    ['cast to float32', (x: Value) => cast(x, 'float32')],
    ['max', (x: Value) => max(x)],
    ['argmax', (x: Value) => argmax(x)],
  ] as [string, Function_][])('%s treats NaN, infinities and −0 as eager does', (_name, f) => {
    for (const dtype of ['float64', 'float32'] as const) {
      const both = elementsOfBoth(f, cast(special, dtype))
      expect(both.compiled).toEqual(both.eager)
    }
  })

  test('the first NaN is the largest and the smallest element, wherever it is', () => {
    const x = tensor([
      [1, NaN, 2],
      [Infinity, 5, NaN],
      [NaN, NaN, 1],
      [1, 2, 2],
      [-Infinity, NaN, NaN],
    ])
    for (const f of [argmax, argmin, max, min] as Function_[]) {
      const both = elementsOfBoth((y) => f(y, { axis: 1 }), x)
      expect(both.compiled).toEqual(both.eager)
    }
  })

  test('conditions of conditions pick in vectors what they pick one by one', () => {
    const [x, y] = [arange(-9, 10), arange(9, -10, -1)]
    const f = (a: Value, b: Value): Value =>
      where(where(greater(a, b), less(a, 5), logicalAnd(less(a, -3), logicalNot(equal(b, 7)))), a, b)
    const both = elementsOfBoth(f, x, y)
    expect(both.compiled).toEqual(both.eager)
  })

  test('maximum and minimum give NaN where either is, and tell 0 from −0', () => {
    const [x, y] = [reshape(special, [13, 1]), reshape(special, [1, 13])]
    for (const f of [maximum, minimum]) {
      const both = elementsOfBoth(f as Function_, x, y)
      expect(both.compiled).toEqual(both.eager)
    }
  })

  test('floats become integers as typed arrays convert them, however large', () => {
    const x = tensor(
      [1.9, -1.9, 2 ** 31, 2 ** 32 + 5, -(2 ** 33) - 7, 1e20, -1e25, 2 ** 63, NaN, Infinity, -0, 300.7, -1],
      {
        dtype: 'float64',
      },
    )
    for (const dtype of ['int32', 'uint8'] as const)
      for (const from of ['float64', 'float32'] as const) {
        const both = elementsOfBoth((y) => cast(y, dtype), cast(x, from))
        expect(both.compiled).toEqual(both.eager)
      }
  })

  test('a pad of 0 and one of −0 are two', () => {
    const f = compiled((x) => [pad(x, [[1, 0]], 0), pad(x, [[1, 0]], -0)])
    const [zero, negative] = f(tensor([1])) as [Tensor, Tensor]
    expect(zero.data[0]).toBe(0)
    expect(negative.data[0]).toBe(-0)
  })
})

describe('integers', () => {
  test('compare exactly with numbers and floats, also beyond 2²⁴', () => {
    const large = 2 ** 24
    const f = compiled((x, y, z) => [greater(x, y), equal(x, z), equal(x, large + 1)])
    const [beside, float, constant] = f(
      int32(large, large + 1, large + 2),
      large,
      tensor([large, large, large + 2]),
    ) as Tensor[]
    expect(beside.toArray()).toEqual([0, 1, 1])
    expect(float.toArray()).toEqual([1, 0, 1])
    expect(constant.toArray()).toEqual([0, 1, 0])
  })

  test('compare exactly with numbers that are no float32', () => {
    const f = compiled((x, y) => [equal(x, y), less(x, 2.00000001)])
    const bytes = tensor([1, 2, 3], { dtype: 'uint8' })
    const [equals, isLess] = f(bytes, 2.00000001) as Tensor[]
    expect(equals.toArray()).toEqual([0, 0, 0])
    expect(isLess.toArray()).toEqual([1, 1, 0])
  })

  test('are subtracted from numbers before they are rounded', () => {
    const both = elementsOfBoth((x, y) => sub(x, y), int32(16777217, -16777217), 16777216)
    expect(both.compiled).toEqual(both.eager)
  })

  test('wrap as eager wraps them', () => {
    const extreme = int32(-(2 ** 31), 2 ** 31 - 1, 65537, -3)
    const bytes = tensor([0, 1, 200, 255], { dtype: 'uint8' })
    for (const f of [square, neg, (x: Value) => add(x, x), (x: Value) => mul(x, x), (x: Value) => sub(1, x)])
      for (const x of [extreme, bytes]) {
        const both = elementsOfBoth(f as Function_, x)
        expect(both.compiled).toEqual(both.eager)
      }
  })

  test('give exact matrix products, also with other dtypes', () => {
    const a = tensor(
      [
        [1, 2],
        [3, -4],
      ],
      { dtype: 'int32' },
    )
    const b = tensor(
      [
        [5, 0],
        [1, 7],
      ],
      { dtype: 'uint8' },
    )
    const f = compiled((x, y) => [matmul(x, y), matmul(x, cast(y, 'float64')), matmul(y, y)])
    const [whole, mixed, bytes] = f(a, b) as Tensor[]
    expect([whole.dtype, mixed.dtype, bytes.dtype]).toEqual(['int32', 'float64', 'uint8'])
    expect(whole.toArray()).toEqual([
      [7, 14],
      [11, -28],
    ])
    expect(mixed.toArray()).toEqual([
      [7, 14],
      [11, -28],
    ])
    expect(bytes.toArray()).toEqual([
      [25, 0],
      [12, 49],
    ])
  })
})

test('powers of integers are whole, and cut off as eager cuts them off', () => {
  const bases = [-3, -2, -1, 0, 1, 2, 3, 7, 10]
  const exponents = [-2, -1, 0, 1, 2, 3, 9]
  const [x, y] = [reshape(int32(...bases), [9, 1]), int32(...exponents)]
  const both = elementsOfBoth((a, b) => pow(a, b), x, y)
  expect(both.compiled).toEqual(both.eager)
  const bytes = elementsOfBoth((a) => pow(a, a), tensor([0, 1, 2, 3, 4], { dtype: 'uint8' }))
  expect(bytes.compiled).toEqual(bytes.eager)
})

test('norms neither overflow nor vanish, and are NaN, infinite or 0 where eager has them so', () => {
  const rows = [
    [3e200, 4e200],
    [3e-200, 4e-200],
    [0, 0],
    [Infinity, 1],
    [NaN, 1],
    [NaN, Infinity],
    [3, -4],
  ]
  const x = tensor(rows, { dtype: 'float64' })
  const both = elementsOfBoth((y) => norm(y, { axis: 1 }), x)
  expect(both.compiled).toEqual(both.eager)
  expect((compiled((y) => norm(y))(tensor([3e30, 4e30])) as Tensor).item()).toBeCloseTo(5e30, -25)
  expect((compiled((y) => norm(y, { axis: 0 }))(zeros([0, 2])) as Tensor).toArray()).toEqual([0, 0])
  expect(compiled((y) => norm(y))(-3)).toBe(3)
})

describe('indices', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])

  test('count from the end where negative', () => {
    expect((compiled((i) => take(x, i, 1))(int32(-1, 0, -3)) as Tensor).toArray()).toEqual([
      [3, 1, 1],
      [6, 4, 4],
    ])
  })

  test.each([
    ['take', (i: Value) => take(x, i, 1), int32(0, 3)],
    ['take from below', (i: Value) => take(x, i, 1), int32(0, -4)],
    ['take by a number', (i: Value) => take(x, i), 2],
    ['take by a fraction', (i: Value) => take(x, i), 0.5],
    ['take by NaN', (i: Value) => take(x, i), NaN],
    ['take by a number that would wrap', (i: Value) => take(x, i), 2 ** 32],
    ['take by a constant', (i: Value) => mul(i, take(x, 2)), 1],
    ['takeAlongAxis', (i: Value) => takeAlongAxis(x, i, 1), tensor([[0], [3]], { dtype: 'int32' })],
    ['oneHot', (i: Value) => oneHot(i, 3), int32(0, 3)],
    ['oneHot of a negative', (i: Value) => oneHot(i, 3), int32(0, -1)],
    [
      'oneHot in another computation',
      (i: Value) => sum(mul(oneHot(i, 3, { dtype: 'float64' }), 2)),
      int32(4),
    ],
    ['an empty axis', (i: Value) => take(zeros([0, 2]), i), int32(0)],
    [
      'the gradient of take',
      (i: Value) => grad((w: Variable) => sum(take(w, i, 1)))(x as unknown as Variable),
      int32(3),
    ],
  ] as [string, Function_, number | Tensor][])('out of bounds are an IndexError: %s', (_name, f, index) => {
    expect(codeOf(() => f(index))).toBe('INDEX_OUT_OF_BOUNDS')
    const fast = compiled(f)
    expect(() => fast(index)).toThrow('out of bounds')
    expect(codeOf(() => fast(index))).toBe('INDEX_OUT_OF_BOUNDS')
  })

  test.each([
    ['take', (i: Value) => take(x, i, 1), 3],
    ['take from below', (i: Value) => take(x, i, 1), -4],
    ['takeAlongAxis', (i: Value) => takeAlongAxis(x, reshape(concat([i, i]), [2, 1]), 1), 3],
    ['oneHot', (i: Value) => oneHot(i, 3), 3],
    ['oneHot of a negative', (i: Value) => oneHot(i, 3), -1],
    ['an empty axis', (i: Value) => take(zeros([0, 2]), i), 0],
    [
      'the gradient of take',
      (i: Value) => grad((w: Variable) => sum(take(w, i, 1)))(x as unknown as Variable),
      3,
    ],
  ] as [string, Function_, number][])(
    'that are computed, and out of bounds, are too: %s',
    (_name, f, index) => {
      const computed = compiled((i: Value) => f(sub(mul(i, i), i)))
      // The index is i² − i, of int32.
      const from = compiled((i: Value, j: Value) => f(sub(mul(i, i), j)))
      expect(codeOf(() => from(int32(0), int32(-index)))).toBe('INDEX_OUT_OF_BOUNDS')
      if (index === 0) return
      expect(() => computed(int32(1))).not.toThrow()
      expect(codeOf(() => computed(int32(9)))).toBe('INDEX_OUT_OF_BOUNDS')
    },
  )

  test.each([0.5, NaN, Infinity, 2 ** 32])(
    'that are computed of numbers, such as %s, are checked too',
    (index) => {
      const f = compiled((i: Value) => take(x, mul(i, 2)))
      expect(codeOf(() => f(index / 2))).toBe('INDEX_OUT_OF_BOUNDS')
      expect((f(-0.5) as Tensor).toArray()).toEqual([4, 5, 6])
    },
  )

  test('out of bounds once leave later calls alone', () => {
    const f = compiled((i) => take(x, i, 1))
    expect(() => f(int32(7))).toThrow('out of bounds')
    expect((f(int32(1)) as Tensor).toArray()).toEqual([[2], [5]])
  })
})

describe('arrays without elements', () => {
  test.each([
    ['sum over nothing', (x: Value) => sum(x, { axis: 0 }), [0, 3]],
    ['elementwise', (x: Value) => exp(add(x, 1)), [3, 0]],
    ['a product of nothing', (x: Value) => matmul(x, transpose(x)), [2, 0]],
    ['a product with no rows', (x: Value) => matmul(x, transpose(x)), [0, 3]],
    ['a batch of no products', (x: Value) => matmul(x, x, { transposeB: true }), [0, 2, 3]],
    ['concat', (x: Value) => concat([x, x, zeros([1, 3])]), [0, 3]],
    [
      'pad',
      (x: Value) =>
        pad(
          x,
          [
            [1, 1],
            [0, 0],
          ],
          2,
        ),
      [0, 3],
    ],
    ['reshape', (x: Value) => reshape(x, [0, 5]), [0, 3]],
    ['take nothing', (x: Value) => take(x, zeros([0], { dtype: 'int32' })), [2, 3]],
    [
      'the gradient of a product of nothing',
      (x: Value) => derivative((y) => matmul(y, transpose(y)), x),
      [2, 0],
    ],
  ] as [string, Function_, number[]][])('%s', (_name, f, shape) => {
    const x = zeros(shape)
    const [fast, eager] = [compiled(f)(x) as Tensor, f(x) as Tensor]
    expect(fast.shape).toEqual(eager.shape)
    expect(elementsOf(fast)).toEqual(elementsOf(eager))
  })

  function derivative(f: (x: Value) => Value, x: Value): Value {
    return grad((y: Variable) => sum(f(y)))(x as Variable)
  }
})

describe('tracing', () => {
  function counted(f: Function_): { fast: (...inputs: unknown[]) => unknown; calls: () => number } {
    let calls = 0
    const fast = compiled((...inputs) => {
      calls++
      return f(...inputs)
    })
    return { fast, calls: () => calls }
  }

  test('happens once for each kind, shape, dtype and structure', () => {
    const { fast, calls } = counted((x) => add(x, 1))
    fast(1)
    fast(2)
    expect(calls()).toBe(1)
    fast(tensor([1]))
    fast(tensor([2]))
    expect(calls()).toBe(2)
    fast(tensor([1, 2]))
    expect(calls()).toBe(3)
    fast(tensor([1, 2], { dtype: 'float64' }))
    expect(calls()).toBe(4)
  })

  test('tells structures apart that have the same leaves', () => {
    const f = compiled(((x: unknown) => JSON.stringify(x)) as Function_)
    expect(f([])).toBe('[]')
    expect(f({})).toBe('{}')
    expect(f([[]])).toBe('[[]]')
    expect(f([{}])).toBe('[{}]')
    expect(f({ a: [] })).toBe('{"a":[]}')
    const counts = compiled((...inputs) => inputs.length)
    expect([counts(), counts([]), counts([], [])]).toEqual([0, 1, 2])
  })

  test('tells leaves apart that are no values', () => {
    const f = compiled(((x: Value, how: string) => (how === 'double' ? mul(x, 2) : x)) as Function_)
    expect(f(3, 'double')).toBe(6)
    expect(f(3, 'same')).toBe(3)
    const g = compiled((...names) => names.join('|'))
    expect(g('a;[1]=string b', 'c')).toBe('a;[1]=string b|c')
    expect(g('a', 'b;[2]=string c')).toBe('a|b;[2]=string c')
    expect([g('null'), g(null), g(undefined), g(true), g('true')]).toEqual(['null', '', '', 'true', 'true'])
    expect(compiled((h) => (h as unknown as () => number)())(() => 7)).toBe(7)
  })

  test('tells keys apart, and takes them in their order', () => {
    const f = compiled(((x: Record<string, Value>) =>
      Object.values(x).reduce((total, y): Value => sub(mul(total, 10), y))) as Function_)
    expect(f({ a: 1, b: 2 })).toBe(8)
    expect(f({ b: 1, a: 2 })).toBe(8)
    expect(f({ 'a:number[];b': 1, b: 2 })).toBe(8)
  })

  test('happens again where it failed', () => {
    let fails = true
    const f = compiled((x) => {
      if (fails) throw new Error('not yet')
      return add(x, 1)
    })
    expect(() => f(1)).toThrow('not yet')
    fails = false
    expect(f(1)).toBe(2)
  })

  test('makes a constant of what the function puts on the tape itself', () => {
    const f = compiled((x) => add(x, (x as Variable).tape.variable(2)))
    expect(f(1)).toBe(3)
    expect(f(5)).toBe(7)
  })
})

describe('a compiled function called on Variables', () => {
  test('runs the function itself, so that it can be differentiated', () => {
    const f = compile((x: Variable) => sum(square(x)), { threads: 1 })
    expect(
      (
        grad(f as (x: Variable) => Value)(tensor([1, 2, 3]) as unknown as Variable) as unknown as Tensor
      ).toArray(),
    ).toEqual([2, 4, 6])
    const tape = new Tape()
    expect(f(tape.variable(3))).toBeInstanceOf(Variable)
  })

  test('is traced through in another compiled function', () => {
    const inner = compiled((x) => [sin(x), 'inner'])
    const outer = compiled((x) => (inner(mul(x, 2)) as [Value, string])[0])
    expect(outer(0.5)).toBeCloseTo(Math.sin(1), 12)
  })
})

describe('what cannot be compiled', () => {
  test.each([
    ['data', (x: Variable) => x.data],
    ['item()', (x: Variable) => x.item()],
    ['toArray()', (x: Variable) => x.toArray()],
    ['data of a result', (x: Variable) => sin(x).data],
  ] as [string, Function_][])('reading %s of a traced value', (_name, f) => {
    expect(codeOf(() => compiled(f)(tensor([1])))).toBe('SYMBOLIC')
  })

  test('a custom function that reads data is named', () => {
    const opaque = differentiable('myKernel', {
      forward: (x: Value) => tensor([...(x as Tensor).data]),
      backward: (upstream) => [upstream],
    })
    expect(() => compiled((x) => opaque(x))(tensor([1]))).toThrow('myKernel')
    expect(codeOf(() => compiled((x) => opaque(x))(tensor([1])))).toBe('OPAQUE')
  })

  test('a Variable of a foreign tape, used or returned', () => {
    const foreign = new Tape().variable(2)
    expect(codeOf(() => compiled((x) => add(x, foreign))(1))).toBe('FOREIGN_VARIABLE')
    expect(codeOf(() => compiled(() => foreign)(1))).toBe('FOREIGN_VARIABLE')
  })

  test('a Variable leaked from a transform inside', () => {
    const f = compiled((x) => {
      let leaked: Value = 0
      grad((y: Variable) => {
        leaked = mul(y, 2)
        return leaked
      })(x as Variable)
      return leaked
    })
    expect(codeOf(() => f(1))).toBe('FOREIGN_VARIABLE')
  })

  test('an operation without a lowering is named', () => {
    expect(() => compiled((x) => argsort(x))(tensor([2, 1]))).toThrow('argsort')
    expect(codeOf(() => compiled((x) => argsort(x))(tensor([2, 1])))).toBe('NOT_COMPILABLE')
  })

  test('a function that returns a Promise', () => {
    expect(codeOf(() => compiled((x) => Promise.resolve(x))(1))).toBe('PROMISE')
  })
})

describe('derivatives inside', () => {
  test('nest to any order', () => {
    const third = compiled((x) => {
      const f = (y: Variable): Value => mul(mul(y, y), mul(y, y))
      return grad((a: Variable) => grad((b: Variable) => grad(f)(b))(a))(x as Variable)
    })
    expect(third(2)).toBe(48)
  })

  test('in forward and reverse mode agree with those outside', () => {
    const f = (x: Value): Value => sum(mul(sin(x), exp(x)))
    const x = tensor([0.1, -0.7, 1.3], { dtype: 'float64' })
    const direction = tensor([1, 2, 3], { dtype: 'float64' })
    const inside = compiled((y) => [jvp(f, [y], [direction]).tangent, vjp(f, [y]).pullback(1)[0]])(x) as [
      Tensor,
      Tensor,
    ]
    const outside = [jvp(f, [x], [direction]).tangent, vjp(f, [x]).pullback(1)[0]] as [Tensor, Tensor]
    inside.forEach((derivative, k) => {
      derivative.data.forEach((element, i) => {
        expect(element).toBeCloseTo(outside[k].data[i], 12)
      })
    })
  })
})

test.each(['float32', 'float64', 'int32', 'uint8', 'bool'] as const)(
  'convolutions of %s are what they are eagerly',
  (dtype) => {
    const convolve = (x: Value, w: Value): Value => conv1d(x, w, { padding: 1 })
    const x = tensor([[[0, 1, 3, 0, 2, 5]]], { dtype })
    const w = tensor([[[1, 0, 2]], [[3, 1, 1]]], { dtype })
    expect(compile(convolve, { threads: 1 })(x, w)).toEqual(convolve(x, w))
  },
)
