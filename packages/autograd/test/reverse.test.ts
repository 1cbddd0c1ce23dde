import { fc, test } from '@fast-check/jest'
import type { Value, Variable } from '@tapegrad/autograd'
import {
  Tape,
  Tensor,
  add,
  argmax,
  cast,
  differentiable,
  exp,
  greater,
  mul,
  numericalGradient,
  relu,
  sin,
  sub,
  sum,
  take,
  tensor,
  where,
} from '@tapegrad/autograd'
import { program, programInputs, run, trace, wholeTensor } from './support/arbitraries.js'
import { plain } from './support/plain.js'

describe("the book's examples", () => {
  function apples(): {
    tape: Tape
    apple: Variable
    count: Variable
    tax: Variable
    cost: Variable
    price: Variable
  } {
    const tape = new Tape()
    const [apple, count, tax] = [
      tape.variable(100, 'apple'),
      tape.variable(2, 'count'),
      tape.variable(1.1, 'tax'),
    ]
    const cost = mul(apple, count)
    return { tape, apple, count, tax, cost, price: mul(cost, tax) }
  }

  test('two apples with tax', () => {
    const { tape, apple, count, tax, price } = apples()
    expect(price.value).toBe(220.00000000000003)
    expect(tape.gradient(price, [apple, count, tax])).toEqual([2.2, 110.00000000000001, 200])
  })

  test('apples and oranges', () => {
    const tape = new Tape()
    const [apple, apples, orange, oranges, tax] = [100, 2, 150, 3, 1.1].map((x) => tape.variable(x))
    const [applePrice, orangePrice] = [mul(apple, apples), mul(orange, oranges)]
    const cost = add(applePrice, orangePrice)
    const price = mul(cost, tax)
    expect(price.value).toBe(715.0000000000001)
    expect(tape.gradient(price, [apples, apple, orange, oranges, tax])).toEqual([
      110.00000000000001, 2.2, 3.3000000000000003, 165, 650,
    ])
    expect(tape.gradient(price, [applePrice, orangePrice, cost])).toEqual([1.1, 1.1, 1.1])
  })

  test('intermediates beside leaves, and alone', () => {
    const { tape, apple, cost, price } = apples()
    expect(tape.gradient(price, [cost, apple])).toEqual([1.1, 2.2])
    expect(tape.gradient(price, cost)).toBe(1.1)
  })
})

describe('the reverse walk', () => {
  test('ends at a source that is itself the result of one input', () => {
    const tape = new Tape()
    const y = exp(tape.variable(2))
    expect(tape.gradient(mul(y, 3), y)).toBe(3)
    const z = exp(tape.variable(tensor([2])))
    expect(tape.gradient(sum(mul(z, 3)), z)).toEqual(tensor([3]))
  })

  test('calls rules only for entries between sources and target', () => {
    const called: string[] = []
    const watched = (name: string): ((...xs: Value[]) => Variable) =>
      differentiable(name, {
        forward: (...xs: Value[]) => xs.reduce((total, x) => add(total, x)),
        backward: (upstream, { inputs }) => {
          called.push(name)
          return inputs.map(() => upstream)
        },
      }) as (...xs: Value[]) => Variable
    const tape = new Tape()
    const [a, b] = [tape.variable(1), tape.variable(2)]
    const beforeSource = watched('beforeSource')(a)
    const source = watched('source')(beforeSource)
    const beside = watched('beside')(b)
    const between = watched('between')(source, beside)
    watched('unused')(between)
    const target = watched('target')(between)
    watched('afterTarget')(target)

    expect(tape.gradient(target, source)).toBe(1)
    expect(called).toEqual(['target', 'between'])
    called.length = 0
    expect(tape.gradient(target, [a, source])).toEqual([1, 1])
    expect(called).toEqual(['target', 'between', 'source', 'beforeSource'])
    called.length = 0
    expect(tape.gradient(target, target)).toBe(1)
    expect(tape.gradient(source, [b, target])).toEqual([0, 0])
    expect(called).toEqual([])
  })

  test('asks rules only for inputs that lead to a source', () => {
    const tape = new Tape()
    const [x, images] = [tape.variable(2), tape.variable(tensor([1, 2]))]
    const asked = jest.fn()
    const watched = differentiable('watched', {
      forward: (x: Value) => x,
      backward: (upstream) => {
        asked()
        return [upstream]
      },
    })
    const scaled = watched(images as Value) as Variable
    expect(tape.gradient(sum(mul(x, scaled)), x)).toBe(3)
    expect(asked).not.toHaveBeenCalled()
  })

  test('passes no derivative through integers, comparisons and indices', () => {
    const tape = new Tape()
    const x = tape.variable(tensor([1, 3]))
    expect(tape.gradient(sum(mul(cast(cast(x, 'int32'), 'float32'), x)), x)).toEqual(tensor([1, 3]))
    expect(tape.gradient(sum(mul(greater(x, 2), x)), x)).toEqual(tensor([0, 1]))
    expect(tape.gradient(sum(take(x, argmax(x))), x)).toEqual(tensor([0, 1]))
    expect(tape.gradient(sum(where(x, 5, 7)), x)).toEqual(tensor([0, 0]))
  })

  test.prop([program, programInputs])('agrees with differences where nothing bends', (steps, inputs) => {
    // At most two steps: of a polynomial of degree 4 at small numbers, the third derivative is small enough.
    const smooth = steps
      .filter(({ operation }) => !['abs', 'relu', 'maximum'].includes(operation))
      .slice(0, 2)
    const f = (...xs: Value[]): Value => run(smooth, xs)
    const tape = new Tape()
    const variables = inputs.map((input) => tape.variable(input))
    const gradient = tape.gradient(f(...variables) as Variable, variables)
    const argnums = inputs.map((_, k) => k)
    const numerical = numericalGradient(f as (...xs: Variable[]) => Value, argnums)(...(inputs as never[]))
    const elements = (xs: readonly Value[]): number[] =>
      xs.flatMap((x) => (typeof x === 'number' ? [x] : Array.from(x.data)))
    const expected = elements(numerical)
    elements(gradient).forEach((element, i) => {
      expect(Math.abs(element - expected[i])).toBeLessThanOrEqual(1e-3 * (1 + Math.abs(element)))
    })
  })
})

describe('laws of the gradient', () => {
  const whole = fc.integer({ min: -3, max: 3 })
  const gradientOf = (f: (xs: Variable[]) => Value, inputs: readonly Value[], upstream?: Value): Value[] => {
    const tape = new Tape()
    const variables = inputs.map((input) => tape.variable(input))
    const options = upstream === undefined ? {} : { upstream }
    return tape.gradient(f(variables) as Variable, variables, options)
  }
  const combine = (a: number, xs: Value[], b: number, ys: Value[]): Value[] =>
    xs.map((x, k): Value => add(mul(a, x), mul(b, ys[k])))

  test.prop([program, program, programInputs])(
    'the gradient of a sum is the sum of gradients',
    (f, g, inputs) => {
      const [ofF, ofG] = [f, g].map((steps) => gradientOf((xs) => add(run(steps, xs), mul(0, xs[0])), inputs))
      const ofSum = gradientOf((xs) => add(add(run(f, xs), run(g, xs)), mul(0, xs[0])), inputs)
      expect(plain(ofSum)).toEqual(plain(combine(1, ofF, 1, ofG)))
    },
  )

  test.prop([program, programInputs, wholeTensor([2, 3]), wholeTensor([2, 3]), whole, whole])(
    'the gradient is linear in upstream',
    (steps, inputs, u, v, a, b) => {
      const f = (xs: Variable[]): Value =>
        add(trace(steps, xs).at(-1)!, mul(0, tensor(new Float64Array(6), { shape: [2, 3] })))
      const g = (xs: Variable[]): Value => add(f(xs), mul(0, xs[0]))
      expect(plain(gradientOf(g, inputs, add(mul(a, u), mul(b, v))))).toEqual(
        plain(combine(a, gradientOf(g, inputs, u), b, gradientOf(g, inputs, v))),
      )
    },
  )

  test.prop([program, programInputs])(
    'asking for many sources at once is asking for each',
    (steps, inputs) => {
      const tape = new Tape()
      const variables = inputs.map((input) => tape.variable(input))
      const values = trace(steps, variables) as Variable[]
      const target = sum(values.at(-1)!)
      const each = values.map((value) => tape.gradient(target, value))
      expect(plain(tape.gradient(target, values))).toEqual(plain(each))
    },
  )

  test.prop([program, programInputs])(
    'walking again gives the same, and records nothing',
    (steps, inputs) => {
      const tape = new Tape()
      const variables = inputs.map((input) => tape.variable(input))
      const target = run(steps, variables) as Variable
      const { length } = tape
      const first = plain(tape.gradient(target, variables))
      expect(plain(tape.gradient(target, variables))).toEqual(first)
      expect(tape.length).toBe(length)
    },
  )

  test.prop([program, programInputs])(
    'derivatives have the kind, shape and dtype of their sources',
    (steps, inputs) => {
      const single = inputs.map((input) =>
        input instanceof Tensor ? tensor(input, { dtype: 'float32' }) : input,
      )
      for (const sources of [inputs, single]) {
        const gradients = gradientOf((xs) => add(run(steps, xs), mul(0, xs[0])), sources)
        const form = (xs: readonly Value[]): unknown =>
          xs.map((x) => (typeof x === 'number' ? 'number' : [x.dtype, x.shape]))
        expect(form(gradients)).toEqual(form(sources))
      }
    },
  )
})

describe('adding in place', () => {
  const copyOf = (x: Value): Value => (x instanceof Tensor ? new Tensor(x.data.slice(), x.shape, x.dtype) : x)

  test.prop([program, programInputs, wholeTensor([2, 3])])(
    'changes neither inputs, nor values on the tape, nor upstream, nor answers given before',
    (steps, inputs, upstream) => {
      const tape = new Tape()
      const variables = inputs.map((input) => tape.variable(input))
      const last = trace(steps, variables).at(-1)!
      const target = add(
        add(last, mul(0, tensor(new Float64Array(6), { shape: [2, 3] }))),
        mul(0, variables[0]),
      ) as Variable
      const watched = [...tape.entries.map(({ value }) => value), upstream]
      const answers = tape.gradient(target, variables, { upstream })
      const all = [...watched, ...answers]
      const before = all.map(copyOf)
      tape.gradient(target, variables, { upstream })
      tape.gradient(mul(2, target), [...variables, target], { upstream })
      expect(plain(all)).toEqual(plain(before))
    },
  )

  test('leaves a derivative alone that a rule hands to several inputs', () => {
    const handedOut: Value[] = []
    const fork = differentiable('fork', {
      forward: (x: Value, y: Value) => add(x, y),
      backward: (upstream) => {
        const derivative = mul(upstream, 2)
        handedOut.push(derivative)
        return [derivative, derivative]
      },
    })
    const tape = new Tape()
    const [x, y] = [tape.variable(tensor([1, 2])), tape.variable(tensor([3, 4]))]
    // x gets three contributions more, the third added in place; y must not see them.
    const target = sum(add(add(add(fork(x as Value, y as Value), x), x), x))
    expect(tape.gradient(target, [x, y])).toEqual([tensor([5, 5]), tensor([2, 2])])
    expect(handedOut).toEqual([tensor([2, 2])])
  })

  test('leaves upstream alone where it goes to several inputs', () => {
    const upstream = tensor([1, 1])
    const tape = new Tape()
    const x = tape.variable(tensor([1, 2]))
    const target = add(add(add(x, x), x), x)
    expect(tape.gradient(target, [x, target], { upstream })).toEqual([tensor([4, 4]), upstream])
    expect(upstream).toEqual(tensor([1, 1]))
  })

  test('leaves values on the tape alone that rules hand out as derivatives', () => {
    const factor = tensor([2, 3])
    const scale = differentiable('scale', {
      forward: (x: Value) => mul(x, factor),
      backward: () => [factor],
    })
    const tape = new Tape()
    const x = tape.variable(tensor([1, 1]))
    const terms = [1, 2, 3, 4].map(() => scale(x as Value))
    expect(tape.gradient(sum(terms.reduce((total, term) => add(total, term))) as Variable, x)).toEqual(
      tensor([8, 12]),
    )
    expect(factor).toEqual(tensor([2, 3]))
  })

  test('adds numbers and tensors of other kinds up as well', () => {
    const tape = new Tape()
    const x = tape.variable(2)
    const y = add(mul(x, tensor([1, 2])), mul(x, 3))
    expect(tape.gradient(sum(sub(y, x)), x)).toBe(3 + 6 - 2)
    expect(tape.gradient(sin(relu(x)), x)).toBe(Math.cos(2))
  })
})
