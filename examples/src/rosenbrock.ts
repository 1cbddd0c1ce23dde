/** Newton's method in Rosenbrock's valley: the curvature, by the Hessian, leads to the minimum in a few steps. */
import {
  add,
  hessian,
  mul,
  slice,
  solve,
  square,
  sub,
  sum,
  tensor,
  valueAndGrad,
  type Tensor,
  type Value,
} from '@tapegrad/autograd'

/** Σ (1 − xᵢ)² + 100 (xᵢ₊₁ − xᵢ²)², which is 0 where all coordinates are 1. */
function rosenbrock(x: Value): Value {
  const here = slice(x, [0], [-1])
  const next = slice(x, [1])
  return sum(add(square(sub(1, here)), mul(100, square(sub(next, square(here))))))
}

let x = tensor([-1.2, 1], { dtype: 'float64' })
for (let step = 0; ; step++) {
  const { value, gradient } = valueAndGrad(rosenbrock)(x)
  const steepness = gradient.norm().item()
  const height = (value as Tensor).item()
  console.log(
    `step ${step}: x = [${x.data.join(', ')}]   value ${height}   |gradient| ${steepness.toExponential(1)}`,
  )
  if (steepness < 1e-10) break
  const curvature = hessian(rosenbrock)(x)
  x = x.sub(solve(curvature, gradient))
}
