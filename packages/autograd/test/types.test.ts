/** What TypeScript makes of the results: checked by the compiler, run to see that values agree with their types. */
import { test } from '@fast-check/jest'
import type { Value } from '@tapegrad/autograd'
import {
  Tape,
  Tensor,
  Variable,
  add,
  grad,
  mul,
  numericalGradient,
  sum,
  tensor,
  valueAndGrad,
} from '@tapegrad/autograd'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Nothing more to pass where the types are the same, else an argument that nobody has. */
type Proof<Actual, Expected> = Same<Actual, Expected> extends true ? [] : [{ expected: Expected }]

/** Compiles only where the value's type is exactly Expected; gives the value back. */
function hasType<Expected>() {
  return <Actual>(...[value]: [value: Actual, ...Proof<Actual, Expected>]): Actual => value
}

const tape = new Tape()
const x = tensor([1, 2])
const v: Variable = tape.variable(x)

describe('operations', () => {
  test('join the types of their arguments', () => {
    expect(hasType<number>()(add(1, 2))).toBe(3)
    expect(hasType<Tensor>()(add(x, 2))).toBeInstanceOf(Tensor)
    expect(hasType<Tensor>()(add(1, x))).toBeInstanceOf(Tensor)
    expect(hasType<Variable>()(add(v, 2))).toBeInstanceOf(Variable)
    expect(hasType<Variable>()(add(x, v))).toBeInstanceOf(Variable)
    expect(hasType<Variable>()(v.mul(2).sum())).toBeInstanceOf(Variable)
    expect(hasType<Tensor>()(x.mul(2))).toBeInstanceOf(Tensor)
  })
})

describe('grad', () => {
  const square = (x: Variable): Variable => sum(mul(x, x))

  test('gives the type of the argument', () => {
    expect(hasType<number>()(grad(square)(3))).toBe(6)
    expect(hasType<Tensor>()(grad(square)(x))).toBeInstanceOf(Tensor)
    expect(hasType<Variable>()(grad(square)(v))).toBeInstanceOf(Variable)
  })

  test('gives a list for a list of argnums', () => {
    const product = (x: Variable, y: Variable): Variable => sum(mul(x, y))
    expect(hasType<[number, Tensor]>()(grad(product, [0, 1])(3, x))).toHaveLength(2)
    expect(hasType<[Tensor]>()(grad(product, [1])(3, x))).toHaveLength(1)
    expect(hasType<Tensor>()(grad(product, 1)(3, x))).toBeInstanceOf(Tensor)
  })

  test('gives trees for trees', () => {
    const loss = (params: { W: Variable; layers: Variable[]; name: string }): Variable => sum(params.W)
    const gradient = grad(loss)({ W: x, layers: [1, 2], name: 'net' })
    hasType<{ W: Tensor; layers: number[]; name: string }>()(gradient)
    expect(gradient.name).toBe('net')
  })

  test('takes parameters without annotations for variables, and any values for arguments', () => {
    expect(grad((a, b) => mul(a, b))(2, 3)).toBe(3)
    hasType<Value>()(grad(square)(x as Value))
  })

  test('nests', () => {
    const cube = (x: Variable): Variable => mul(mul(x, x), x)
    expect(hasType<number>()(grad(grad(cube))(2))).toBe(12)
  })

  test('does not compile where arguments do not fit', () => {
    // @ts-expect-error -- text is no value
    expect(() => grad(square)('1')).toThrow()
    // @ts-expect-error -- the function must return a value
    expect(() => grad((x: Variable) => [x])(1)).toThrow()
  })
})

describe('valueAndGrad', () => {
  test('types value, gradient and aux', () => {
    const { value, gradient } = valueAndGrad((x: Variable) => mul(x, x))(3)
    hasType<Value>()(value)
    expect(hasType<number>()(gradient)).toBe(6)

    const withAux = valueAndGrad(
      (x: Variable): [Variable, { y: Variable; name: string }] => [x, { y: x, name: 'y' }],
      0,
      {
        aux: true,
      },
    )(3)
    hasType<{ y: Value; name: string }>()(withAux.aux)
    expect(hasType<number>()(withAux.gradient)).toBe(1)
  })
})

describe('numericalGradient', () => {
  test('is typed as grad is', () => {
    const square = (x: Variable): Variable => sum(mul(x, x))
    expect(hasType<Tensor>()(numericalGradient(square)(x))).toBeInstanceOf(Tensor)
    expect(hasType<number>()(numericalGradient(square)(3))).toBeCloseTo(6)
    expect(hasType<[number]>()(numericalGradient(square, [0])(3))).toHaveLength(1)
  })
})

describe('tape.gradient', () => {
  test('keeps the structure of its sources', () => {
    const [a, b] = [tape.variable(2), tape.variable(3)]
    const target = mul(a, b)
    hasType<Value>()(tape.gradient(target, a as Variable))
    hasType<Value[]>()(tape.gradient(target, [a, b] as Variable[]))
    hasType<{ a: Value; rest: [Value, string] }>()(
      tape.gradient(target, { a, rest: [b, 'name'] } as { a: Variable; rest: [Variable, string] }),
    )
    expect(tape.gradient(target, [a, b])).toEqual([3, 2])
  })
})
