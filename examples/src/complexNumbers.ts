/** Operations extended to a class of one's own: complex numbers, whose parts may be variables. */
import { add, mul, sub, Tape, typed, type Value } from '@tapegrad/autograd'

class Complex {
  constructor(
    readonly re: Value,
    readonly im: Value,
  ) {}
}

typed.addTypes([{ name: 'Complex', test: (x) => x instanceof Complex }])

// New functions: they know complex numbers and all that the originals know. The originals are left as they are.
const addComplex = typed(
  'add',
  add,
  typed('add', {
    'Complex, Complex': (a: Complex, b: Complex) => new Complex(add(a.re, b.re), add(a.im, b.im)),
  }),
)
const mulComplex = typed(
  'mul',
  mul,
  typed('mul', {
    'Complex, Complex': (a: Complex, b: Complex) =>
      new Complex(sub(mul(a.re, b.re), mul(a.im, b.im)), add(mul(a.re, b.im), mul(a.im, b.re))),
  }),
)

const tape = new Tape()
const x = tape.variable(0.3, 'x')
const y = tape.variable(0.5, 'y')

// Three steps of z ↦ z² + c, Mandelbrot's iteration.
const c = new Complex(x, y)
let z = c
for (let step = 0; step < 3; step++) z = addComplex(mulComplex(z, z), c) as Complex

const { re, im } = z as unknown as { re: typeof x; im: typeof x }
const [reByX, reByY] = tape.gradient(re, [x, y])
const [imByX, imByY] = tape.gradient(im, [x, y])
console.log(`z = ${re.item()} + ${im.item()} i`)
console.log(`∂re/∂x = ${String(reByX)}   ∂im/∂y = ${String(imByY)}`)
console.log(`∂re/∂y = ${String(reByY)}   ∂im/∂x = ${String(imByX)}`)
console.log(
  'A polynomial in z is analytic: the first two are equal, the last two opposite (Cauchy and Riemann).',
)
