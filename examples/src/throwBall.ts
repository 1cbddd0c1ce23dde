/** Differentiable physics: the derivative through a simulated flight tells how to throw a ball onto a mark. */
import { abs, add, concreteOf, div, mul, sub, valueAndGrad, type Value } from '@tapegrad/autograd'

const gravity = 9.81
const drag = 0.05
const timeStep = 0.01
const mark = 10

/** How far a ball thrown from 1.5 m flies, in metres; the speeds are in metres a second. */
function distance({ forward, up }: { forward: Value; up: Value }): Value {
  let [x, height]: Value[] = [0, 1.5]
  let [vx, vy] = [forward, up]
  // An ordinary loop, whose end depends on what was computed: the tape records the steps that were taken.
  while ((concreteOf(height) as number) > 0) {
    x = add(x, mul(vx, timeStep))
    height = add(height, mul(vy, timeStep))
    vx = sub(vx, mul(drag * timeStep, mul(vx, abs(vx))))
    vy = sub(sub(vy, gravity * timeStep), mul(drag * timeStep, mul(vy, abs(vy))))
  }
  // The last step ended below the ground; go back along the path to where the ball touched down.
  return sub(x, mul(vx, div(height, vy)))
}

let aim = { forward: 5, up: 5 }
for (let attempt = 1; ; attempt++) {
  const { value, gradient } = valueAndGrad(distance)(aim)
  const miss = mark - (value as number)
  console.log(
    `throw ${attempt}: ${aim.forward.toFixed(3)} m/s forward, ${aim.up.toFixed(3)} m/s up, lands at ${(value as number).toFixed(4)} m`,
  )
  if (Math.abs(miss) < 1e-4) break
  // The smallest change of the two speeds that, to first order, makes up for the miss.
  const steepness = gradient.forward ** 2 + gradient.up ** 2
  aim = {
    forward: aim.forward + (miss * gradient.forward) / steepness,
    up: aim.up + (miss * gradient.up) / steepness,
  }
}
