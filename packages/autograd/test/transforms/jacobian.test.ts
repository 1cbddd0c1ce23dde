import { fc, test } from '@fast-check/jest'
import type { Tensor, Value, Variable } from '@tapegrad/autograd'
import {
  ArgumentError,
  DTypeError,
  TapeError,
  add,
  argmax,
  determinant,
  diagonal,
  div,
  exp,
  eye,
  grad,
  hessian,
  hvp,
  inverse,
  jacobian,
  jvp as jvpTransform,
  logDeterminant,
  logSumExp,
  matmul,
  mul,
  norm,
  outer,
  reshape,
  shapeOf,
  sin,
  softmax,
  solve,
  square,
  sub,
  sum,
  take,
  tensor,
  transpose,
  vjp,
  zeros,
} from '@tapegrad/autograd'
import type { Program } from '../support/arbitraries.js'
import { program, programInputs, run } from '../support/arbitraries.js'
import { expectError } from '../support/errors.js'
import { plain } from '../support/plain.js'
import { elements, expectClose, floats, inner, numberOf, treeOf, wholesLike } from './programs.js'

/** Programs whose second derivatives exist everywhere. */
const smoothProgram = program.map(
  (steps) =>
    steps.map((step) => (isKinked(step) ? { ...step, operation: 'mul', y: step.x } : step)) as Program,
)

function isKinked({ operation }: Program[number]): boolean {
  return ['abs', 'relu', 'maximum'].includes(operation)
}

const all = [0, 1, 2, 3] as const

/** A matrix whose diagonal is greater than all else in its row together, so that it can be inverted. */
const regularMatrix = floats([3, 3], -1, 1).map((drawn) => add(drawn, mul(eye(3, { dtype: 'float64' }), 4)))

/** The function of one argument, which it ignores. */
const constantly =
  <R>(result: R): ((x: Variable) => R) =>
  () =>
    result

describe('jacobian', () => {
  test.prop([program, programInputs])('is the same forward and in reverse', (steps, inputs) => {
    const f = (...xs: Variable[]): ReturnType<typeof treeOf> => treeOf(steps, xs)
    const [forward, reverse, chosen] = (['forward', 'reverse', undefined] as const).map((mode) =>
      plain(jacobian(f, all, { mode })(...(inputs as never[]))),
    )
    expect(forward).toEqual(reverse)
    expect(chosen).toEqual(reverse)
  })

  test.prop([program, programInputs, fc.nat()])('has the rows that vjp gives', (steps, inputs, seed) => {
    const f = (...xs: Variable[]): Value => treeOf(steps, xs).before[0] ?? xs[0]
    const { value, pullback } = vjp(f, inputs as never)
    const w = wholesLike(value, seed)
    const jacobians = jacobian(f, all)(...(inputs as never[])) as Value[]
    const pulled = pullback(w as never) as Value[]
    const size = elements(w).length
    jacobians.forEach((block, k) => {
      expect(shapeOf(block)).toEqual([...shapeOf(w), ...shapeOf(inputs[k])])
      const product = matmul(reshape(w, [1, size]), reshape(block, [size, elements(inputs[k]).length]))
      expect(elements(product).map((x) => x + 0)).toEqual(elements(pulled[k]).map((x) => x + 0))
    })
  })

  test('of numbers is a number, and of a number by a tensor or the other way around a tensor of its shape', () => {
    expect(jacobian((x: Variable) => mul(x, x))(3)).toBe(6)
    expect(jacobian((x: Variable) => mul(x, tensor([1, 2])))(3)).toEqual(tensor([1, 2]))
    expect(jacobian((x: Variable) => sum(mul(x, x)))(tensor([1, 2]))).toEqual(tensor([2, 4]))
  })

  test('of trees has the structure of the result with that of the argument in it', () => {
    const f = (
      p: { a: Variable; rest: [Variable, string] },
      scale: number,
    ): { y: Variable; note: string; zs: Variable[] } => ({
      y: mul(mul(p.a, p.rest[0]), scale),
      note: 'text',
      zs: [mul(p.rest[0], 7)],
    })
    for (const mode of ['forward', 'reverse'] as const)
      expect(jacobian(f, 0, { mode })({ a: 2, rest: [tensor([3, 5]), 'name'] }, 10)).toEqual({
        y: {
          a: tensor([30, 50]),
          rest: [
            tensor([
              [20, 0],
              [0, 20],
            ]),
            'name',
          ],
        },
        note: 'text',
        zs: [
          {
            a: tensor([0, 0]),
            rest: [
              tensor([
                [7, 0],
                [0, 7],
              ]),
              'name',
            ],
          },
        ],
      })
  })

  test('by several arguments, one of them twice, leaves the others alone', () => {
    const f = (x: Variable, options: { scale: number }, y: Variable): Variable =>
      mul(mul(x, y), options.scale)
    expect(jacobian(f, [2, 0, 2])(3, { scale: 10 }, 5)).toEqual([30, 50, 30])
    expect(jacobian(f, 2)(3, { scale: 10 }, 5)).toBe(30)
    expect(jacobian(f, [])(3, { scale: 10 }, 5)).toEqual([])
  })

  test('of nothing and by nothing has no elements', () => {
    for (const mode of ['forward', 'reverse'] as const) {
      const nothing = zeros([0, 2])
      expect(jacobian((x: Variable) => mul(x, 2), 0, { mode })(nothing)).toEqual(zeros([0, 2, 0, 2]))
      expect(jacobian((x: Variable) => sum(x), 0, { mode })(nothing)).toEqual(zeros([0, 2]))
      expect(jacobian(constantly(nothing), 0, { mode })(tensor([1]))).toEqual(zeros([0, 2, 1]))
    }
  })

  test('has the dtype of its argument, and zeros for integer results', () => {
    for (const mode of ['forward', 'reverse'] as const) {
      const both = (x: Variable): Variable => mul(x, tensor(Float64Array.of(2)))
      expect(jacobian(both, 0, { mode })(tensor([1]))).toEqual(tensor([[2]]))
      expect(jacobian((x: Variable) => argmax(x), 0, { mode })(tensor([1, 2]))).toEqual(zeros([2]))
      expect(jacobian((x: Variable) => argmax(mul(tensor([1, 2]), x)), 0, { mode })(3)).toEqual(
        tensor(Float64Array.of(0), { shape: [] }),
      )
    }
  })

  test('chooses the mode with fewer runs', () => {
    const wide = jest.fn((x: Variable) => sum(mul(x, x)))
    jacobian(wide)(zeros([50]))
    expect(wide).toHaveBeenCalledTimes(1)
    const tall = jest.fn((x: Variable) => mul(x, zeros([50])))
    jacobian(tall)(2)
    expect(tall.mock.calls.length).toBeLessThanOrEqual(2)
  })

  test.prop([floats([4])])('of softmax is diag(p) − p pᵀ', (x) => {
    const p = softmax(x)
    expectClose(jacobian((y: Variable) => softmax(y))(x), sub(diagonalMatrix(p), outer(p, p)))
  })

  test.prop([floats([3, 4]), floats([4])])('of a linear map is its matrix', (A, x) => {
    expect(jacobian((y: Variable) => matmul(A, y))(x)).toEqual(A)
  })

  test.prop([regularMatrix, floats([3])])(
    'of the solution of A x = b is A⁻¹ by b and −A⁻¹ ⊗ x by A',
    (A, b) => {
      const [byA, byB] = jacobian((M: Variable, c: Variable) => solve(M, c), [0, 1])(A, b)
      const inverted = inverse(A)
      expectClose(byB, inverted, 1e-9)
      expectClose(byA, mul(-1, outer(inverted, solve(A, b))), 1e-9)
    },
  )
})

describe('gradients in closed form', () => {
  test.prop([floats([3, 3]), floats([3]), floats([3])])('of ½ xᵀ A x + bᵀ x: ½ (A + Aᵀ) x + b', (A, b, x) => {
    const f = (y: Variable): Variable => add(mul(0.5, sum(mul(y, matmul(A, y)))), sum(mul(b, y)))
    const symmetric = mul(0.5, add(A, transpose(A)))
    expectClose(grad(f)(x), add(matmul(symmetric, x), b))
    expectClose(hessian(f)(x), symmetric)
  })

  test.prop([regularMatrix])('of the determinant: det(A) A⁻ᵀ; of its logarithm: A⁻ᵀ', (A) => {
    const inverted = transpose(inverse(A))
    expectClose(grad((M: Variable) => determinant(M))(A), mul(determinant(A), inverted), 1e-9)
    expectClose(grad((M: Variable) => logDeterminant(M))(A), inverted, 1e-9)
  })

  test.prop([regularMatrix])('of the inverse’s trace: −(A⁻¹ A⁻¹)ᵀ', (A) => {
    const inverted = inverse(A)
    const gradient = grad((M: Variable) => sum(diagonal(inverse(M))))(A)
    expectClose(gradient, mul(-1, transpose(matmul(inverted, inverted))), 1e-9)
  })

  test.prop([floats([4]).filter((x) => norm(x).item() > 0.1)])(
    'of the norm: x over it; its Hessian: (I − u uᵀ) / |x|',
    (x) => {
      const length = norm(x)
      const u = div(x, length)
      expectClose(grad((y: Variable) => norm(y))(x), u, 1e-9)
      const expected = div(sub(eye(4, { dtype: 'float64' }), outer(u, u)), length)
      expectClose(hessian((y: Variable) => norm(y))(x), expected, 1e-9)
    },
  )
})

describe('hessian', () => {
  const rosenbrock = (x: Variable): Variable => {
    const [a, b] = [take(x, 0), take(x, 1)]
    return add(square(sub(1, a)), mul(100, square(sub(b, square(a)))))
  }

  test.prop([fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 })])(
    'of Rosenbrock’s function: [[1200 a² − 400 b + 2, −400 a], [−400 a, 200]]',
    (a, b) => {
      const x = tensor(Float64Array.of(a, b))
      expect(plain(grad(rosenbrock)(x))).toEqual(
        plain(tensor(Float64Array.of(-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)))),
      )
      expect(plain(hessian(rosenbrock)(x))).toEqual(
        plain(
          tensor(
            [
              [1200 * a * a - 400 * b + 2, -400 * a],
              [-400 * a, 200],
            ],
            { dtype: 'float64' },
          ),
        ),
      )
    },
  )

  test.prop([floats([5])])('of logSumExp is diag(p) − p pᵀ with p = softmax', (x) => {
    const p = softmax(x)
    expectClose(hessian((y: Variable) => logSumExp(y))(x), sub(diagonalMatrix(p), outer(p, p)))
  })

  test.prop([smoothProgram, programInputs])('is symmetric', (steps, inputs) => {
    const blocks = hessian((...xs: Variable[]) => run(steps, xs), all)(...(inputs as never[])) as Value[][]
    for (const i of all)
      for (const j of all) {
        const [rows, columns] = [elements(inputs[i]).length, elements(inputs[j]).length]
        expect(shapeOf(blocks[i][j])).toEqual([...shapeOf(inputs[i]), ...shapeOf(inputs[j])])
        const transposed = transpose(reshape(blocks[j][i], [columns, rows]))
        expect(plain(reshape(blocks[i][j], [rows, columns]))).toEqual(plain(transposed))
      }
  })

  test.prop([smoothProgram, programInputs, fc.nat(), fc.nat()])(
    'times a vector is hvp, and its products with two vectors are symmetric',
    (steps, inputs, seed, otherSeed) => {
      const f = (...xs: Variable[]): Value => run(steps, xs)
      const [v, w] = [wholesLike(inputs, seed), wholesLike(inputs, otherSeed)]
      const products = hvp(f, inputs as never, v) as Value[]
      const blocks = hessian(f, all)(...(inputs as never[])) as Value[][]
      inputs.forEach((input, i) => {
        const size = elements(input).length
        const expected = all
          .map((j): Value =>
            matmul(reshape(blocks[i][j], [size, elements(v[j]).length]), reshape(v[j], [-1])),
          )
          .reduce((total, term): Value => add(total, term))
        expect(elements(products[i]).map((x) => x + 0)).toEqual(elements(expected).map((x) => x + 0))
      })
      expect(inner(products, w)).toBe(inner(hvp(f, inputs as never, w), v))
    },
  )

  test('of trees has for each leaf a tree by the same leaves', () => {
    const f = ({ a, b }: { a: Variable; b: [Variable] }): Variable => sum(mul(mul(a, a), b[0]))
    expect(hessian(f)({ a: 3, b: [tensor([5, 7])] })).toEqual({
      a: { a: 24, b: [tensor([6, 6])] },
      b: [{ a: tensor([6, 6]), b: [zeros([2, 2])] }],
    })
  })

  test('by several arguments, one of them twice', () => {
    const f = (x: Variable, y: Variable): Variable => mul(mul(x, x), y)
    expect(hessian(f, [0, 1])(3, 5)).toEqual([
      [10, 6],
      [6, 0],
    ])
    expect(hessian(f, [1, 1])(3, 5)).toEqual([
      [0, 0],
      [0, 0],
    ])
    expect(hessian(f, [0])(3, 5)).toEqual([[10]])
    expect(hessian(f)(3, 5)).toBe(10)
  })

  test('of a linear function and of none at all is zeros', () => {
    expect(hessian((x: Variable) => sum(x))(tensor([1, 2]))).toEqual(zeros([2, 2]))
    expect(hessian(constantly(3))(tensor([1, 2]))).toEqual(zeros([2, 2]))
    expect(hvp(constantly(3), [tensor([1, 2])], [tensor([1, 1])])).toEqual([zeros([2])])
    expect(hessian((x: Variable) => sum(x))(zeros([0]))).toEqual(zeros([0, 0]))
  })
})

describe('transforms of transforms', () => {
  type Scalar = (x: Value) => Value

  /** The derivative of a scalar function, by each of the transforms. */
  const derivatives: Record<string, (f: Scalar) => Scalar> = {
    grad: (f) => grad(f as (x: Variable) => Value) as unknown as Scalar,
    jvp: (f) => (x) => jvpOf(f, x),
    vjp: (f) => (x) => (vjp(f as (x: Variable) => Value, [x]).pullback(1) as Value[])[0],
    'vjp of vjp': (f) => (x) => {
      const { pullback } = vjp(f as (x: Variable) => Value, [x])
      return (vjp((u: Variable) => (pullback(u) as Value[])[0], [0]).pullback(1) as Value[])[0]
    },
    jacobian: (f) => jacobian(f as (x: Variable) => Value) as unknown as Scalar,
    'jacobian, forward': (f) =>
      jacobian(f as (x: Variable) => Value, 0, { mode: 'forward' }) as unknown as Scalar,
  }
  const names = Object.keys(derivatives)
  const mixtures = names.flatMap((a) => names.flatMap((b) => names.map((c) => [a, b, c] as const)))

  function jvpOf(f: Scalar, x: Value): Value {
    return jvpTransform(f as (x: Variable) => Value, [x], [1]).tangent as Value
  }

  test.each(mixtures)('%s of %s of %s is a third derivative', (a, b, c) => {
    const third = (f: Scalar): Scalar => derivatives[a](derivatives[b](derivatives[c](f)))
    // (x⁵)‴ = 60 x², and (sin 2x)‴ = −8 cos 2x.
    expect(third((x) => mul(mul(mul(x, x), mul(x, x)), x))(2)).toBe(240)
    expect(numberOf(third((x) => sin(mul(2, x)))(0.5))).toBeCloseTo(-8 * Math.cos(1), 12)
  })

  const pairs = names.flatMap((a) => names.map((b) => [a, b] as const))

  test.each(pairs)('%s around %s does not confuse whose derivative is whose', (a, b) => {
    // d/dx (x · d/dy (x + y)) = 1: the inner derivative is 1, whatever x carries.
    const confused = derivatives[a]((x) => mul(x, derivatives[b]((y) => add(x, y))(x)))
    expect(confused(3)).toBe(1)
    // d/dx (x · d/dy (x y)) at y = x is d/dx x² = 2x; with x in place of y it would be 4x.
    expect(derivatives[a]((x) => mul(x, derivatives[b]((y) => mul(x, y))(x)))(3)).toBe(6)
    // d/dx of d/dy (x² y³) at y = 2: 2x · 3y².
    expect(derivatives[a]((x) => derivatives[b]((y) => mul(mul(x, x), mul(mul(y, y), y)))(2))(5)).toBe(120)
  })

  test.each(pairs)('%s of %s agrees on programs with branches, loops and recursion', (a, b) => {
    const f: Scalar = (x) => {
      let y = x
      for (let k = 0; k < 3; k++) y = numberOf(y) > 10 ? sub(y, x) : mul(y, x)
      return factorialLike(y, 2)
    }
    // At 3: 9, 27, 27 − x; then (x³ − x) (x³ − x − 1), whose second derivative is 30 x⁴ − 24 x² − 6 x + 2.
    expect(derivatives[a](derivatives[b](f))(3)).toBe(30 * 81 - 24 * 9 - 6 * 3 + 2)
  })

  function factorialLike(x: Value, n: number): Value {
    return n === 1 ? x : mul(x, factorialLike(sub(x, 1), n - 1))
  }

  test.prop([smoothProgram, programInputs, fc.nat(), fc.nat(), fc.nat()])(
    'third derivatives along three directions are the same in any order and any mode',
    (steps, inputs, ...seeds) => {
      type Scalars = (...xs: Value[]) => Value
      const f: Scalars = (...xs) => run(steps, xs)
      const directions = seeds.map((seed) => wholesLike(inputs, seed))
      const forward =
        (g: Scalars, v: Value[]): Scalars =>
        (...xs) =>
          jvpTransform(g as (...xs: Variable[]) => Value, xs as never, v).tangent as Value
      const reverse =
        (g: Scalars, v: Value[]): Scalars =>
        (...xs) =>
          (grad(g as (...xs: Variable[]) => Value, all)(...(xs as never[])) as Value[])
            .map((derivative, k): Value => sum(mul(derivative, v[k])))
            .reduce((total, term) => add(total, term))
      const [u, v, w] = directions
      const results = [
        forward(forward(forward(f, u), v), w),
        forward(reverse(reverse(f, w), u), v),
        reverse(forward(reverse(f, v), w), u),
        reverse(reverse(forward(f, u), w), v),
      ].map((third) => numberOf(third(...inputs)) + 0)
      expect(new Set(results).size).toBe(1)
    },
  )

  test('the Jacobian of a gradient is the Hessian, and of a Hessian the third derivatives', () => {
    const f = (x: Variable): Variable => sum(mul(mul(x, x), x))
    const x = tensor([1, 2])
    expect(jacobian(grad(f))(x as never)).toEqual(hessian(f)(x))
    const third = jacobian(hessian(f) as unknown as (x: Variable) => Variable)(x) as Tensor
    expect(third.shape).toEqual([2, 2, 2])
    expect(elements(third)).toEqual([6, 0, 0, 0, 0, 0, 0, 6])
  })

  test('a gradient step inside a function is differentiated through', () => {
    // One step of rate r down x² from x: x (1 − 2r), squared; by r: 2 x² (1 − 2r) (−2).
    const afterStep = (rate: Variable): Value => {
      const x = 3
      const slope = grad((y: Variable) => add(mul(y, y), mul(0, rate)))(x) as Value
      return square(sub(x, mul(rate, slope)))
    }
    expect(grad(afterStep)(0.25)).toBe(-18)
  })
})

describe('jacobian, hessian and hvp refuse', () => {
  test('modes that there are not', () => {
    expectError(
      () => jacobian((x: Variable) => x, 0, { mode: 'sideways' as never }),
      ArgumentError,
      'MODE',
      "jacobian: mode is sideways; wants 'forward' or 'reverse', or none to choose",
    )
  })

  test('argnums that name no argument', () => {
    for (const [name, transform] of [
      ['jacobian', jacobian],
      ['hessian', hessian],
    ] as const)
      expectError(
        () => (transform as typeof jacobian)((x: Variable) => x, 1 as 0)(3),
        ArgumentError,
        'ARGNUM',
        `${name}: argnums names argument 1, but the function was called with 1 argument; wants 0`,
      )
  })

  test('arguments of integers', () => {
    const labels = tensor([1], { dtype: 'int32' })
    const message = (name: string): string =>
      `${name}: argument 0 is Tensor int32 [1]; only floats have derivatives: cast to 'float32' or 'float64', or leave it out of argnums`
    const f = (x: Variable): Variable => sum(x)
    expectError(() => jacobian(f)(labels), DTypeError, 'INTEGER_GRADIENT', message('jacobian'))
    expectError(() => hessian(f)(labels), DTypeError, 'INTEGER_GRADIENT', message('hessian'))
    expectError(() => hvp(f, [labels], [labels]), DTypeError, 'INTEGER_GRADIENT', message('hvp'))
  })

  test('results with axes, where a gradient is meant', () => {
    const x = tensor([1, 2])
    for (const [name, call] of [
      ['hessian', () => hessian((y: Variable) => exp(y))(x)],
      ['hvp', () => hvp((y: Variable) => exp(y), [x], [x])],
    ] as const)
      expectError(
        call,
        TapeError,
        'NOT_SCALAR',
        new RegExp(`^${name}: the function returned Variable float32 \\[2\\]; wants a scalar`),
      )
  })

  test('vectors that are not of the structure of the primals', () => {
    expectError(
      () => hvp((x: Variable) => mul(x, x), [1], [1, 2]),
      ArgumentError,
      'STRUCTURE',
      'hvp: got 2 vectors for 1 primals; wants the structure of the primals',
    )
  })
})

function diagonalMatrix(p: Tensor): Tensor {
  return mul(eye(p.size, { dtype: 'float64' }), p)
}
