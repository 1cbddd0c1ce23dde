/** A differentiable function of one's own at work: the mean of measurements, one of which is a slip of the pen. */
import { grad, mean, square, sub, Tape, tensor, type Value } from '@tapegrad/autograd'
import { huber } from './customFunction/huber.js'

const measured = tensor([9.79, 9.83, 9.8, 9.82, 98.1], { dtype: 'float64' })

/** Where the mean loss of all residuals is least, by gradient descent. */
function estimate(loss: (residuals: Value) => Value): number {
  const slope = grad((x: Value) => mean(loss(sub(measured, x))))
  let x = 0
  for (let step = 0; step < 2000; step++) x -= 0.2 * slope(x)
  return x
}

console.log(`least squares: ${estimate(square).toFixed(3)}`)
console.log(`least Huber loss: ${estimate(huber(0.1)).toFixed(3)}`)

const tape = new Tape()
huber(0.1)(tape.variable(measured, 'residuals'))
console.log(`On the tape it is one entry:\n${String(tape)}`)
