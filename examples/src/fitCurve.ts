/** Gauss–Newton: fits a damped oscillation to measurements, with the Jacobian of the residuals. */
import {
  add,
  cos,
  exp,
  jacobian,
  linspace,
  matmul,
  mul,
  neg,
  normal,
  rng,
  solve,
  sub,
  take,
  tensor,
  type Tensor,
  type Value,
} from '@tapegrad/autograd'

const times = linspace(0, 6, 60, { dtype: 'float64' })
const truth = tensor([2, 0.4, 3], { dtype: 'float64' })

/** amplitude · e^(−damping · t) · cos(frequency · t) at all times. */
function oscillation(parameters: Value): Value {
  const [amplitude, damping, frequency] = [0, 1, 2].map((i) => take(parameters, i))
  return mul(amplitude, mul(exp(neg(mul(damping, times))), cos(mul(frequency, times))))
}

const noise = normal(rng(1), [60], { deviation: 0.05, dtype: 'float64' })
const measured = add(oscillation(truth), noise)
const residuals = (parameters: Value): Value => sub(oscillation(parameters), measured)

let parameters: Tensor = tensor([1, 0.1, 2.8], { dtype: 'float64' })
for (let step = 0; ; step++) {
  const r = residuals(parameters) as Tensor
  console.log(
    `step ${step}: [${Array.from(parameters.data, (p) => p.toFixed(4)).join(', ')}]   Σ r² = ${matmul(r, r).item().toFixed(6)}`,
  )
  // Least squares of the linearized residuals: (Jᵀ J) change = −Jᵀ r.
  const J = jacobian(residuals)(parameters) as Tensor
  const change = solve(matmul(J, J, { transposeA: true }), neg(matmul(J, r, { transposeA: true })))
  parameters = add(parameters, change) as Tensor
  if (change.norm().item() < 1e-8) break
}
console.log(
  `fitted [${Array.from(parameters.data, (p) => p.toFixed(3)).join(', ')}], drawn from [${Array.from(truth.data).join(', ')}] with noise`,
)
