/** The sigmoid taken apart into /, +, exp and ×, beside the one node that knows its derivative y · (1 − y). */
import { add, div, exp, mul, sigmoid, Tape } from '@tapegrad/autograd'

const x = 0.5

const parts = new Tape()
const xOfParts = parts.variable(x, 'x')
const yOfParts = div(1, add(1, exp(mul(xOfParts, -1))))

const fused = new Tape()
const xOfFused = fused.variable(x, 'x')
const yOfFused = sigmoid(xOfFused)

console.log(`taken apart, ${parts.length} entries:\n${String(parts)}`)
console.log(`y: ${yOfParts.item()}  dy/dx: ${String(parts.gradient(yOfParts, xOfParts))}\n`)

console.log(`fused, ${fused.length} entries:\n${String(fused)}`)
console.log(`y: ${yOfFused.item()}  dy/dx: ${String(fused.gradient(yOfFused, xOfFused))}`)
