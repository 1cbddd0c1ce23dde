/** What TypeScript makes of the results: checked by the compiler, run to see that values agree with their types. */
import { test } from '@fast-check/jest'
import type { Value } from '@tapegrad/autograd'
import {
  Tape,
  Tensor,
  Variable,
  add,
  checkpoint,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  mul,
  numericalGradient,
  sum,
  tensor,
  valueAndGrad,
  vjp,
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

describe('jvp and vjp', () => {
  const layer = (p: { W: Variable; name: string }, x: Variable): { y: Variable; note: string } => ({
    y: mul(p.W, x),
    note: p.name,
  })

  test('peel the result, and give pullbacks the types of the primals', () => {
    const { value, pullback } = vjp(layer, [{ W: x, name: 'net' }, 3])
    hasType<{ y: Value; note: string }>()(value)
    const derivatives = hasType<[{ W: Tensor; name: string }, number]>()(
      pullback({ y: tensor([1, 1]), note: 'net' }),
    )
    expect(derivatives[1]).toBe(3)
  })

  test('give tangents the type of the value', () => {
    const { value, tangent } = jvp(layer, [{ W: x, name: 'net' }, 3], [{ W: x, name: 'net' }, 1])
    hasType<{ y: Value; note: string }>()(value)
    hasType<{ y: Value; note: string }>()(tangent)
    expect(tangent.note).toBe('net')
  })

  test('do not compile where primals do not fit', () => {
    // @ts-expect-error -- text is no value
    expect(() => vjp((y: Variable) => y, ['1'])).toThrow()
    // @ts-expect-error -- one primal too few
    expect(() => jvp((y: Variable, z: Variable) => mul(y, z), [1], [1])).toThrow()
  })
})

describe('jacobian, hessian and hvp', () => {
  const f = (p: { a: Variable; b: Variable }, y: Variable): Variable => mul(sum(mul(p.a, p.b)), y)

  test('give trees of the result with trees of the argument in them', () => {
    const gives = (p: { a: Variable; b: Variable }): { u: Variable; v: [Variable] } => ({ u: p.a, v: [p.b] })
    const jacobians = hasType<{
      u: { a: Tensor; b: number | Tensor }
      v: [{ a: Tensor; b: number | Tensor }]
    }>()(jacobian(gives)({ a: x, b: 3 }))
    expect(jacobians.v[0].b).toBe(1)
    expect(hasType<number | Tensor>()(jacobian((y: Variable) => mul(y, y))(3))).toBe(6)
  })

  test('give lists for lists of argnums', () => {
    const product = (y: Variable, z: Variable): Variable => mul(y, z)
    expect(hasType<[number | Tensor, Tensor]>()(jacobian(product, [0, 1])(3, x))).toHaveLength(2)
    const blocks = hasType<[[number, number], [number, number]]>()(hessian(product, [0, 1])(3, 5))
    expect(blocks).toEqual([
      [0, 1],
      [1, 0],
    ])
  })

  test('give trees of the gradient with trees of the argument in them', () => {
    const blocks = hasType<{
      a: { a: Tensor; b: Tensor }
      b: { a: Tensor; b: number }
    }>()(hessian(f)({ a: x, b: 3 }, 2))
    expect(blocks.b.b).toBe(0)
    const products = hasType<[{ a: Tensor; b: number }, number]>()(
      hvp(f, [{ a: x, b: 3 }, 2], [{ a: x, b: 0 }, 0]),
    )
    expect(products).toHaveLength(2)
  })
})

describe('checkpoint', () => {
  test('has the type of its function', () => {
    const layer = checkpoint((p: { W: Variable }, scale: number): Variable => mul(p.W, scale))
    hasType<[p: { W: Variable }, scale: number]>()([] as unknown as Parameters<typeof layer>)
    expect(hasType<Variable>()(layer({ W: v }, 2))).toBeInstanceOf(Variable)
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
